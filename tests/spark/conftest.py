"""Kernels on a real local Spark of their own, away from the user's."""
import os
import pathlib
import shutil
import sys
import tempfile
import time

import psutil
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from notebook_kernel import NotebookKernel, write_kernelspec  # noqa: E402


@pytest.fixture(scope="session")
def jupyter_path(tmp_path_factory):
    return write_kernelspec(tmp_path_factory.mktemp("jupyter"))


@pytest.fixture(scope="module")
def runtime():
    """A private runtime folder, short enough for socket paths; empty at the end."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sk-"))
    yield folder
    end = time.monotonic() + 40
    while left_in(folder) and time.monotonic() < end:
        time.sleep(0.2)
    left = left_in(folder)
    shutil.rmtree(folder, ignore_errors=True)
    assert not left, "left behind: %s" % left


def left_in(folder):
    """Sockets, files and processes that still use a runtime folder."""
    files = [  # os.walk, unlike rglob, takes a folder that vanishes meanwhile
        os.path.join(place, name)
        for place, _, names in os.walk(folder)
        for name in names
    ]
    files = [f for f in files if not f.endswith((".lock", ".log"))]
    return files + processes_of(folder)


def processes_of(folder):
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "environ", "status"]):
        is_dead = process.info["status"] == psutil.STATUS_ZOMBIE
        if process.pid == os.getpid() or is_dead:
            continue
        words = (process.info["cmdline"] or []) + [
            (process.info["environ"] or {}).get("XDG_RUNTIME_DIR", "")
        ]
        if any(str(folder) in word for word in words):
            found.append("%d %s" % (process.pid, " ".join(words)[:120]))
    return found


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def kernel(jupyter_path, folder, runtime):
    kernel = NotebookKernel(jupyter_path, folder, runtime)
    yield kernel
    kernel.shutdown()


@pytest.fixture(
    scope="module", params=["local"] + ["livy"] * ("LIVY_URL" in os.environ)
)
def spark(request, jupyter_path, runtime, tmp_path_factory):
    """A kernel with a started session, shared by the tests of a module: on local Spark,
    and on the server at LIVY_URL where that is set (`-k livy` for that one alone)."""
    kernel = NotebookKernel(jupyter_path, tmp_path_factory.mktemp("notebook"), runtime)
    start = "%synapse start"
    if request.param == "livy":
        start += " --livy " + os.environ["LIVY_URL"]
    try:
        kernel.ok(start, limit=300)
        yield kernel
    finally:
        kernel.shutdown()
