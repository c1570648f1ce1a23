"""Fixtures of the conformance suite: an endpoint, and sessions on it.

LIVY_URL names the endpoint: http://…, https://…, or unix:/path/to.sock. Without it
the local server of this project is started in a temporary folder, with a lease, and
stopped at the end; what it leaves behind is an error.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Iterator

import pytest

from livy_http import Endpoint
from livy_server import Lease, LocalServer
from livy_session import Session

TEST_SECONDS = 300


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds by itself")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test has an end, whatever the endpoint does."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
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
    """One session a kind for the whole run, replaced when a test has damaged it."""

    def __init__(self, endpoint: Endpoint):
        self.endpoint = endpoint
        self.held: dict[str, Session] = {}

    def get(self, kind: str) -> Session:
        session = self.held.get(kind)
        if session is not None and self.is_usable(session):
            return session
        if session is not None:
            session.end()
        self.held[kind] = Session.start(self.endpoint, kind=kind)
        return self.held[kind]

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
