"""Who asks Azure: each source that needs the login service, `whoami`, `login`, bad days."""

from __future__ import annotations

import datetime
import json
import pathlib
import time
from typing import Iterator

import pytest
from azure_http import wait_for
from azure_shell import LIMIT, AzureShell
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from notebook_kernel import NotebookKernel
from simulator.app import Simulator
from simulator.directory import (
    COMPUTE,
    GROUP,
    OTHER_TENANT,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
)

LINK = "https://microsoft.com/devicelogin"


class Place(AzureShell):
    """A user's machine behind the inspecting proxy, with the variables that it has."""

    def __init__(self, azure: Simulator, folder: pathlib.Path, credential: str = "none"):
        super().__init__(azure, folder, folder, credential)

    def fault(self, **variables: str) -> str:
        """Why the source that is set up gave no token."""
        who = self.who(**variables)
        assert who["source"] is None, who
        return who["tried"][-1]["why"]


@pytest.fixture
def place(azure: Simulator, tmp_path: pathlib.Path) -> Place:
    return Place(azure, tmp_path)


@pytest.fixture
def principal(azure: Simulator, tmp_path: pathlib.Path) -> Place:
    return Place(azure, tmp_path, "secret")


@pytest.fixture
def kernel(place: Place, tmp_path: pathlib.Path) -> Iterator[NotebookKernel]:
    with place.kernel(tmp_path) as kernel:
        yield kernel


def certificate(folder: pathlib.Path, password: bytes = b"") -> tuple[pathlib.Path, bytes]:
    """A file with a key and its certificate, and the certificate alone."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the application")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    how = serialization.BestAvailableEncryption(password) if password else None
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        how or serialization.NoEncryption(),
    )
    path = folder / "application.pem"
    path.write_bytes(text + pem)
    return path, pem


# -- sources


def test_a_service_principal_with_its_secret(principal: Place) -> None:
    who = principal.who()
    application = principal.azure.directory.application.principal
    assert who["source"] == "environment"
    assert who["object_id"] == application.object_id
    assert who["user"] == f"application {application.app_id}"
    assert who["tenant"] == TENANT
    assert who["audience"] == "https://management.azure.com"
    assert abs(who["expires_on"] - time.time() - principal.azure.mint.lifetime) < LIMIT
    assert [each["source"] for each in who["tried"]] == ["ready token", "token command"]


def test_a_service_principal_with_a_certificate(
    principal: Place, tmp_path: pathlib.Path
) -> None:
    path, pem = certificate(tmp_path, b"pass word")
    variables = {
        "AZURE_CLIENT_SECRET": "",
        "AZURE_CLIENT_CERTIFICATE_PATH": str(path),
        "AZURE_CLIENT_CERTIFICATE_PASSWORD": "pass word",
    }
    assert "AADSTS700027" in principal.fault(**variables), "it is not registered yet"
    principal.azure.directory.application.certificates.append(pem)
    assert principal.who(**variables)["source"] == "environment"
    principal.azure.clock.skew = 3600
    fault = principal.fault(**variables)
    assert "AADSTS700024" in fault and "clock" in fault
    variables["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = "wrong"
    done = principal.run("whoami", **variables)
    assert done.status == 1 and "AZURE_CLIENT_CERTIFICATE_PASSWORD" in done.err


def test_a_workload_identity(principal: Place, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "federated"
    application = principal.azure.directory.application
    application.trusted_subject = "system:serviceaccount:notebooks:teacher"
    variables = {"AZURE_CLIENT_SECRET": "", "AZURE_FEDERATED_TOKEN_FILE": str(path)}
    path.write_text(principal.azure.login.issuer.token("somebody:else"))
    assert "AADSTS700213" in principal.fault(**variables)
    path.write_text(principal.azure.login.issuer.token(application.trusted_subject) + "\n")
    assert principal.who(**variables)["source"] == "workload identity"


def test_a_token_from_a_command(place: Place) -> None:
    token, ends = place.azure.mint.make(
        "https://management.azure.com", place.azure.directory.user, "command"
    )
    place.folder.joinpath("token").write_text(token + "\n")
    who = place.who(SYNAPSE_KERNEL_TOKEN_COMMAND="cat token")
    assert (who["source"], who["expires_on"]) == ("token command", ends)
    assert who["user"] == place.azure.directory.user.name
    path = str(place.folder / "token")
    assert place.who(SYNAPSE_KERNEL_TOKEN_FILE=path)["source"] == "ready token"


def test_the_log_at_its_most_talkative_has_no_secret(principal: Place) -> None:
    done = principal.run("whoami", SYNAPSE_KERNEL_LOG="*:trace")
    assert done.status == 0 and "login.microsoftonline.com" in done.err
    secrets = [*principal.azure.mint.made, principal.azure.directory.application.secret]
    assert len(secrets) > 1
    assert not [each for each in secrets if each in done.out + done.err]


# -- bad days


@pytest.mark.parametrize(
    "code, words",
    [
        (7000215, "the client secret is wrong"),
        (7000222, "client secret has expired"),
        (700016, "the application is not known in this tenant"),
        (90002, "the tenant does not exist"),
        (50076, "multi-factor authentication"),
        (53003, "conditional access"),
    ],
)
def test_a_refusal_is_told_in_plain_words(principal: Place, code: int, words: str) -> None:
    principal.azure.login.fails_with = code
    fault = principal.fault()
    assert words in fault and f"AADSTS{code}" in fault
    assert "Trace ID" not in fault


def test_a_wrong_tenant_and_a_wrong_application(principal: Place) -> None:
    nobody = "00000000-0000-0000-0000-000000000001"
    assert "AADSTS90002" in principal.fault(AZURE_TENANT_ID=nobody)
    assert "AADSTS700016" in principal.fault(AZURE_CLIENT_ID=nobody)


def test_nobody(place: Place) -> None:
    done = place.run("whoami")
    assert done.status == 0 and done.json["source"] is None
    assert "az login" in done.err and "Not by environment" in done.err


def test_sources_can_be_chosen(principal: Place) -> None:
    assert principal.who(AZURE_TOKEN_CREDENTIALS="prod")["source"] == "environment"
    who = principal.who(AZURE_TOKEN_CREDENTIALS="dev")
    why = {each["source"]: each["why"] for each in who["tried"]}
    assert who["source"] is None
    assert why["environment"] == "AZURE_TOKEN_CREDENTIALS=dev leaves it out"


@pytest.mark.parametrize(
    "variables, audience",
    [
        (
            {"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.us"},
            "https://management.core.usgovcloudapi.net",
        ),
        (
            {"SYNAPSE_KERNEL_CLOUD": "china"},
            "https://management.core.chinacloudapi.cn",
        ),
    ],
)
def test_other_clouds_have_other_services(
    principal: Place, variables: dict[str, str], audience: str
) -> None:
    assert principal.who(**variables)["audience"] == audience


# -- login in a cell


def test_login_shows_a_link_and_a_code(place: Place, kernel: NotebookKernel) -> None:
    login = place.azure.login
    running = kernel.send("%synapse login")
    wait_for(lambda: login.devices and login.devices[0].polls, bool)
    device = login.approve()
    cell = kernel.finish(running)
    assert cell.status == "ok", cell.text
    html, plain = cell.data("text/html")[0], cell.data("text/plain")[0]
    assert f'href="{LINK}"' in html and device.user_code in html
    assert LINK in plain and device.user_code in plain
    assert cell.data("text/html")[-1] == "", "the code is not saved with the notebook"
    user = place.azure.directory.user
    assert f"Logged in: {user.name} (tenant {TENANT}), by device code" in cell.stdout
    asked = len(login.devices)
    cell = kernel.ok("who = %synapse whoami\nprint(who['source'], who['user'])")
    assert f"device code {user.name}" in cell.stdout
    assert len(login.devices) == asked, "nobody is asked again"
    for token in place.azure.mint.made:
        assert token not in cell.text


def test_a_command_that_needs_azure_asks_for_a_login(
    place: Place, kernel: NotebookKernel
) -> None:
    login = place.azure.login
    where = f"-s {SUBSCRIPTION} -g {GROUP} -w {WORKSPACE}"
    running = kernel.send(f"%synapse compute show {COMPUTE} {where}")
    wait_for(lambda: login.devices, bool)
    device = login.approve()
    cell = kernel.finish(running)
    assert cell.status == "ok", cell.text
    assert device.user_code in cell.data("text/html")[0]
    assert json.loads(cell.stdout[: cell.stdout.rindex("}") + 1])["name"] == COMPUTE
    cell = kernel.ok(f"%synapse compute show {COMPUTE} {where}")
    assert len(login.devices) == 1, "nobody is asked again"


def test_login_in_a_tenant_by_name(place: Place, kernel: NotebookKernel) -> None:
    running = kernel.send(f"%synapse login --tenant {OTHER_TENANT}")
    wait_for(lambda: place.azure.login.devices, bool)
    assert place.azure.login.devices[0].tenant == OTHER_TENANT
    place.azure.login.decide("", "declined")
    cell = kernel.finish(running)
    assert cell.status == "error" and "declined" in cell.error["evalue"]


def test_an_interrupt_ends_a_login(place: Place, kernel: NotebookKernel) -> None:
    login = place.azure.login
    running = kernel.send("%synapse login")
    wait_for(lambda: login.devices and login.devices[0].polls, bool)
    kernel.interrupt()
    cell = kernel.finish(running)
    assert cell.error["ename"] == "KeyboardInterrupt"
    polls = login.devices[0].polls
    kernel.ok("import time; time.sleep(2.5)")
    assert login.devices[0].polls <= polls + 1, "nobody waits any more"
    cell = kernel.ok("%synapse whoami")
    assert "Azure is asked by nobody" in cell.stdout


def test_whoami_in_a_cell(place: Place, kernel: NotebookKernel) -> None:
    cell = kernel.ok("%synapse whoami -o table")
    assert "<table" in cell.data("text/html")[0]
    assert "Not by environment: AZURE_CLIENT_ID is not set" in cell.stdout
