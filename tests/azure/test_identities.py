"""Who asks Azure where nobody logs in: machines, and az, azd and pwsh as small programs."""

from __future__ import annotations

import json
import pathlib
import time

import psutil
import pytest
from azure_http import wait_for
from azure_shell import LIMIT, AzureShell
from simulator.app import Simulator

ARM = "https://management.azure.com"


class Machine(AzureShell):
    """A machine with no login of its own; `tools` comes first in its PATH."""

    def __init__(self, azure: Simulator, folder: pathlib.Path):
        super().__init__(azure, folder, folder, "none")
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.environment["PATH"] = f"{self.tools}:/usr/bin:/bin"

    def why(self, source: str, **variables: str) -> str:
        """Why a source gave no token."""
        tried = self.who(**variables)["tried"]
        return {each["source"]: each["why"] for each in tried}[source]

    def install(self, name: str, script: str) -> None:
        path = self.tools / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)

    def token(self) -> tuple[str, int]:
        return self.azure.mint.make(ARM, self.azure.directory.user, "az")


@pytest.fixture
def machine(azure: Simulator, tmp_path: pathlib.Path) -> Machine:
    return Machine(azure, tmp_path)


# -- managed identities


@pytest.mark.parametrize("kind", ["imds", "app_service", "azure_ml"])
def test_a_machine_has_an_identity(machine: Machine, kind: str) -> None:
    directory = machine.azure.directory
    variables = machine.azure.identity_environment(kind)
    who = machine.who(**variables)
    assert who["source"] == "managed identity"
    assert who["object_id"] == directory.identity.object_id
    assert abs(who["expires_on"] - time.time() - machine.azure.mint.lifetime) < LIMIT
    own = directory.user_identity
    who = machine.who(**variables, AZURE_CLIENT_ID=own.app_id)
    assert who["object_id"] == own.object_id, "AZURE_CLIENT_ID names another one"


def test_an_end_that_is_written_as_a_date(machine: Machine) -> None:
    machine.azure.identity.dates_as_text = True
    who = machine.who(**machine.azure.identity_environment("azure_ml"))
    assert abs(who["expires_on"] - time.time() - machine.azure.mint.lifetime) < LIMIT


def test_a_cloud_shell_is_its_user(machine: Machine) -> None:
    who = machine.who(**machine.azure.identity_environment("cloud_shell"))
    assert who["user"] == machine.azure.directory.user.name


def test_a_machine_without_an_identity(machine: Machine) -> None:
    machine.azure.identity.has_identity = False
    variables = machine.azure.identity_environment("imds")
    why = machine.why("managed identity", **variables)
    assert why == "no identity is assigned to this virtual machine"
    variables["AZURE_CLIENT_ID"] = "nobody"
    why = machine.why("managed identity", **variables)
    assert why.startswith("no identity with the client ID nobody")


def test_arcs_key_is_read_in_its_folder_alone(machine: Machine) -> None:
    machine.azure.identity.arc_folder = machine.folder
    why = machine.why("managed identity", **machine.azure.identity_environment("arc"))
    assert "which is not one of its agent's in /var/opt/azcmagent/tokens" in why


def test_service_fabric_says_what_to_do(machine: Machine) -> None:
    variables = machine.azure.identity_environment("service_fabric")
    why = machine.why("managed identity", **variables)
    assert "AZURE_CLIENT_SECRET" in why and "thumbprint" in why


def test_a_machine_elsewhere(machine: Machine) -> None:
    why = machine.why("managed identity")
    assert "no metadata service answers at http://127.0.0.1:9" in why


# -- the developer's tools


def test_az(machine: Machine) -> None:
    token, ends = machine.token()
    printed = json.dumps({"accessToken": token, "expires_on": ends})
    machine.install("az", f"test \"$6\" = {ARM} && echo '{printed}'")
    who = machine.who()
    assert (who["source"], who["expires_on"]) == ("Azure CLI", ends)
    assert who["user"] == machine.azure.directory.user.name


def test_az_of_another_day(machine: Machine) -> None:
    assert machine.why("Azure CLI") == "az is not installed, or not in PATH"
    machine.install("az", "echo \"ERROR: Please run 'az login'.\" >&2; exit 1")
    assert machine.why("Azure CLI").endswith("Run `az login`, then retry.")
    text = "AADSTS700082: The refresh token has expired due to inactivity."
    machine.install("az", f"echo 'ERROR: {text}' >&2; exit 1")
    why = machine.why("Azure CLI")
    assert "the login has expired" in why and "`az login`" in why


def test_az_that_hangs_is_not_waited_for(machine: Machine) -> None:
    machine.install("az", f"echo $$ >{machine.folder}/pid; exec sleep 600")
    why = machine.why("Azure CLI")
    assert "did not answer within 10 s and was stopped" in why
    pid = int(machine.folder.joinpath("pid").read_text())
    wait_for(lambda: is_over(pid), bool)  # it was told to end, and this machine is busy


def is_over(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_planted_az_is_not_run(machine: Machine) -> None:
    planted = machine.folder / "az"
    planted.write_text(f"#!/bin/sh\ntouch {machine.folder}/ran\n")
    planted.chmod(0o755)
    why = machine.why("Azure CLI", PATH=".::/usr/bin:/bin")
    assert why == "az is not installed, or not in PATH"
    assert not machine.folder.joinpath("ran").exists()


def test_powershell_and_azd_come_after_az(machine: Machine) -> None:
    token, ends = machine.token()
    machine.install("az", "exit 1")
    day = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
    printed = json.dumps({"token": token, "expiresOn": day})
    machine.install("azd", f"echo '{printed}'")
    who = machine.who()
    assert who["source"] == "Azure Developer CLI" and who["expires_on"] == ends
    assert "Azure PowerShell" in [each["source"] for each in who["tried"]]
    printed = json.dumps({"token": token, "expires_on": ends})
    machine.install("pwsh", f"echo '{printed}'")
    assert machine.who()["source"] == "Azure PowerShell"
