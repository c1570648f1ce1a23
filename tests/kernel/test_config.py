"""The configuration as a notebook and a shell meet it."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest

from harness import PATIENCE, PROGRAM, Kernel, running


@dataclass
class Place:
    """Where the two files are, for a kernel and a shell."""

    folder: Path

    @property
    def user(self) -> Path:
        return self.folder / "home/.config/synapse-kernel/config.yml"

    @property
    def site(self) -> Path:
        return self.folder / "site.yml"

    @property
    def variables(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder / "home"),
            "XDG_CONFIG_HOME": "",
            "SYNAPSE_KERNEL_SITE_CONFIG": str(self.site),
        }

    def shell(
        self, *words: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PROGRAM), *words],
            env={"PATH": os.environ["PATH"], **self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.user.parent.mkdir(parents=True)
    return place


@pytest.fixture
def own(place: Place, runtime_dir: str) -> Iterator[Kernel]:
    with running(env=place.variables) as kernel:
        yield kernel


def shown(kernel: Kernel, line: str) -> str:
    (output,) = kernel.run(line).of_type("display_data")
    return output["data"]["text/plain"]


def failure(kernel: Kernel, code: str) -> str:
    result = kernel.run(code)
    assert result.status == "error", result.text
    return result.content["evalue"]


def test_a_cell_shows_what_is_configured_now(own: Kernel, place: Place):
    place.site.write_text("cloud: usgov\n")
    assert "usgov" in shown(own, "%synapse config")
    place.user.write_text("cloud: china\nproxy: http://me:geheim@proxy:1\n")
    result = own.run("%synapse config")
    text = str(result.messages)
    assert "china" in text and "config.yml:1" in text and "usgov" not in text
    assert "geheim" not in text and "…@proxy:1" in text
    assert own.run("x = %synapse config cloud").status == "ok"
    assert own.run("x[0]['value'], x[0]['variable']").value == (
        "('china', 'SYNAPSE_KERNEL_CLOUD')"
    )
    assert "Did you mean `cloud`?" in failure(own, "%synapse config clod")


def test_a_typo_stops_starts_and_not_python(own: Kernel, place: Place):
    place.user.write_text("log: http\ncluod: public\n")
    assert own.run("1 + 1").value == "2"
    sentence = failure(own, "%synapse start")
    assert f"{place.user}:2: there is no key `cluod`. Did you mean `cloud`?" in sentence
    result = own.run("%synapse config")
    assert result.status == "ok" and "config.yml:2" in result.text
    place.user.unlink()
    assert "cluod" not in own.run("%synapse config").text


def test_the_sites_limits_hold(own: Kernel, place: Place):
    place.site.write_text(
        "limits: {max_executors: 2, max_driver_memory: 1g, allowed_targets: [local]}\n"
    )
    place.user.write_text("targets: {lab: {type: livy, url: 'http://localhost:1'}}\n")
    sentence = failure(own, "%synapse start -n 3")
    assert "3 executors are too many" in sentence and str(place.site) in sentence
    assert "allows 1g" in failure(own, "%synapse start --driver-memory 2g")
    assert "`lab` may not be started" in failure(own, "%synapse start -c lab")
    assert "allows local" in failure(own, "%synapse start --livy http://localhost:1")
    place.site.write_text("limits: {max_executors: two}\n")
    assert f"{place.site}:1: `limits.max_executors` wants" in failure(
        own, "%synapse start"
    )


def test_a_shell_shows_it_too(place: Place):
    place.user.write_text("targets:\n  lab: {type: local, driver_memory: 2g}\n")
    done = place.shell("config", "targets.lab.driver_memory")
    assert done.returncode == 0, done.stderr
    assert "2g" in done.stdout
    assert "~/.config/synapse-kernel/config.yml:2" in done.stdout
    done = place.shell("config", "-o", "json", SYNAPSE_KERNEL_TENANT="t")
    assert '"from": "$SYNAPSE_KERNEL_TENANT"' in done.stdout
    assert f"The site's file: {place.site} (not there)" in done.stderr
    done = place.shell("config", SYNAPSE_KERNEL_TENNANT="t")
    assert "SYNAPSE_KERNEL_TENNANT" in done.stderr and "_TENANT?" in done.stderr
    done = place.shell("config", "tennant")
    assert done.returncode == 1 and "Did you mean `tenant`?" in done.stderr


def test_what_is_logged_is_configured(place: Place):
    place.user.write_text("log: nonsense\n")
    assert "nonsense" in place.shell("config").stderr
    assert "nonsense" not in place.shell("config", SYNAPSE_KERNEL_LOG="http").stderr


def test_names_registered_in_a_shell_are_written_beside_what_is_there(place: Place):
    place.user.write_text("# mine\nlog: http # all\n")
    line = ["compute", "attach", "small", "--type", "local", "--driver-memory", "2g"]
    done = place.shell(*line)
    assert done.returncode == 0, done.stderr
    text = place.user.read_text()
    assert text.startswith("# mine\nlog: http # all\ntargets:\n  small:\n")
    assert "driver_memory: 2g" in text
    assert place.user.stat().st_mode & 0o777 == 0o600
    done = place.shell("compute", "detach", "small")
    assert done.returncode == 0, done.stderr
    assert place.user.read_text() == "# mine\nlog: http # all\n"


# --- the table of keys, the code that reads them ---

ROOT = Path(__file__).resolve().parents[2]
KEYS = ROOT / "compute/config_keys.c"
ASKED = re.compile(r'config_(?:str|num|bool|get|origin)\(\s*[^;"{]*?"([a-z_.]+)"')


def test_each_key_is_read_and_each_that_is_read_is_a_key():
    keys = set(re.findall(r'\{"([a-z_.]+)", CONFIG_', KEYS.read_text()))
    asked: set[str] = set()
    words: set[str] = set()
    options = ROOT / "magics/start_options.c"  # what a target may say of a start
    for file in [*ROOT.glob("compute/*.c"), *ROOT.glob("kernel/*.c"), options]:
        if file != KEYS:
            text = file.read_text()
            asked |= set(ASKED.findall(text))
            words |= set(re.findall(r'"([a-z_.]+)"', text))
    assert {"proxy", "cloud", "token.command"} <= asked
    assert asked - keys - {"limits"} == set()
    assert keys - words - {"description"} == set()
