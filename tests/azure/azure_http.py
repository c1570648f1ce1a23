"""A plain client of the simulator, as the tests of its refusals use it.

It goes through the inspecting proxy to the real host names, with the test CA; no cookies,
no redirects, no retries.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.parse
from dataclasses import dataclass
from typing import Any, Callable

from simulator.app import Simulator

ARM = "https://management.azure.com"
SYNAPSE = "https://dev.azuresynapse.net"
FABRIC = "https://api.fabric.microsoft.com"
LOGIN = "https://login.microsoftonline.com"
VERSION = "2024-04-01"


@dataclass
class Got:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """The error code, wherever this service has it."""
        body = self.json
        inner = body.get("error")
        if isinstance(inner, dict):
            return inner["code"]
        return body.get("errorCode") or body.get("code") or inner or ""

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.raw[:2000].decode('utf-8', 'replace')}"


class Client:
    def __init__(self, simulator: Simulator):
        self.simulator = simulator
        self.context = ssl.create_default_context(cafile=str(simulator.ca_file))

    def send(
        self,
        method: str,
        url: str,
        body: Any = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Got:
        """`body`: a dict goes as JSON, a str as a form."""
        parts = urllib.parse.urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = "Bearer " + token
        data = body
        if isinstance(body, str):
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            data = body.encode()
        elif body is not None:
            sent["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        link = self.link(parts)
        try:
            link.request(method, target, data, sent)
            reply = link.getresponse()
            raw = reply.read()
        finally:
            link.close()
        names = {name.lower(): value for name, value in reply.getheaders()}
        return Got(reply.status, names, raw)

    def link(self, parts: urllib.parse.SplitResult) -> http.client.HTTPConnection:
        if parts.scheme == "http":
            return http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=30
            )
        proxy = self.simulator.proxy.port
        link = http.client.HTTPSConnection(
            "127.0.0.1", proxy, timeout=30, context=self.context
        )
        link.set_tunnel(parts.hostname or "", parts.port or 443)
        return link

    def login(self, tenant: str = "", **form: str) -> Got:
        """The token endpoint of version 2, with the application's name and tenant."""
        application = self.simulator.directory.application
        tenant = tenant or application.principal.tenant
        form = {"client_id": application.principal.app_id, **form}
        url = f"{LOGIN}/{tenant}/oauth2/v2.0/token"
        return self.send("POST", url, urllib.parse.urlencode(form))

    def token(self, audience: str) -> str:
        got = self.login(
            grant_type="client_credentials",
            client_secret=self.simulator.directory.application.secret,
            scope=audience + "/.default",
        )
        assert got.status == 200, got
        return got.json["access_token"]

    def arm(
        self, method: str, path: str, body: Any = None, version: str = VERSION
    ) -> Got:
        mark = "&" if "?" in path else "?"
        url = f"{ARM}{path}{mark}api-version={version}"
        return self.send(method, url, body, self.token(ARM))

    def synapse(self, method: str, path: str, body: Any = None) -> Got:
        url = f"{self.simulator.livy_url()}{path}"
        return self.send(method, url, body, self.token(SYNAPSE))

    def fabric(self, method: str, path: str, body: Any = None) -> Got:
        return self.send(method, f"{FABRIC}/v1{path}", body, self.token(FABRIC))


def wait_for(
    probe: Callable[[], Any], until: Callable[[Any], bool], seconds: float = 60
):
    """The first value of `probe` that satisfies `until`."""
    deadline = time.monotonic() + seconds
    while True:
        value = probe()
        if until(value):
            return value
        assert time.monotonic() < deadline, f"last seen: {value}"
        time.sleep(0.03)
