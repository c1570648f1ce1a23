"""`synapse-kernel doctor` says what is there, what is missing and how to get it."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("SYNAPSE_KERNEL_BINARY", ROOT / "build/synapse-kernel"))


@pytest.fixture
def environment(tmp_path) -> Iterator[dict]:
    """This machine's PATH, a home and a runtime folder of the test's own.

    The latter is short: a socket's path has 108 bytes at most.
    """
    kept = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    kept |= {name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")}
    (tmp_path / "home").mkdir(mode=0o700)
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="sk-") as run:
        yield kept | {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": run}


@pytest.fixture
def bare_python(tmp_path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"],
                   check=True, timeout=120)
    return tmp_path / "env/bin/python"


def doctor(environment: dict, *words) -> tuple[int, str]:
    run = subprocess.run([PROGRAM, "doctor", *map(str, words)], env=environment,
                         capture_output=True, text=True, timeout=120,
                         stdin=subprocess.DEVNULL)
    assert run.stderr == ""
    return run.returncode, run.stdout


def findings(environment: dict, *words) -> tuple[bool, dict]:
    code, text = doctor(environment, "--json", *words)
    report = json.loads(text)
    assert (code == 0) == report["ok"]
    return report["ok"], {finding["name"]: finding for finding in report["findings"]}


def test_a_fault_in_the_configuration_is_told(environment):
    file = Path(environment["HOME"]) / ".config/synapse-kernel/config.yml"
    file.parent.mkdir(parents=True)
    file.write_text("cluod: public\n")
    well, found = findings(environment, "--python", sys.executable)
    assert not well and f"{file}:1" in found["configuration"]["text"]
    file.write_text("cloud: public\n")
    well, found = findings(environment, "--python", sys.executable)
    assert well and found["configuration"]["text"] == str(file)


def test_all_is_well_here(environment):
    well, found = findings(environment, "--python", sys.executable)
    assert well
    for name in ("Python", "ipykernel", "pyspark", "Java", "runtime folder"):
        assert found[name]["state"] == "ok", found[name]
    assert sys.executable in found["Python"]["text"]
    assert "--python" in found["Python"]["text"], "how it was chosen"
    assert found["pyspark"]["text"].startswith("3.")


def test_lines_say_the_same_as_the_json(environment):
    _, found = findings(environment, "--python", sys.executable)
    code, text = doctor(environment, "--python", sys.executable)
    assert code == 0
    for finding in found.values():
        assert f"{finding['name']}: {finding['text']}" in text
    assert text.rstrip().endswith("Plain cells and Spark cells can run.")


def test_missing_packages_come_with_their_remedy(environment, bare_python):
    well, found = findings(environment, "--python", bare_python)
    assert not well
    assert found["ipykernel"]["state"] == "missing"
    assert found["ipykernel"]["advice"] == f"{bare_python} -m pip install ipykernel"
    assert found["pyspark"]["state"] == "missing"
    assert f"{bare_python} -m pip install" in found["pyspark"]["text"]


def test_optional_packages_are_no_failure(environment, bare_python):
    _, found = findings(environment, "--python", bare_python)
    assert found["debugpy"]["state"] == "note"
    assert found["pandas"]["state"] == "note"


# A pip that brings ipykernel, and nothing else.
PIP = """
import os, pathlib, sys
folder = pathlib.Path(__file__).parent.parent
with open(folder / "asked", "a") as file:
    print(*sys.argv[1:], sep="\\t", file=file)
if sys.argv[-1] != "ipykernel":
    sys.exit("no index here")
print("Collecting ipykernel", os.getcwd())
info = folder / "ipykernel-9.8.7.dist-info"
info.mkdir()
(info / "METADATA").write_text("Metadata-Version: 2.1\\nName: ipykernel\\nVersion: 9.8.7\\n")
"""


@pytest.fixture
def recorded(bare_python) -> Path:
    """The file in which the pip of `bare_python` writes what it is asked for."""
    site = next((bare_python.parent.parent / "lib").glob("python*/site-packages"))
    (site / "pip").mkdir()
    (site / "pip/__init__.py").touch()
    (site / "pip/__main__.py").write_text(PIP)
    return site / "asked"


def fix(environment: dict, *words) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, "doctor", "--fix", *map(str, words)], text=True,
                          env=environment, capture_output=True, timeout=120,
                          stdin=subprocess.DEVNULL)


ASKED = ["ipykernel", "pyspark==3.5.*", "pyarrow", "pandas<3"]  # Java is here


def test_fix_asks_pip_for_what_is_missing_and_looks_again(
    environment, bare_python, recorded
):
    run = fix(environment, "--python", bare_python)
    lines = recorded.read_text().splitlines()
    assert lines == [f"install\t--no-input\t{name}" for name in ASKED]
    shown = [line for line in run.stdout.splitlines() if line.startswith("$ ")]
    words = [shlex.split(line[2:]) for line in shown]
    assert [w[:-1] for w in words] == [
        [str(bare_python), "-m", "pip", "install", "--no-input"]
    ] * len(ASKED), "what is shown can be typed"
    assert [w[-1] for w in words] == ASKED
    assert "Collecting ipykernel /\n" in run.stdout, "not in a folder with a pip.py"
    assert "pip did not bring pyspark==3.5.* (exit code 1)" in run.stdout
    assert "no index here" in run.stderr
    after = run.stdout[run.stdout.rindex("$ "):]
    assert "ok       ipykernel: 9.8.7" in after
    assert "missing  pyspark" in after
    assert run.returncode == 1, "what is still missing counts"


def test_fix_as_json_keeps_pip_out_of_stdout(environment, bare_python, recorded):
    run = fix(environment, "--json", "--python", bare_python)
    report = json.loads(run.stdout)
    found = {finding["name"]: finding for finding in report["findings"]}
    assert found["ipykernel"]["text"] == "9.8.7"
    assert "Collecting ipykernel" in run.stderr
    assert (run.returncode, report["ok"]) == (1, False)


def test_without_fix_nothing_is_installed(environment, bare_python, recorded):
    code, text = doctor(environment, "--python", bare_python)
    assert code == 1
    assert not recorded.exists()
    assert f"{PROGRAM.resolve()} doctor --fix --python {bare_python}" in text


def test_fix_with_nothing_to_do(environment):
    run = fix(environment, "--python", sys.executable)
    assert run.returncode == 0
    assert run.stdout.startswith("Nothing is missing that pip could bring.")
    assert "$ " not in run.stdout


def test_a_python_without_pip_is_told_how_to_get_it(environment, bare_python):
    run = fix(environment, "--python", bare_python)
    assert run.returncode == 1
    assert f"{bare_python} has no pip" in run.stdout
    assert "$ " not in run.stdout
    _, found = findings(environment, "--python", bare_python)
    command, _, then = found["pip"]["advice"].partition(" && ")
    subprocess.run(shlex.split(command), check=True, timeout=120, capture_output=True)
    _, found = findings(environment, "--python", bare_python)
    assert "pip" not in found, "the advice was good"
    assert shlex.split(then) == [
        str(PROGRAM.resolve()), "doctor", "--fix", "--python", str(bare_python)
    ]


@pytest.mark.parametrize("version, state", [("3.5.8", "ok"), ("4.0.1", "note")])
def test_another_spark_than_ours_is_told(environment, bare_python, version, state):
    site = next((bare_python.parent.parent / "lib").glob("python*/site-packages"))
    (site / "pyspark/jars").mkdir(parents=True)
    (site / "pyspark/__init__.py").touch()
    info = site / f"pyspark-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: pyspark\nVersion: {version}\n")
    _, found = findings(environment, "--python", bare_python)
    assert found["pyspark"]["state"] == state
    assert found["pyspark"]["text"].startswith(version)
    assert ("3.5" in (found["pyspark"]["advice"] or "")) == (state == "note")


def test_a_wrong_java_home_is_told(environment, tmp_path):
    environment["JAVA_HOME"] = str(tmp_path)
    well, found = findings(environment, "--python", sys.executable)
    assert well
    assert str(tmp_path) in found["JAVA_HOME"]["text"]


def test_no_python_at_all(environment):
    well, found = findings(environment, "--python", "/nowhere/python")
    assert not well
    assert "/nowhere/python" in found["Python"]["text"]
    assert "SYNAPSE_KERNEL_PYTHON" in found["Python"]["text"]


def test_python_of_the_variable(environment, bare_python):
    environment["SYNAPSE_KERNEL_PYTHON"] = str(bare_python)
    _, found = findings(environment)
    assert str(bare_python) in found["Python"]["text"]
    assert "SYNAPSE_KERNEL_PYTHON" in found["Python"]["text"]


def test_a_runtime_folder_that_others_can_read(environment):
    folder = Path(environment["XDG_RUNTIME_DIR"]) / "synapse-kernel"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    well, found = findings(environment, "--python", sys.executable)
    assert not well
    assert "0700" in found["runtime folder"]["advice"]


def test_a_server_that_runs(environment):
    folder = Path(environment["XDG_RUNTIME_DIR"]) / "synapse-kernel"
    folder.mkdir(mode=0o700)
    _, found = findings(environment, "--python", sys.executable)
    assert found["local Spark server"]["text"].startswith("not running")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "server.sock"))
        server.listen()
        _, found = findings(environment, "--python", sys.executable)
    assert found["local Spark server"]["text"] == "running"


def test_kernelspecs_that_start_us(environment):
    """Under a name of its own: an environment's `synapse` hides the user's."""
    subprocess.run([PROGRAM, "install", "--user", "--name", "mine",
                    "--python", sys.executable],
                   env=environment, check=True, timeout=120, capture_output=True)
    _, found = findings(environment, "--python", sys.executable)
    assert environment["HOME"] in found["kernelspec mine"]["text"]
    assert "VS Code" not in found


def test_an_unknown_option(environment):
    run = subprocess.run([PROGRAM, "doctor", "--frob"], env=environment,
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == 2
    assert "--frob" in run.stderr
