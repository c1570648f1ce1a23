"""Runs of notebooks that tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from notebook_runs import Runs  # noqa: E402


@pytest.fixture(scope="session")
def runs_of(tmp_path_factory):
    """Runs of a notebook by its name, executed once however many tests look at them."""
    done: dict[str, Runs] = {}

    def look_up(name: str) -> Runs:
        if name not in done:
            done[name] = Runs(name, tmp_path_factory.mktemp(Path(name).stem))
        return done[name]

    return look_up
