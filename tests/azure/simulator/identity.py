"""Managed identities: the endpoints that machines and services offer on themselves.

IMDS of virtual machines, App Service, Azure ML compute, Azure Arc, Service Fabric and
Cloud Shell; each refuses what the real one refuses.
Source: "How to use managed identities … to acquire an access token" (VM, App Service,
Arc, Service Fabric), azure-identity's documented detection for the others.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .directory import RESOURCES, Directory
from .tokens import Mint, Principal
from .wire import Refusal, Reply, Request, Router

IMDS = "/metadata/identity/oauth2/token"


def refusal(status: int, error: str, text: str, **headers: str) -> Refusal:
    body = {"error": error, "error_description": text}
    return Refusal(status, body, **headers)


@dataclass
class Identity:
    directory: Directory
    mint: Mint
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    has_identity: bool = True  # False: the machine was given none
    arc_folder: Path | None = None  # of the challenge's file
    arc_answer: str = ""  # a path to name in place of the right one
    dates_as_text: bool = False  # expires_on as App Service's 2017 version writes it

    def __post_init__(self) -> None:
        self.router = Router()
        self.router.add("GET", IMDS, self.imds)
        self.router.add("GET", "/appservice/msi/token", self.app_service)
        self.router.add("GET", "/azureml/MSI/auth", self.azure_ml)
        self.router.add("GET", "/arc" + IMDS, self.arc)
        self.router.add("POST", "/cloudshell/oauth2/token", self.cloud_shell)
        self.stranger_router = Router()
        self.stranger_router.add("GET", IMDS, self.service_fabric)

    def environment(self, kind: str, url: str, thumbprint: str = "") -> dict[str, str]:
        """What such a place sets for its programs; `url` of the server below."""
        if kind == "imds":
            return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": url}
        if kind == "app_service":
            endpoint = url + "/appservice/msi/token"
            return {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": self.secret}
        if kind == "azure_ml":
            endpoint = url + "/azureml/MSI/auth"
            return {"MSI_ENDPOINT": endpoint, "MSI_SECRET": self.secret}
        if kind == "arc":
            endpoint = url + "/arc" + IMDS
            return {"IDENTITY_ENDPOINT": endpoint, "IMDS_ENDPOINT": url + "/arc"}
        if kind == "cloud_shell":
            return {"MSI_ENDPOINT": url + "/cloudshell/oauth2/token"}
        assert kind == "service_fabric", kind
        return {
            "IDENTITY_ENDPOINT": url + IMDS,
            "IDENTITY_HEADER": self.secret,
            "IDENTITY_SERVER_THUMBPRINT": thumbprint,
        }

    # -- each place

    def imds(self, request: Request) -> Reply:
        if request.headers.get("metadata", "").lower() != "true":
            raise refusal(400, "invalid_request", "Required metadata header not found")
        if "x-forwarded-for" in request.headers:
            raise refusal(
                400, "invalid_request", "Requests through a proxy are refused"
            )
        self.check_version(request, "2018-02-01")
        principal = self.chosen(request.query, "client_id")
        return self.reply(request.query.get("resource", ""), principal)

    def app_service(self, request: Request) -> Reply:
        self.check_version(request, "2019-08-01")
        self.check_secret(request, "x-identity-header", 401)
        principal = self.chosen(request.query, "client_id")
        return self.reply(request.query.get("resource", ""), principal)

    def azure_ml(self, request: Request) -> Reply:
        self.check_version(request, "2017-09-01")
        self.check_secret(request, "secret", 401)
        if "client_id" in request.query:
            raise refusal(400, "invalid_request", "It is called clientid here")
        principal = self.chosen(request.query, "clientid")
        return self.reply(request.query.get("resource", ""), principal)

    def arc(self, request: Request) -> Reply:
        if request.headers.get("metadata", "").lower() != "true":
            raise refusal(400, "invalid_request", "Required metadata header not found")
        if request.query.get("api-version") not in ("2019-11-01", "2020-06-01"):
            raise refusal(400, "bad_request", "The api-version is not known")
        assert self.arc_folder, "a test of Arc says where the challenge lies"
        if "client_id" in request.query:
            raise refusal(400, "invalid_request", "Only the system's own identity")
        file = self.arc_folder / "challenge.key"
        if "authorization" not in request.headers:
            file.write_text(secrets.token_hex(24))
            named = self.arc_answer or str(file)
            raise Refusal(401, None, WWW_Authenticate=f"Basic realm={named}")
        if request.headers["authorization"] != "Basic " + file.read_text():
            raise refusal(401, "unauthorized", "The challenge's answer is wrong")
        file.unlink()
        return self.reply(request.query.get("resource", ""), self.system())

    def cloud_shell(self, request: Request) -> Reply:
        if request.headers.get("metadata", "").lower() != "true":
            raise refusal(400, "invalid_request", "Required metadata header not found")
        return self.reply(request.form().get("resource", ""), self.directory.user)

    def service_fabric(self, request: Request) -> Reply:
        self.check_version(request, "2019-07-01-preview")
        self.check_secret(request, "secret", 401)
        return self.reply(request.query.get("resource", ""), self.system())

    # -- what they share

    def check_version(self, request: Request, wanted: str) -> None:
        given = request.query.get("api-version")
        if given != wanted:
            raise refusal(400, "bad_request", f"The api-version {given} is not known")

    def check_secret(self, request: Request, header: str, status: int) -> None:
        given = request.headers.get(header, "")
        if not secrets.compare_digest(given, self.secret):
            raise refusal(status, "unauthorized", f"The header {header} is wrong")

    def system(self) -> Principal:
        if not self.has_identity:
            raise refusal(400, "invalid_request", "Identity not found")
        return self.directory.identity

    def chosen(self, query: dict[str, str], name: str) -> Principal:
        """The identity of a client id, else the machine's own."""
        wanted = query.get(name)
        if not wanted:
            return self.system()
        for each in self.directory.user_identities.values():
            if each.app_id == wanted:
                return each
        raise refusal(400, "invalid_request", "Identity not found")

    def reply(self, resource: str, principal: Principal) -> Reply:
        if resource.rstrip("/") not in RESOURCES:
            raise refusal(400, "invalid_resource", f"AADSTS500011: {resource!r}")
        token, ends = self.mint.make(resource, principal, "managed_identity")
        on = str(ends)
        if self.dates_as_text:
            on = time.strftime("%m/%d/%Y %H:%M:%S +00:00", time.gmtime(ends))
        body: dict[str, Any] = {
            "access_token": token,
            "refresh_token": "",
            "expires_in": str(ends - int(self.mint.clock.now())),
            "expires_on": on,
            "not_before": on,
            "resource": resource,
            "token_type": "Bearer",
            "client_id": principal.app_id,
        }
        return Reply(200, body)
