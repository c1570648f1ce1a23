"""`start --managed` on this machine: its size, cold and warm, and what meta says of it."""
import json
import os
import re
import subprocess
import time

import pytest

from notebook_kernel import BINARY

pytestmark = pytest.mark.timeout(300)
START = "%synapse start --managed --instance-type standard_e4s_v3 -n 6 -t 30"


def seconds_between(first, second):
    times = [time.mktime(time.strptime(t, "%Y-%m-%d %H:%M:%S")) for t in (first, second)]
    return times[1] - times[0]


def wait_for_standby(runtime):
    """Until the driver that takes the place of a stopped one has come up: then its CPU
    time stands still."""
    environment = dict(os.environ, XDG_RUNTIME_DIR=str(runtime))
    used = -1.0
    for _ in range(60):
        time.sleep(2)
        out = subprocess.run([BINARY, "top", "--json"], env=environment, timeout=60,
                             capture_output=True, text=True).stdout
        rows = [row for row in json.loads(out) if row["state"] == "standby"]
        now = rows[0]["cpu_seconds"] if rows else -1.0
        if rows and now > 3 and now - used < 0.1:
            return
        used = now
    raise AssertionError("no stand-by came up: %s" % out)


def test_cold_then_warm_with_the_moments_of_each(kernel, runtime):
    text = kernel.ok(START + " --runtime-version 3.2").text
    assert "6 executors of standard_e4s_v3 would be 24 cores, 168 GB" in text
    assert "room for less than was asked for: driver memory" in text
    assert re.search(r"Spark 3\.[3-9]\S* is installed here, and 3\.2 was asked for", text)
    shown = kernel.ok("%synapse meta")
    assert "torn_down_at" in shown.stdout and "cold start in" in shown.data()[0]
    (picture,) = shown.data("image/svg+xml")
    assert "still warm" in picture and "<script" not in picture
    told = kernel.ok("m = %synapse meta\nm")
    assert not told.data("image/svg+xml")
    kernel.ok("assert m['start'] == 'cold' and m['is_managed'], m\n"
              "assert m['instance_type'] == 'standard_e4s_v3', m\n"
              "assert m['identity_type'] == 'user' and m['timeout_minutes'] == 30, m")
    meta = json.loads(kernel.ok("%synapse meta").stdout)
    assert seconds_between(meta["idle_since"], meta["ends_at"]) == 30 * 60
    assert seconds_between(meta["ends_at"], meta["torn_down_at"]) == 10 * 60

    kernel.ok("%synapse stop")
    wait_for_standby(runtime)
    kernel.ok(START.replace("--managed", "--serverless"))
    kernel.ok("m = %synapse meta\nassert m['start'] == 'warm', m")
    listed = kernel.ok("%synapse session list")
    assert "torn down at" in listed.data()[0] and "<svg" in listed.data("text/html")[0]
    kernel.ok("%synapse stop --now")


@pytest.mark.parametrize("line, words", [
    ("--managed --instance-type standard_e4_v3", "Did you mean standard_e4s_v3?"),
    ("--managed --runtime-version 3.44", "Did you mean 3.4?"),
    ("--managed -s a -r b -w c", "no public interface for interactive sessions"),
    ("--managed -c pool", "leave one of them out"),
])
def test_what_can_not_be_says_what_works(kernel, line, words):
    assert words in kernel.fails("%synapse start " + line).text
