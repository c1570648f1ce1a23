#!/usr/bin/env python3
"""This kernel and sparkmagic side by side, in one run on one endpoint.

    bench/side-by-side [--quick] [--only NAME]… [--endpoint local|livy]

Runs on a local server of its own, and with LIVY_URL=http://host:8998 on that Livy too.
Medians of interleaved repeats; a table as text and one as Markdown. Nothing here is a
test: times depend on the machine, and ratios less so. Needs the kernelspec `synapse` in
the Python that runs this, or SYNAPSE_KERNEL_BINARY.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable

import psutil

import dataframes_out
import report
import spark_like_local
from clients import Client, Ours, Sparkmagic
from endpoint import Endpoint, PlainClient, Server
from wire import argv_of_kernelspec

NAMES = ["live", "interrupt", "error", "overhead", "out", "many"]


def argv_of_ours() -> list[str]:
    binary = os.environ.get("SYNAPSE_KERNEL_BINARY")
    if not binary:
        return argv_of_kernelspec("synapse")
    return [binary, "kernel", "--python", sys.executable, "-f", "{connection_file}"]


def measurements(
    ours: Ours, theirs: Sparkmagic, plain: PlainClient, few: bool
) -> dict[str, Callable[[], list[report.Row]]]:
    repeats = 1 if few else 3
    return {
        "live": lambda: spark_like_local.live(ours, theirs, repeats),
        "interrupt": lambda: spark_like_local.interrupts(ours, theirs, repeats),
        "error": lambda: spark_like_local.errors(ours, theirs),
        "overhead": lambda: spark_like_local.overhead(ours, theirs, plain,
                                                      30 if few else 200),
        "out": lambda: dataframes_out.one_million(ours, theirs, plain, 1 if few else 5),
        "many": lambda: dataframes_out.ten_million(ours),
    }


def measure(endpoint: Endpoint, options: argparse.Namespace) -> list[report.Row]:
    print(f"starting both on {endpoint.name} …", flush=True)
    clients: list[Client] = []
    rows: list[report.Row] = []
    try:
        clients.append(Ours(argv_of_ours(), endpoint))
        clients.append(Sparkmagic(endpoint))
        plain = PlainClient(endpoint)
        for name, run in measurements(*clients, plain, options.quick).items():
            if not options.only or name in options.only:
                print(f"measuring: {name} …", flush=True)
                try:
                    found = run()
                except (RuntimeError, AssertionError, OSError) as problem:
                    found = [report.Row(name, "failed", is_met=False)]
                    print(problem, file=sys.stderr)
                for row in found:
                    print(f"   {row.what}: {row.ours}; {row.other}", flush=True)
                rows += found
    finally:
        for client in clients:
            client.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few repeats")
    parser.add_argument("--only", action="append", choices=NAMES)
    parser.add_argument("--endpoint", choices=["local", "livy"])
    options = parser.parse_args()
    url = os.environ.get("LIVY_URL")
    if options.endpoint == "livy" and not url:
        parser.error("set LIVY_URL=http://host:8998")

    tables: dict[str, list[report.Row]] = {}
    if options.endpoint != "livy":
        server = Server()
        try:
            tables[server.name] = measure(server, options)
        finally:
            server.close()
    if url and options.endpoint != "local":
        livy = Endpoint("Apache Livy", url)
        tables[livy.name] = measure(livy, options)

    print(f"\n{platform.machine()}, {psutil.cpu_count()} cores, "
          f"{psutil.virtual_memory().total / 2**30:.0f} GB, "
          f"Python {platform.python_version()}")
    for show in (report.show, report.show_markdown):
        for name, rows in tables.items():
            print(f"\nOn {name}\n")
            show(rows)


if __name__ == "__main__":
    main()
