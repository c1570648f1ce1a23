"""The login service: Microsoft Entra ID's token endpoints, version 1 and 2.

Client credentials by secret, by a signed assertion (its signature is verified with the
registered certificate) and by a federated token; device code with its polling; refresh
tokens. Errors are OAuth's, with the AADSTS codes of the documentation.
Source: Microsoft identity platform, "OAuth 2.0 client credentials flow", "device
authorization grant", "certificate credentials", "error codes".
"""

from __future__ import annotations

import base64
import functools
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .directory import RESOURCES, TENANT, Application, Directory
from .tokens import Mint, Principal, unpart
from .wire import Refusal, Reply, Request, Router, guid, stamp

HOSTS = (
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ANY_TENANT = ("common", "organizations", "consumers")

# AADSTS code → (status, OAuth error, sentence).
FAILURES = {
    50020: (400, "invalid_grant", "The user account does not exist in this tenant."),
    50034: (400, "invalid_grant", "The user account does not exist in the directory."),
    50076: (
        400,
        "interaction_required",
        "Due to a configuration change made by your administrator, or because you "
        "moved to a new location, you must use multi-factor authentication.",
    ),
    53003: (
        400,
        "interaction_required",
        "Access has been blocked by Conditional Access policies.",
    ),
    65001: (400, "invalid_grant", "The user or administrator has not consented."),
    70011: (400, "invalid_scope", "The provided value for 'scope' is not valid."),
    70043: (
        400,
        "invalid_grant",
        "The refresh token has expired by sign-in frequency.",
    ),
    90002: (400, "invalid_request", "Tenant not found. Check the tenant ID."),
    500011: (400, "invalid_resource", "The resource principal was not found."),
    700016: (400, "unauthorized_client", "Application not found in the directory."),
    700021: (400, "invalid_request", "Client assertion application identifier wrong."),
    700024: (401, "invalid_client", "Client assertion is not within its valid time."),
    700027: (401, "invalid_client", "The key used to sign the assertion is not known."),
    700082: (400, "invalid_grant", "The refresh token has expired due to inactivity."),
    700213: (400, "invalid_client", "No matching federated identity record found."),
    7000215: (401, "invalid_client", "Invalid client secret provided."),
    7000218: (401, "invalid_client", "client_assertion or client_secret is needed."),
    7000222: (401, "invalid_client", "The provided client secret keys are expired."),
}


@dataclass
class Device:
    """A device code and what became of it: pending, approved, declined, expired."""

    user_code: str
    code: str
    tenant: str
    scope: str
    ends: float
    state: str = "pending"
    principal: Principal | None = None
    polls: int = 0


@dataclass
class Login:
    directory: Directory
    mint: Mint
    fails_with: int = 0  # an AADSTS code: every token request fails with it
    interval: int = 1  # seconds between polls of a device code
    device_lifetime: int = 900
    devices: list[Device] = field(default_factory=list)
    refresh_tokens: dict[str, Principal] = field(default_factory=dict)
    issuer: "Issuer" = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.issuer = Issuer(self)
        self.router = Router()
        self.router.add("POST", "/{tenant}/oauth2/v2.0/token", self.token_v2)
        self.router.add("POST", "/{tenant}/oauth2/token", self.token_v1)
        self.router.add("POST", "/{tenant}/oauth2/v2.0/devicecode", self.device_code)
        self.router.add(
            "GET", "/{tenant}/v2.0/.well-known/openid-configuration", self.metadata
        )

    # -- what a test does

    def approve(
        self, user_code: str = "", principal: Principal | None = None
    ) -> Device:
        """Somebody opens the link, enters the code and signs in."""
        return self.decide(user_code, "approved", principal or self.directory.user)

    def decide(
        self, user_code: str, state: str, principal: Principal | None = None
    ) -> Device:
        """`state`: approved, declined, expired. The newest device without a code."""
        found = [d for d in self.devices if user_code in ("", d.user_code)]
        found[-1].state, found[-1].principal = state, principal
        return found[-1]

    # -- the service

    def metadata(self, request: Request, tenant: str) -> Reply:
        tenant = self.known_tenant(tenant)
        base = f"{request.base}/{tenant}"
        return Reply(
            200,
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            },
        )

    def token_v2(self, request: Request, tenant: str) -> Reply:
        form = request.form()
        if "resource" in form:
            raise self.failure(70011, "'resource' is not for this endpoint.")
        return self.token(request, tenant, form, 2)

    def token_v1(self, request: Request, tenant: str) -> Reply:
        return self.token(request, tenant, request.form(), 1)

    def token(
        self, request: Request, tenant: str, form: dict[str, str], version: int
    ) -> Reply:
        kind = request.headers.get("content-type", "")
        if not kind.startswith("application/x-www-form-urlencoded"):
            raise self.oauth(400, "invalid_request", 900144, "The body must be a form.")
        tenant = self.known_tenant(tenant)
        if self.fails_with:
            raise self.failure(self.fails_with)
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            principal = self.client(form, request, tenant)
            audience = self.audience(form, version)
            return self.reply(audience, principal, "client_credentials", version)
        if grant == DEVICE:
            return self.device_token(form)
        if grant == "refresh_token":
            return self.refreshed(form, version)
        raise self.oauth(400, "unsupported_grant_type", 70003, "Unknown grant type.")

    def known_tenant(self, tenant: str) -> str:
        if tenant in ANY_TENANT:
            return TENANT
        if tenant not in self.directory.tenants:
            raise self.failure(90002)
        return tenant

    def audience(self, form: dict[str, str], version: int) -> str:
        """The resource that a token is asked for."""
        if version == 1:
            wanted = form.get("resource", "")
        else:
            scopes = form.get("scope", "").split()
            names = [s for s in scopes if s not in OPENID]
            if len(names) != 1 or not names[0].endswith("/.default"):
                raise self.failure(70011, f"'{form.get('scope')}'")
            wanted = names[0].removesuffix("/.default")
        if wanted.rstrip("/") not in RESOURCES:
            raise self.failure(500011, f"'{wanted}'")
        return wanted

    def client(self, form: dict[str, str], request: Request, tenant: str) -> Principal:
        known = {a.principal.app_id: a for a in self.directory.applications}
        application = known.get(form.get("client_id", ""))
        if application is None or application.principal.tenant != tenant:
            raise self.failure(700016, f"'{form.get('client_id')}'")
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTION:
                raise self.failure(7000218)
            self.check_assertion(form["client_assertion"], application, request)
        elif "client_secret" not in form:
            raise self.failure(7000218)
        elif form["client_secret"] != application.secret:
            raise self.failure(7000215)
        elif application.is_secret_over:
            raise self.failure(7000222)
        return application.principal

    def check_assertion(
        self, assertion: str, application: Application, request: Request
    ) -> None:
        try:
            head, body, signature = assertion.split(".")
            header, claims = json.loads(unpart(head)), json.loads(unpart(body))
            signed = f"{head}.{body}".encode()
            signature_bytes = unpart(signature)
        except ValueError:
            raise self.failure(700027, "It is no JWT.") from None
        if claims.get("iss") == self.issuer.name:
            self.issuer.check(header, claims, signed, signature_bytes, application)
            return
        certificate = self.certificate_of(header, application)
        verify(certificate.public_key(), header, signed, signature_bytes, self)
        app_id = application.principal.app_id
        if claims.get("iss") != app_id or claims.get("sub") != app_id:
            raise self.failure(700021)
        endpoint = f"{request.base}{request.path}"
        if claims.get("aud", "").rstrip("/") != endpoint.rstrip("/"):
            raise self.failure(700027, "'aud' is not the address of this endpoint.")
        now = self.mint.clock.now()
        if not claims.get("jti") or not isinstance(claims.get("exp"), int):
            raise self.failure(700024, "'jti' or 'exp' is missing.")
        if not claims.get("nbf", 0) - 300 <= now < claims["exp"] + 300:
            raise self.failure(700024)

    def certificate_of(
        self, header: dict[str, Any], application: Application
    ) -> x509.Certificate:
        """By the thumbprint in the header: SHA-1 (x5t) or SHA-256 (x5t#S256)."""
        for pem in application.certificates:
            certificate = x509.load_pem_x509_certificate(pem)
            for name, algorithm in (
                ("x5t", hashes.SHA1()),
                ("x5t#S256", hashes.SHA256()),
            ):
                given = header.get(name)
                if given and unpart(given) == certificate.fingerprint(algorithm):
                    return certificate
        raise self.failure(700027, "No registered certificate has this thumbprint.")

    def reply(
        self,
        audience: str,
        principal: Principal,
        login: str,
        version: int,
        with_refresh: bool = False,
    ) -> Reply:
        token, ends = self.mint.make(audience, principal, login)
        left = ends - int(self.mint.clock.now())
        body: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": left,
            "ext_expires_in": left,
            "access_token": token,
        }
        if version == 1:  # numbers are text there
            body["expires_in"] = body["ext_expires_in"] = str(left)
            body.update(resource=audience, expires_on=str(ends), not_before=str(ends))
        if with_refresh:
            refresh = secrets.token_urlsafe(40)
            self.refresh_tokens[refresh] = principal
            body.update(refresh_token=refresh, scope=audience + "/.default")
        return Reply(200, body, {"Cache-Control": "no-store, no-cache"})

    # -- device code and refresh tokens

    def device_code(self, request: Request, tenant: str) -> Reply:
        tenant = self.known_tenant(tenant)
        form = request.form()
        if not form.get("client_id"):
            raise self.oauth(400, "invalid_request", 900144, "client_id is missing.")
        self.audience(form, 2)
        code = "".join(secrets.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(9))
        ends = self.mint.clock.now() + self.device_lifetime
        device = Device(code, secrets.token_urlsafe(60), tenant, form["scope"], ends)
        self.devices.append(device)
        link = "https://microsoft.com/devicelogin"
        return Reply(
            200,
            {
                "user_code": device.user_code,
                "device_code": device.code,
                "verification_uri": link,
                "expires_in": self.device_lifetime,
                "interval": self.interval,
                "message": f"Open {link} and enter the code {device.user_code}.",
            },
        )

    def device_token(self, form: dict[str, str]) -> Reply:
        found = [d for d in self.devices if d.code == form.get("device_code")]
        if not found:
            raise self.oauth(400, "bad_verification_code", 70019, "Unknown code.")
        device = found[0]
        device.polls += 1
        if device.state == "pending" and device.ends <= self.mint.clock.now():
            device.state = "expired"
        if device.state == "pending":
            raise self.oauth(400, "authorization_pending", 70016, "Not signed in yet.")
        if device.state == "declined":
            raise self.oauth(400, "authorization_declined", 70018, "The user declined.")
        if device.state != "approved" or device.principal is None:
            raise self.oauth(400, "expired_token", 70020, "The code has expired.")
        audience = self.audience({"scope": device.scope}, 2)
        with_refresh = "offline_access" in device.scope.split()
        return self.reply(audience, device.principal, "device_code", 2, with_refresh)

    def refreshed(self, form: dict[str, str], version: int) -> Reply:
        principal = self.refresh_tokens.get(form.get("refresh_token", ""))
        if principal is None:
            raise self.failure(700082)
        audience = self.audience(form, version)
        return self.reply(audience, principal, "refresh_token", version, True)

    # -- errors

    def failure(self, code: int, more: str = "") -> Refusal:
        status, error, text = FAILURES[code]
        return self.oauth(status, error, code, f"{text} {more}".strip())

    def oauth(self, status: int, error: str, code: int, text: str) -> Refusal:
        now = stamp(self.mint.clock.now()) or ""
        trace, correlation = guid(), guid()
        return Refusal(
            status,
            {
                "error": error,
                "error_description": f"AADSTS{code}: {text} Trace ID: {trace} "
                f"Correlation ID: {correlation} Timestamp: {now}",
                "error_codes": [code],
                "timestamp": now,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"https://login.microsoftonline.com/error?code={code}",
            },
        )


OPENID = ("openid", "profile", "offline_access", "email")


def verify(
    key: Any, header: dict[str, Any], signed: bytes, signature: bytes, login: Login
) -> None:
    """RS256 or PS256, as the documentation of certificate credentials has them."""
    schemes: dict[str, Any] = {
        "RS256": padding.PKCS1v15(),
        "PS256": padding.PSS(
            padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size
        ),
    }
    scheme = schemes.get(header.get("alg", ""))
    if scheme is None or not isinstance(key, rsa.RSAPublicKey):
        raise login.failure(700027, "The algorithm is not accepted.")
    try:
        key.verify(signature, signed, scheme, hashes.SHA256())
    except InvalidSignature:
        raise login.failure(700027, "The signature is wrong.") from None


class Issuer:
    """Who makes the federated tokens of workload identity: a cluster, a pipeline."""

    name = "https://issuer.example/cluster"
    audience = "api://AzureADTokenExchange"

    def __init__(self, login: Login):
        self.login = login

    @functools.cached_property
    def key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, subject: str, lifetime: int = 3600) -> str:
        """What the file AZURE_FEDERATED_TOKEN_FILE holds."""
        now = int(self.login.mint.clock.now())
        claims = {
            "iss": self.name,
            "sub": subject,
            "aud": self.audience,
            "iat": now,
            "exp": now + lifetime,
        }
        pieces = [
            base64.urlsafe_b64encode(json.dumps(piece).encode()).rstrip(b"=")
            for piece in ({"alg": "RS256", "typ": "JWT"}, claims)
        ]
        signed = b".".join(pieces)
        signature = self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return (
            signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
        ).decode()

    def check(
        self,
        header: dict[str, Any],
        claims: dict[str, Any],
        signed: bytes,
        signature: bytes,
        application: Application,
    ) -> None:
        verify(self.key.public_key(), header, signed, signature, self.login)
        if claims.get("aud") != self.audience or not application.trusted_subject:
            raise self.login.failure(700213)
        if claims.get("sub") != application.trusted_subject:
            raise self.login.failure(700213, f"subject '{claims.get('sub')}'")
        if claims.get("exp", 0) <= self.login.mint.clock.now():
            raise self.login.failure(700024)
