"""Access tokens: made by the login service and the identity endpoints, read by the rest.

They look like those of Microsoft Entra ID (a JWT with aud, iss, oid, tid, upn or appid,
exp), signed with a secret that only the simulator has.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from dataclasses import dataclass
from typing import Any

from .wire import guid


@dataclass
class Principal:
    """Somebody with an object id: a person, an application, a managed identity."""

    object_id: str
    name: str  # of a person: the user principal name
    tenant: str
    app_id: str = ""  # of applications and identities


class Clock:
    """The services' time; `skew` seconds ahead of this machine's."""

    skew = 0.0

    def now(self) -> float:
        return time.time() + self.skew


class BadToken(Exception):
    """`reason`: missing, malformed, expired, early, revoked, audience, tenant."""

    def __init__(self, reason: str, text: str, claims: dict[str, Any] | None = None):
        super().__init__(text)
        self.reason = reason
        self.claims = claims or {}


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpart(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Mint:
    """Makes tokens and reads them."""

    def __init__(self, clock: Clock):
        self.clock = clock
        self.secret = os.urandom(32)
        self.lifetime = 3599  # seconds; of those made from now on
        self.revoked_before = 0.0
        self.made: list[str] = []

    def make(self, audience: str, principal: Principal, login: str) -> tuple[str, int]:
        """A token and when it ends, in seconds since 1970."""
        now = int(self.clock.now())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{principal.tenant}/",
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": principal.tenant,
            "uti": guid(),
            "ver": "1.0",
            "made": self.clock.now(),
            "login": login,
        }
        if principal.app_id:
            claims.update(appid=principal.app_id, idtyp="app")
        else:
            claims.update(upn=principal.name, unique_name=principal.name)
        head = part(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
        body = part(json.dumps(claims).encode())
        token = f"{head}.{body}.{self.signature(head, body)}"
        self.made.append(token)
        return token, claims["exp"]

    def signature(self, head: str, body: str) -> str:
        text = f"{head}.{body}".encode()
        return part(hmac.new(self.secret, text, hashlib.sha256).digest())

    def revoke_all(self) -> None:
        """What was given out until now is expired for the services."""
        self.revoked_before = self.clock.now()

    def read(self, header: str | None, audiences: set[str]) -> dict[str, Any]:
        """The claims of an Authorization header, or BadToken."""
        if not header:
            raise BadToken("missing", "The 'Authorization' header is missing.")
        scheme, _, token = header.partition(" ")
        pieces = token.split(".")
        if scheme.lower() != "bearer" or len(pieces) != 3:
            raise BadToken("malformed", "The access token is not one.")
        head, body, signature = pieces
        if not hmac.compare_digest(signature, self.signature(head, body)):
            raise BadToken("malformed", "The signature of the access token is wrong.")
        claims = json.loads(unpart(body))
        now = self.clock.now()
        if claims["exp"] <= now or claims["made"] <= self.revoked_before:
            raise BadToken("expired", "The access token has expired.", claims)
        if claims["nbf"] > now + 300:
            raise BadToken("early", "The access token is not valid yet.", claims)
        if claims["aud"].rstrip("/") not in {each.rstrip("/") for each in audiences}:
            text = f"The access token is for the audience '{claims['aud']}'."
            raise BadToken("audience", text, claims)
        return claims
