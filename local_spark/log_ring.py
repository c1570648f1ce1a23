"""The log of a driver: the last lines of its two streams, in Livy's layout."""

import collections
import threading

KEPT = 200


class LogRing:
    """Lines of standard output and error, the latest `KEPT` of each."""

    def __init__(self, kept: int = KEPT):
        self.lock = threading.Lock()
        self.lines = {
            "stdout": collections.deque(maxlen=kept),
            "stderr": collections.deque(maxlen=kept),
        }
        self.partial = {"stdout": b"", "stderr": b""}
        self.head: list = []

    def feed(self, stream: str, data: bytes) -> None:
        """Bytes as they come; what has no line end yet waits for it."""
        with self.lock:
            parts = (self.partial[stream] + data).split(b"\n")
            self.partial[stream] = parts.pop()[-65536:]
            for part in parts:
                self.lines[stream].append(part.decode("utf-8", "replace"))

    def add(self, text: str) -> None:
        """A line of the server's own, after what the driver said last."""
        with self.lock:
            for stream, rest in self.partial.items():
                if rest:
                    self.lines[stream].append(rest.decode("utf-8", "replace"))
                    self.partial[stream] = b""
            self.lines["stderr"].append(text)

    def explain(self, text: str) -> None:
        """The sentence that heads the log: why the session could not start."""
        with self.lock:
            self.head.append(text)

    def all(self) -> list:
        with self.lock:
            out, err = self.lines["stdout"], self.lines["stderr"]
            return ["stdout: ", *out, "\nstderr: ", *self.head, *err]


def page(lines: list, start: int, size: int) -> tuple:
    """(from, lines) of one page; a negative `start` means the end, `size` all."""
    if size < 0:
        size = len(lines)
    if start < 0:
        start = max(0, len(lines) - size)
    return start, lines[start : start + size]
