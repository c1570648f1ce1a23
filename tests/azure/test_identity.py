"""The simulated identity endpoints check headers, versions and secrets."""

from __future__ import annotations

import hashlib
import ssl
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from azure_http import ARM, Client, Got
from simulator.app import Simulator


def ask(client: Client, url: str, query: dict, **headers: str) -> Got:
    full = f"{url}?{urllib.parse.urlencode(query)}"
    return client.send("GET", full, headers=headers)


# place: what a right request has; then what makes it a wrong one.
PLACES = {
    "imds": (
        {"api-version": "2018-02-01", "resource": ARM},
        {"Metadata": "true"},
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    ),
    "app_service": (
        {"api-version": "2019-08-01", "resource": ARM},
        {"X-IDENTITY-HEADER": "SECRET"},
        "IDENTITY_ENDPOINT",
    ),
    "azure_ml": (
        {"api-version": "2017-09-01", "resource": ARM},
        {"secret": "SECRET"},
        "MSI_ENDPOINT",
    ),
}


def place(azure: Simulator, kind: str) -> tuple[str, dict, dict]:
    query, headers, variable = PLACES[kind]
    url = azure.identity_environment(kind)[variable]
    if kind == "imds":
        url += "/metadata/identity/oauth2/token"
    secret = azure.identity.secret
    return url, query, {k: v.replace("SECRET", secret) for k, v in headers.items()}


@pytest.mark.parametrize("kind", PLACES)
def test_a_place_gives_a_token_to_a_right_request_alone(
    azure: Simulator, client: Client, kind: str
) -> None:
    url, query, headers = place(azure, kind)
    got = ask(client, url, query, **headers)
    assert got.status == 200 and got.json["expires_on"].isdigit(), got
    arm = f"{ARM}/subscriptions?api-version=2022-12-01"
    assert client.send("GET", arm, token=got.json["access_token"]).status == 200
    assert ask(client, url, query).status in (400, 401)
    old = dict(query, **{"api-version": "2015-01-01"})
    assert ask(client, url, old, **headers).status == 400
    other = dict(query, resource="https://x.example")
    assert ask(client, url, other, **headers).status == 400


@pytest.mark.parametrize(
    "kind, name",
    [("imds", "client_id"), ("app_service", "client_id"), ("azure_ml", "clientid")],
)
def test_a_users_own_identity_is_named_by_its_client_id(
    azure: Simulator, client: Client, kind: str, name: str
) -> None:
    url, query, headers = place(azure, kind)
    own = azure.directory.user_identity.app_id
    got = ask(client, url, {**query, name: own}, **headers)
    assert got.json["client_id"] == own
    assert ask(client, url, {**query, name: "nobody"}, **headers).status == 400


def test_imds_refuses_what_came_through_a_proxy(
    azure: Simulator, client: Client
) -> None:
    url, query, headers = place(azure, "imds")
    got = ask(client, url, query, **headers, **{"X-Forwarded-For": "10.0.0.1"})
    assert got.status == 400


def test_a_machine_without_an_identity_says_so(
    azure: Simulator, client: Client
) -> None:
    azure.identity.has_identity = False
    url, query, headers = place(azure, "imds")
    got = ask(client, url, query, **headers)
    assert (got.status, got.json["error_description"]) == (400, "Identity not found")


def test_arc_challenges_with_a_file(
    azure: Simulator, client: Client, tmp_path: Path
) -> None:
    azure.identity.arc_folder = tmp_path
    url = azure.identity_environment("arc")["IDENTITY_ENDPOINT"]
    query = {"api-version": "2020-06-01", "resource": ARM}
    first = ask(client, url, query, Metadata="true")
    assert first.status == 401
    named = first.headers["www-authenticate"].removeprefix("Basic realm=")
    answer = "Basic " + Path(named).read_text()
    assert (
        ask(client, url, query, Metadata="true", Authorization="Basic x").status == 401
    )
    got = ask(client, url, query, Metadata="true", Authorization=answer)
    assert got.status == 200, got
    assert not Path(named).exists()


def test_service_fabric_is_known_by_its_thumbprint(azure: Simulator) -> None:
    environment = azure.identity_environment("service_fabric")
    query = {"api-version": "2019-07-01-preview", "resource": ARM}
    url = f"{environment['IDENTITY_ENDPOINT']}?{urllib.parse.urlencode(query)}"
    headers = {"Secret": environment["IDENTITY_HEADER"]}
    request = urllib.request.Request(url, headers=headers)
    nobody = urllib.request.ProxyHandler({})
    trusting = ssl._create_unverified_context()
    opener = urllib.request.build_opener(
        nobody, urllib.request.HTTPSHandler(context=trusting)
    )
    with opener.open(request, timeout=10) as reply:
        assert reply.status == 200
    port = azure.fabric_node.port
    pem = ssl.get_server_certificate(("127.0.0.1", port))
    der = ssl.PEM_cert_to_DER_cert(pem)
    thumbprint = hashlib.sha1(der).hexdigest().upper()
    assert thumbprint == environment["IDENTITY_SERVER_THUMBPRINT"]
    strict = urllib.request.HTTPSHandler(
        context=ssl.create_default_context(cafile=str(azure.ca_file))
    )
    with pytest.raises(OSError):
        urllib.request.build_opener(nobody, strict).open(request, timeout=10)


def test_cloud_shell_takes_a_form(azure: Simulator, client: Client) -> None:
    url = azure.identity_environment("cloud_shell")["MSI_ENDPOINT"]
    form = urllib.parse.urlencode({"resource": ARM})
    assert client.send("POST", url, form).status == 400
    got = client.send("POST", url, form, headers={"Metadata": "true"})
    assert got.status == 200, got
