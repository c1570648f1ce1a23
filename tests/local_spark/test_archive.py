"""The class-data archive: built once, used by the next session, never in the way."""

import os
import subprocess
import sys

import pytest

from conftest import FOLDER, Client, Lease, Server
from local_spark import archive, archive_builder
from local_spark.driver_process import session_members


def build(environment):
    command = [sys.executable, FOLDER, "archive"]
    environment = dict(os.environ, **environment)
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=280
    )


@pytest.mark.skipif("SYNAPSE_TEST_LONG" not in os.environ, reason="takes a minute")
@pytest.mark.timeout(400)
def test_it_is_built_once_and_mapped_by_the_next_session(short_folder):
    cache = os.path.join(short_folder, "cache")
    place = {"XDG_CACHE_HOME": cache, archive.SITE_VARIABLE: ""}
    first = build(place)
    assert first.returncode == 0, first.stderr
    assert "Built " in first.stdout
    made = os.listdir(os.path.join(cache, "synapse-kernel"))
    assert not [name for name in made if name.endswith(".part")]
    is_mapped_by_a_session(short_folder, cache, place)


@pytest.mark.timeout(400)
def test_one_that_is_there_is_mapped_by_a_session(short_folder):
    """That of the user, which scripts/setup has built."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    is_mapped_by_a_session(short_folder, home, {"XDG_CACHE_HOME": home})


def is_mapped_by_a_session(short_folder, cache, place):
    again = build(place)
    assert again.returncode == 0 and "is there" in again.stdout
    server = Server(os.path.join(short_folder, "run"))
    lease = Lease(server.path, "a", short_folder, environment=place)
    try:
        client = Client(server.path, "a")
        view = client.start()
        assert view["state"] == "idle", view["log"]
        leader = int(client.text(view["id"], "import os\nos.getsid(0)"))
        maps = []
        for pid in session_members(leader):
            with open("/proc/%d/maps" % pid) as file:
                maps.append(file.read())
        assert any(cache in text for text in maps)
    finally:
        client.delete("/leases/a")
        lease.drop()
        server.process.wait(20)


def test_a_place_that_cant_be_written_is_told(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    place = {"XDG_CACHE_HOME": str(blocked), archive.SITE_VARIABLE: str(blocked / "x")}
    run = build(place)
    assert run.returncode == 1
    assert "can't be written" in run.stderr and "Traceback" not in run.stderr


def test_half_made_ones_are_taken_away(tmp_path):
    (tmp_path / "spark-1.jsa.part").write_text("half")
    (tmp_path / "spark-2.jsa").write_text("whole")
    archive_builder.remove_leftovers(str(tmp_path))
    assert os.listdir(tmp_path) == ["spark-2.jsa"]
