"""`python tests/azure/simulator [--port N]`: stand here and print what a client needs.

Until Ctrl-C. The proxy's log goes to standard error, a line a request.
"""

import argparse
import pathlib
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from simulator.app import Simulator  # noqa: E402
from simulator.directory import (  # noqa: E402
    COMPUTE,
    FABRIC_WORKSPACE,
    GROUP,
    LAKEHOUSE,
    SUBSCRIPTION,
    WORKSPACE,
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of the proxy")
    parser.add_argument(
        "--credential", default="secret", help="secret, none, imds, app_service, …"
    )
    options = parser.parse_args()
    simulator = Simulator(port=options.port)
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    for name, value in simulator.environment(options.credential).items():
        print(f"export {name}='{value}'" if value else f"unset {name}")
    print(f"# %synapse start -c {COMPUTE} -s {SUBSCRIPTION} -r {GROUP} -w {WORKSPACE}")
    print(f"# %synapse start -c fabric:{FABRIC_WORKSPACE}/{LAKEHOUSE}")
    for name, url in simulator.endpoints().items():
        print(f"# endpoints.{name}: {url}")
    print("# token endpoints of the machine:")
    for kind in ("imds", "app_service", "azure_ml", "cloud_shell"):
        print(f"#   {kind}: {simulator.identity_environment(kind)}", flush=True)
    seen = 0
    while not ending.wait(0.2):
        entries = simulator.log.find()
        for entry in entries[seen:]:
            print(entry, file=sys.stderr, flush=True)
        seen = len(entries)
        for device in simulator.login.devices:
            if device.state == "pending" and device.polls > 2:
                simulator.login.approve(device.user_code)
                print(f"# approved {device.user_code}", file=sys.stderr, flush=True)
    simulator.stop()


main()
