"""The simulated Azure, and kernels that reach it through the inspecting proxy."""

from __future__ import annotations

import pathlib
import sys
from typing import Iterator

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.append(str(HERE.parent / "spark"))

from azure_http import Client  # noqa: E402
from azure_kernel import Place  # noqa: E402
from notebook_kernel import write_kernelspec  # noqa: E402
from simulator.app import Simulator  # noqa: E402
from simulator.certificates import Certificates  # noqa: E402
from simulator.cluster import Cluster  # noqa: E402


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One local server for the whole run; its Spark starts with the first session."""
    cluster = Cluster()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    return Certificates()


@pytest.fixture
def azure(cluster: Cluster, certificates: Certificates) -> Iterator[Simulator]:
    """A fresh simulated Azure. What still runs in it at the end is an error."""
    simulator = Simulator(cluster, certificates)
    yield simulator
    running, faults = simulator.running(), simulator.faults
    simulator.stop()
    assert not running, f"sessions left running: {[each.id for each in running]}"
    assert not faults, f"the simulator failed: {faults}"


@pytest.fixture
def client(azure: Simulator) -> Client:
    return Client(azure)


@pytest.fixture(scope="session")
def jupyter_path(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return write_kernelspec(tmp_path_factory.mktemp("jupyter"))


@pytest.fixture
def place(jupyter_path: pathlib.Path) -> Iterator[Place]:
    place = Place(jupyter_path)
    yield place
    place.remove()
