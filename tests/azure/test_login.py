"""The simulated login service refuses what the real one refuses."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from azure_http import ARM, FABRIC, LOGIN, SYNAPSE, Client
from simulator.app import Simulator
from simulator.login import ASSERTION, DEVICE


def code_of(got) -> int:
    assert got.status in (400, 401), got
    assert got.json["error_description"].startswith(
        f"AADSTS{got.json['error_codes'][0]}"
    )
    return got.json["error_codes"][0]


def claims_of(token: str) -> dict:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


@pytest.mark.parametrize("audience", [ARM, SYNAPSE, FABRIC])
def test_a_secret_gives_a_token_for_its_audience(
    azure: Simulator, client: Client, audience: str
) -> None:
    claims = claims_of(client.token(audience))
    principal = azure.directory.application.principal
    assert (claims["aud"], claims["oid"]) == (audience, principal.object_id)
    assert claims["tid"] == principal.tenant
    assert claims["exp"] > azure.clock.now() + 3000


@pytest.mark.parametrize(
    "form, code",
    [
        ({"client_secret": "wrong"}, 7000215),
        ({}, 7000218),
        ({"client_id": "nobody", "client_secret": "s3cret~value"}, 700016),
        (
            {"client_secret": "s3cret~value", "scope": "https://x.example/.default"},
            500011,
        ),
        ({"client_secret": "s3cret~value", "scope": ARM}, 70011),
        ({"client_assertion": "x", "client_assertion_type": ASSERTION}, 700027),
    ],
)
def test_a_wrong_login_is_told_by_its_code(
    client: Client, form: dict, code: int
) -> None:
    asked = {"grant_type": "client_credentials", "scope": ARM + "/.default", **form}
    assert code_of(client.login(**asked)) == code


def test_an_unknown_tenant_is_told(client: Client) -> None:
    got = client.login(tenant="contoso.invalid", grant_type="client_credentials")
    assert code_of(got) == 90002


@pytest.mark.parametrize("code", [50076, 53003, 7000222])
def test_a_switched_failure_holds_for_every_grant(
    azure: Simulator, client: Client, code: int
) -> None:
    azure.login.fails_with = code
    got = client.login(grant_type="refresh_token", refresh_token="x")
    assert code_of(got) == code


def test_version_one_has_a_resource_and_numbers_as_text(
    azure: Simulator, client: Client
) -> None:
    application = azure.directory.application
    form = {
        "grant_type": "client_credentials",
        "client_id": application.principal.app_id,
        "client_secret": application.secret,
        "resource": SYNAPSE + "/",
    }
    url = f"{LOGIN}/{application.principal.tenant}/oauth2/token"
    got = client.send("POST", url, urllib.parse.urlencode(form))
    assert got.status == 200, got
    assert got.json["expires_in"].isdigit() and got.json["expires_on"].isdigit()
    assert claims_of(got.json["access_token"])["aud"] == SYNAPSE + "/"


def assertion_of(azure: Simulator, leaf: trustme.LeafCert, **changed) -> dict:
    """A signed assertion of the application, as a client sends it."""
    pem = leaf.cert_chain_pems[0].bytes()
    certificate = x509.load_pem_x509_certificate(pem)
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    principal = azure.directory.application.principal
    now = int(azure.clock.now())
    claims = {
        "aud": f"{LOGIN}/{principal.tenant}/oauth2/v2.0/token",
        "iss": principal.app_id,
        "sub": principal.app_id,
        "jti": "1",
        "nbf": now,
        "exp": now + 600,
        **changed,
    }
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA1()))
    header = {"alg": "RS256", "typ": "JWT", "x5t": thumbprint.decode().rstrip("=")}
    pieces = [json.dumps(piece).encode() for piece in (header, claims)]
    signed = b".".join(base64.urlsafe_b64encode(p).rstrip(b"=") for p in pieces)
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    text = signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
    return {
        "grant_type": "client_credentials",
        "scope": ARM + "/.default",
        "client_assertion_type": ASSERTION,
        "client_assertion": text.decode(),
    }


@pytest.fixture(scope="module")
def leaf() -> trustme.LeafCert:
    ca = trustme.CA()
    return ca.issue_cert("nightly", key_type=trustme.KeyType.RSA)


def test_a_certificate_logs_in_by_its_signature(
    azure: Simulator, client: Client, leaf: trustme.LeafCert
) -> None:
    assert code_of(client.login(**assertion_of(azure, leaf))) == 700027  # not known
    registered = azure.directory.application.certificates
    registered.append(leaf.cert_chain_pems[0].bytes())
    form = assertion_of(azure, leaf)
    assert client.login(**form).status == 200
    broken = dict(form, client_assertion=form["client_assertion"][:-8] + "AAAAAAAA")
    assert code_of(client.login(**broken)) == 700027
    assert code_of(client.login(**assertion_of(azure, leaf, aud=LOGIN))) == 700027
    assert code_of(client.login(**assertion_of(azure, leaf, iss="other"))) == 700021
    old = int(azure.clock.now()) - 3600
    assert code_of(client.login(**assertion_of(azure, leaf, exp=old))) == 700024


def test_a_federated_token_is_taken_from_its_issuer_for_its_subject(
    azure: Simulator, client: Client
) -> None:
    form = {
        "grant_type": "client_credentials",
        "scope": ARM + "/.default",
        "client_assertion_type": ASSERTION,
        "client_assertion": azure.login.issuer.token("system:serviceaccount:nb:me"),
    }
    assert code_of(client.login(**form)) == 700213
    azure.directory.application.trusted_subject = "system:serviceaccount:nb:me"
    assert client.login(**form).status == 200
    over = azure.login.issuer.token("system:serviceaccount:nb:me", lifetime=-10)
    assert code_of(client.login(**dict(form, client_assertion=over))) == 700024


def ask_device(client: Client, scope: str) -> dict:
    form = urllib.parse.urlencode({"client_id": "cli", "scope": scope})
    url = f"{LOGIN}/organizations/oauth2/v2.0/devicecode"
    got = client.send("POST", url, form)
    assert got.status == 200, got
    return got.json


def poll(client: Client, device: dict):
    return client.login(grant_type=DEVICE, device_code=device["device_code"])


def test_a_device_code_waits_for_its_user(azure: Simulator, client: Client) -> None:
    device = ask_device(client, ARM + "/.default offline_access")
    assert device["user_code"] in device["message"]
    assert poll(client, device).json["error"] == "authorization_pending"
    azure.login.approve(device["user_code"])
    got = poll(client, device)
    assert claims_of(got.json["access_token"])["upn"] == azure.directory.user.name
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": got.json["refresh_token"],
    }
    other = client.login(scope=SYNAPSE + "/.default", **refresh)
    assert claims_of(other.json["access_token"])["aud"] == SYNAPSE
    unknown = client.login(
        grant_type="refresh_token", refresh_token="x", scope=ARM + "/.default"
    )
    assert code_of(unknown) == 700082


@pytest.mark.parametrize(
    "state, error",
    [("declined", "authorization_declined"), ("expired", "expired_token")],
)
def test_a_device_code_ends_without_its_user(
    azure: Simulator, client: Client, state: str, error: str
) -> None:
    device = ask_device(client, ARM + "/.default")
    azure.login.decide(device["user_code"], state)
    assert poll(client, device).json["error"] == error
    unknown = client.login(grant_type=DEVICE, device_code="x")
    assert unknown.json["error"] == "bad_verification_code"
