#!/usr/bin/env python3
"""How long completion of a Spark cell takes, idle and while cells run.

    .venv/bin/python bench/completion.py [--count N]

Prints median, 95th percentile and the share that found its match. Needs the kernelspec
`synapse`; starts a local session.
"""

from __future__ import annotations

import argparse
import time

from jupyter_client.manager import start_new_kernel

CODE = "%%synapse\ndf.zo"
BUSY = {
    "idle": None,
    "time.sleep": "import time; time.sleep(3600)",
    "busy loop": "while True: pass",
    "Spark job": "spark.range(10**12).selectExpr('sum(id * 3 % 7)').collect()",
}


def reply_to(client, msg_id):
    while True:
        message = client.get_shell_msg(timeout=60)
        if message["parent_header"].get("msg_id") == msg_id:
            return message["content"]


def times(client, count: int) -> tuple[list[float], int]:
    """Seconds of each completion, sorted, and how many found the name."""
    taken, found = [], 0
    for _ in range(count):
        begin = time.perf_counter()
        found += "zone" in reply_to(client, client.complete(CODE))["matches"]
        taken.append(time.perf_counter() - begin)
        time.sleep(0.05)
    return sorted(taken), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    count = parser.parse_args().count
    manager, client = start_new_kernel(kernel_name="synapse")
    try:
        for code in ("%synapse start", "%%synapse\ndf = spark.sql(\"select 'a' as zone\")"):
            assert client.execute_interactive(code, timeout=300)["content"]["status"] == "ok"
        times(client, 5)
        for name, code in BUSY.items():
            running = client.execute("%%synapse\n" + code) if code else None
            time.sleep(2 if code else 0)
            taken, found = times(client, count)
            print("%-10s  median %4.0f ms   p95 %4.0f ms   found %d of %d" % (
                name, taken[count // 2] * 1000, taken[int(count * 0.95)] * 1000, found, count))
            if running:
                manager.interrupt_kernel()
                reply_to(client, running)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


if __name__ == "__main__":
    main()
