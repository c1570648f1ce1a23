"""`synapse-kernel install` writes kernelspecs that Jupyter can start."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("SYNAPSE_KERNEL_BINARY", ROOT / "build/synapse-kernel"))


@pytest.fixture
def environment(tmp_path) -> dict:
    """A user who has nothing: no environment active, an empty home."""
    kept = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    kept |= {name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")}
    (tmp_path / "home").mkdir()
    return kept | {"HOME": str(tmp_path / "home")}


def install(environment: dict, *words, code: int = 0, **options):
    run = subprocess.run(
        [PROGRAM, "install", *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        **options,
    )
    assert run.returncode == code, run.stderr + run.stdout
    return run


def spec_in(folder: Path, name: str = "synapse") -> dict:
    return json.loads((folder / "kernels" / name / "kernel.json").read_text())


def test_prefix(environment, tmp_path):
    install(environment, "--prefix", tmp_path / "p", "--python", sys.executable)
    spec = spec_in(tmp_path / "p/share/jupyter")
    assert spec["argv"][0] == str(PROGRAM.resolve())
    assert spec["argv"][1] == "kernel"
    assert spec["argv"][spec["argv"].index("--python") + 1] == sys.executable
    assert spec["argv"][spec["argv"].index("-f") + 1] == "{connection_file}"
    version = ".".join(map(str, sys.version_info[:3]))
    assert spec["argv"][spec["argv"].index("--language-version") + 1] == version
    assert spec["display_name"] == "Python + Spark (Synapse)"
    assert spec["language"] == "python"
    assert spec["interrupt_mode"] == "message"
    assert spec["metadata"]["supported_encryption"] == ["curve"]
    assert spec["metadata"]["debugger"] is ("--debugger" in spec["argv"])


def test_jupyter_lists_it_with_its_logos(environment, tmp_path):
    install(environment, "--prefix", tmp_path, "--python", sys.executable)
    manager = KernelSpecManager(kernel_dirs=[str(tmp_path / "share/jupyter/kernels")])
    folder = Path(manager.get_all_specs()["synapse"]["resource_dir"])
    names = {path.name for path in folder.iterdir()}
    assert names == {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444, path


def test_user_is_the_default(environment):
    install(environment, "--python", sys.executable)
    spec_in(Path(environment["HOME"]) / ".local/share/jupyter")


@pytest.mark.parametrize(
    "variable, below", [("JUPYTER_DATA_DIR", ""), ("XDG_DATA_HOME", "jupyter")]
)
def test_user_folder_is_where_jupyter_looks(environment, tmp_path, variable, below):
    environment[variable] = str(tmp_path / "data")
    install(environment, "--user", "--python", sys.executable)
    spec_in(tmp_path / "data" / below)


def test_sys_prefix_is_that_of_the_python(environment, tmp_path):
    """A fresh environment without packages: installed all the same, with a note."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"],
                   check=True, timeout=120)
    python = tmp_path / "env/bin/python"
    run = install(environment, "--sys-prefix", "--python", python)
    spec = spec_in(tmp_path / "env/share/jupyter")
    assert str(python) in spec["argv"], "the environment's link is kept, not resolved"
    assert "no ipykernel" in run.stdout
    assert "--debugger" not in spec["argv"]


def test_active_environment_comes_before_path(environment, tmp_path):
    environment["VIRTUAL_ENV"] = sys.prefix
    install(environment, "--prefix", tmp_path)
    assert sys.executable in spec_in(tmp_path / "share/jupyter")["argv"]


def test_relative_paths_become_absolute(environment, tmp_path):
    (tmp_path / "bin").mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"],
                   check=True, timeout=120)
    install(environment, "--prefix", "p", "--python", "env/bin/python", cwd=tmp_path)
    argv = spec_in(tmp_path / "p/share/jupyter")["argv"]
    assert argv[argv.index("--python") + 1] == str(tmp_path / "env/bin/python")


def test_name_and_display_name(environment, tmp_path):
    install(environment, "--prefix", tmp_path, "--python", sys.executable,
            "--name", "spark-2", "--display-name", 'Mine "é"')
    spec = spec_in(tmp_path / "share/jupyter", "spark-2")
    assert spec["display_name"] == 'Mine "é"'


def test_all_adds_the_kernel_whose_cells_are_spark(environment, tmp_path):
    install(environment, "--prefix", tmp_path, "--python", sys.executable, "--all")
    plain = spec_in(tmp_path / "share/jupyter")
    spark = spec_in(tmp_path / "share/jupyter", "synapse_pyspark")
    assert spark["argv"] == plain["argv"] + ["--default-language", "pyspark"]


def test_installing_twice_is_the_same_as_once(environment, tmp_path):
    for _ in range(2):
        install(environment, "--prefix", tmp_path, "--python", sys.executable)
    assert len(list((tmp_path / "share/jupyter/kernels/synapse").iterdir())) == 4


@pytest.mark.parametrize(
    "words, code, says",
    [
        (["--python", "/nowhere/python"], 1, "/nowhere/python"),
        (["--python", "/bin/true"], 1, "/bin/true"),
        (["--python", "no-such-python"], 1, "no-such-python"),
        (["--user", "--sys-prefix"], 2, "exclude each other"),
        (["--prefix"], 2, "--prefix"),
        (["--prefix", ""], 2, "--prefix"),
        (["--frobnicate"], 2, "--frobnicate"),
        (["--name", "../up"], 2, "../up"),
        (["--name", ""], 2, "kernelspec"),
        (["extra"], 2, "extra"),
    ],
)
def test_mistakes_are_told_and_write_nothing(environment, words, code, says):
    run = install(environment, *words, code=code)
    assert says in run.stderr
    assert run.stdout == ""
    assert list(Path(environment["HOME"]).iterdir()) == []


def test_a_prefix_that_is_a_file(environment, tmp_path):
    (tmp_path / "file").write_text("")
    run = install(environment, "--prefix", tmp_path / "file", "--python", sys.executable,
                  code=1)
    assert str(tmp_path / "file") in run.stderr and "--prefix" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_prefix_that_is_not_writable(environment, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    run = install(environment, "--prefix", tmp_path / "locked", "--python",
                  sys.executable, code=1)
    assert "Permission denied" in run.stderr


def test_no_home(environment):
    del environment["HOME"]
    run = install(environment, "--python", sys.executable, code=1)
    assert "HOME" in run.stderr and "--prefix" in run.stderr


def test_help_names_every_option(environment):
    out = install(environment, "--help").stdout
    for option in ("--user", "--sys-prefix", "--prefix", "--python", "--name",
                   "--display-name", "--all"):
        assert option in out
