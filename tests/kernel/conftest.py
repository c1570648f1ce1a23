"""A kernelspec for the built binary, in a place of its own; a limit for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from harness import Kernel, running, wait_gone, write_spec

TEST_SECONDS = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test has an end, whatever the kernel does."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session", autouse=True)
def spec_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the kernelspecs of the tests are; no others are seen."""
    folder = tmp_path_factory.mktemp("jupyter")
    write_spec(folder, "synapse")
    patch = pytest.MonkeyPatch()
    patch.setenv("JUPYTER_PATH", str(folder))
    patch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("connections")))
    patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
    patch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def module_runtime_dir() -> Iterator[str]:
    """The private folders of a module's kernels: a short path, for sockets."""
    folder = tempfile.mkdtemp(prefix="sk-", dir="/tmp")
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = folder
    yield folder
    if before is None:
        del os.environ["XDG_RUNTIME_DIR"]
    else:
        os.environ["XDG_RUNTIME_DIR"] = before
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def runtime_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same for one test; at its end nothing may be left."""
    folder = tempfile.mkdtemp(prefix="sk-", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    yield folder
    wait_gone(folder, seconds=5)
    os.rmdir(folder)


@pytest.fixture(scope="module")
def shared_kernel(module_runtime_dir: str) -> Iterator[Kernel]:
    with running() as kernel:
        yield kernel
    wait_gone(module_runtime_dir, seconds=5)


@pytest.fixture
def kernel(shared_kernel: Kernel) -> Kernel:
    """A kernel that the tests of a module share; they leave it idle."""
    result = shared_kernel.run("%reset -f")
    assert result.status == "ok", result.content
    return shared_kernel


@pytest.fixture
def own_kernel(runtime_dir: str) -> Iterator[Kernel]:
    """A kernel for one test that may break it."""
    with running() as kernel:
        yield kernel
