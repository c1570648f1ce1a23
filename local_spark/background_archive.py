"""Has the class-data archive built while the server has nothing else to do.

Once a server, at the lowest priority, by a process of the session's own Python: the
next session, this kernel's or another's, starts in a third of the time.
"""

import os
import signal
import subprocess
import threading
from typing import Callable, Optional

from . import sizes
from .driver_process import FOLDER, DriverProcess, kill_process_session

QUIET = 15.0  # seconds without work before the builder may start
ROOM = 3 * sizes.GB


class BackgroundArchive:
    def __init__(self, machine: sizes.Machine, log: Callable):
        self.machine = machine
        self.log = log
        self.tried = False
        self.process: Optional[subprocess.Popen] = None
        self.python: Optional[str] = None
        self.environment: dict = {}
        self.quiet_since: Optional[float] = None

    def notice(self, driver: DriverProcess) -> None:
        """A driver came up; one without an archive is the reason to build one."""
        if driver.ready is not None and driver.ready.get("archive") is None:
            self.python = driver.spec.python
            self.environment = driver.spec.environment

    def tick(self, now: float, idle: bool) -> None:
        """Main thread. `idle`: no session has anything to do."""
        if self.tried or self.python is None:
            return
        if not idle:
            self.quiet_since = None
            return
        self.quiet_since = self.quiet_since or now
        if now - self.quiet_since < QUIET:
            return
        self.tried = True
        if self.machine.memory_available() >= ROOM:
            self.start()

    def start(self) -> None:
        environment = dict(os.environ)
        environment.update({k: str(v) for k, v in self.environment.items() if v})
        try:
            self.process = subprocess.Popen(
                [str(self.python), FOLDER, "archive"],
                env=environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=lambda: os.nice(19),
            )
        except OSError as problem:
            self.log("the archive's builder did not start: %s" % problem)
            return
        threading.Thread(target=self.process.wait, daemon=True).start()

    def end(self) -> None:
        """The builder's own driver ends by itself when the builder is gone."""
        if self.process is not None and self.process.poll() is None:
            try:
                os.kill(self.process.pid, signal.SIGTERM)
                self.process.wait(2)
            except (OSError, subprocess.TimeoutExpired):
                pass
            kill_process_session(self.process.pid)
