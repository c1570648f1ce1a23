"""What the sessions of one notebook share, and what a lost lease leaves."""
import types

import pytest

from local_spark.registry import Registry
from local_spark.sessions import DEAD, IDLE


@pytest.fixture
def registry(tmp_path):
    return Registry(str(tmp_path), log=lambda text: None)


def add(registry, lease, memory, state=IDLE):
    session = types.SimpleNamespace(lease=lease, memory=memory, state=state)
    registry.sessions[len(registry.sessions)] = session


@pytest.mark.parametrize(
    "others, expected",
    [
        ([], "4g"),
        ([("a", "1g", IDLE)], "3g"),
        ([("a", "4g", IDLE)], "1g"),
        ([("a", "4g", IDLE), ("a", "1g", IDLE)], "1g"),
        ([("a", "4g", DEAD)], "4g"),
        ([("b", "4g", IDLE)], "4g"),
        ([("a", "much", IDLE)], "1g"),
    ],
)
def test_a_further_session_gets_what_is_left(registry, others, expected):
    for lease, memory, state in others:
        add(registry, lease, memory, state)
    assert registry.share_for("a", "4g") == expected


def test_without_a_lease_nothing_is_shared(registry):
    add(registry, None, "4g")
    assert registry.share_for(None, "4g") == "4g"


def test_a_lease_that_is_over_takes_the_kernels_state_along(registry, tmp_path):
    registry.state_folder = str(tmp_path)
    mine, other = tmp_path / "sessions-aa.json", tmp_path / "sessions-bb.json"
    mine.write_text("{}")
    other.write_text("{}")
    registry.lease_over("aa")
    registry.lease_over("../aa")
    assert not mine.exists() and other.exists()
