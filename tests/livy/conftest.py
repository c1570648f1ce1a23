"""Fixtures of the conformance suite: an endpoint, and sessions on it.

LIVY_URL names the endpoint: http://…, https://…, or unix:/path/to.sock. Without it
the local server of this project is started in a temporary folder, with a lease, and
stopped at the end; what it leaves behind is an error. LIVY_DIALECT=synapse or fabric: the
simulated service of tests/azure in front of a local Spark.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path.append(str(TESTS / "remote"))  # livy_prologue uses it
sys.path.append(str(TESTS / "azure"))  # livy_http and livy_dialect do

from livy_http import Endpoint  # noqa: E402
from livy_prologue import PrologueSession  # noqa: E402
from livy_server import Lease, LocalServer  # noqa: E402
from livy_session import Session  # noqa: E402

DIALECT = os.environ.get("LIVY_DIALECT", "")
if DIALECT:
    from livy_dialect import DialectEndpoint, Simulator, reason_of  # noqa: E402

TEST_SECONDS = 300
HELD_SESSIONS = 2


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds by itself")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test has an end, whatever the endpoint does."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))
        reason = DIALECT and reason_of(f"{item.path.name}::{item.originalname}")
        if reason:
            item.add_marker(pytest.mark.skip(reason=f"{DIALECT}: {reason}"))


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    if DIALECT:
        simulator = Simulator()
        yield DialectEndpoint(simulator, DIALECT)
        running, faults = simulator.running(), simulator.faults
        simulator.stop()
        assert not running and not faults, (running, faults)
        return
    url = os.environ.get("LIVY_URL", "")
    if not url:
        with LocalServer(tmp_path_factory.mktemp("server")) as server:
            yield server.endpoint
        return
    endpoint = Endpoint(url.rstrip("/"))
    if not url.startswith("unix:"):
        yield endpoint
        return
    folder = tmp_path_factory.mktemp("work")
    with Lease(endpoint, folder) as lease:
        endpoint.headers["X-Synapse-Lease"] = lease.id
        endpoint.is_ours = True
        yield endpoint


class Sessions:
    """Sessions for the whole run, one of a sort, replaced when a test has damaged it.
    No more than two are held at once: each is a Spark."""

    def __init__(self, endpoint: Endpoint):
        self.endpoint = endpoint
        self.held: dict[tuple[str, type[Session]], Session] = {}
        self.failed: set[tuple[str, type[Session]]] = set()

    def get(self, kind: str, sort: type[Session] = Session) -> Session:
        session = self.held.pop((kind, sort), None)
        if session is not None and not self.is_usable(session):
            session.end()
            session = None
        if session is None:
            session = self.start(kind, sort)
        self.held[kind, sort] = session  # the last one is the one used last
        return session

    def start(self, kind: str, sort: type[Session]) -> Session:
        """Try once: what can't start would else start a Spark for each test."""
        if (kind, sort) in self.failed:
            pytest.fail("the session did not start: see the first such test")
        while len(self.held) >= HELD_SESSIONS:
            self.held.pop(next(iter(self.held))).end()
        self.failed.add((kind, sort))
        session = sort.start(self.endpoint, kind=kind)
        self.failed.discard((kind, sort))
        return session

    def is_usable(self, session: Session) -> bool:
        """Idle, or idle after one more statement.

        Livy goes on saying "busy" when the newest statement was cancelled while it
        waited.
        """
        try:
            state = session.state()
            if state == "busy":
                code = {"spark": "1", "sql": "select 1"}.get(session.info["kind"], "0")
                session.run(code, seconds=10)
                state = session.state()
        except AssertionError:
            return False
        return state == "idle"

    def end(self) -> None:
        for session in self.held.values():
            session.end()
        self.held.clear()


@pytest.fixture(scope="session")
def sessions(endpoint: Endpoint) -> Iterator[Sessions]:
    held = Sessions(endpoint)
    yield held
    held.end()


@pytest.fixture
def pyspark(sessions: Sessions) -> Session:
    """The run's PySpark session, idle. Tests share it: their names must not clash."""
    return sessions.get("pyspark")


@pytest.fixture(scope="session", params=["plain", "prologue"])
def sort(request: pytest.FixtureRequest) -> type[Session]:
    return {"plain": Session, "prologue": PrologueSession}[request.param]


@pytest.fixture
def cells(sessions: Sessions, sort: type[Session]) -> Session:
    """A PySpark session, idle: a plain one, then one with the prologue, whose cells run
    as the kernel runs them."""
    return sessions.get("pyspark", sort)


@pytest.fixture
def scala(sessions: Sessions) -> Session:
    """The run's session of kind `spark`, idle."""
    return sessions.get("spark")


@pytest.fixture
def new_session(endpoint: Endpoint) -> Iterator[Callable[..., Session]]:
    """Make sessions that end with the test: new_session(wait=False, kind="sql")."""
    made: list[Session] = []

    def make(wait: bool = True, **body: object) -> Session:
        session = Session.post(endpoint, **body)
        made.append(session)
        if wait:
            session.wait_state("idle")
        return session

    yield make
    for session in made:
        session.end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that this test and, when on the same machine, the server can read."""
    tmp_path.chmod(0o755)
    return tmp_path
