"""A statement: one piece of code of a session, in Livy's states."""

import threading
import time
from typing import Optional

WAITING, RUNNING, AVAILABLE = "waiting", "running", "available"
CANCELLING, CANCELLED = "cancelling", "cancelled"
RETAINED = 100
CANCEL_LIMIT = 30.0  # seconds until a cancel is called done, whatever the driver says


def now_ms() -> int:
    return int(time.time() * 1000)


class Statement:
    def __init__(self, number: int, code: str, kind: str):
        self.number = number
        self.code = code
        self.kind = kind
        self.state = WAITING
        self.output: Optional[dict] = None
        self.progress = 0.0
        self.started = 0
        self.completed = 0
        self.over = threading.Event()
        self.cancelled_at = 0.0

    def begin(self) -> None:
        self.state = RUNNING
        self.started = now_ms()

    def finish(self, output: dict) -> None:
        """The driver's answer; it counts too when the statement was cancelled."""
        status = output.pop("status")
        self.output = {"status": status, "execution_count": self.number, **output}
        if self.state == RUNNING:
            self.state = AVAILABLE
        else:
            self.state = CANCELLED
        self.progress = 1.0
        self.completed = now_ms()
        self.over.set()

    def cancel(self) -> bool:
        """True when the driver has to be told."""
        if self.state == WAITING:
            self.state = CANCELLED
            self.progress = 1.0
            self.over.set()
        elif self.state == RUNNING:
            self.state = CANCELLING
            self.cancelled_at = time.monotonic()
            return True
        return False

    def force_cancelled(self) -> None:
        """After the limit it counts as cancelled, though the driver is still in it."""
        self.state = CANCELLED
        self.progress = 1.0
        self.completed = now_ms()
        self.over.set()

    def view(self) -> dict:
        return {
            "id": self.number,
            "code": self.code,
            "state": self.state,
            "output": self.output,
            "progress": self.progress,
            "started": self.started,
            "completed": self.completed,
        }
