"""Messages between the server and its drivers: a length, then JSON.

Both ends are ours and of the same version, so the format needs no negotiation.
Text is escaped to ASCII: a lone surrogate in a user's output must not break a frame.
"""

import json
import math
import socket
import struct
import threading
from typing import Any, Optional

HEADER = struct.Struct("!I")
LIMIT = 1 << 30


class Channel:
    """One end of a socket pair; `send` may be called from any thread."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.lock = threading.Lock()
        self.input = sock.makefile("rb")

    def send(self, message: dict) -> bool:
        """False when the other end is gone, which its reader notices by itself."""
        data = dump(message)
        try:
            with self.lock:
                self.sock.sendall(HEADER.pack(len(data)) + data)
            return True
        except OSError:
            return False

    def receive(self) -> Optional[dict]:
        """The next message, None at the end."""
        try:
            head = self.input.read(HEADER.size)
            if len(head) < HEADER.size:
                return None
            (length,) = HEADER.unpack(head)
            if length > LIMIT:
                return None
            data = self.input.read(length)
        except (OSError, ValueError):
            return None
        return json.loads(data) if len(data) == length else None

    def close(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


def dump(value: Any) -> bytes:
    """JSON in ASCII; NaN and infinities, which JSON has not, become null."""
    try:
        return json.dumps(value, allow_nan=False).encode("ascii")
    except ValueError:
        return json.dumps(finite(value), allow_nan=False).encode("ascii")


def finite(value: Any) -> Any:
    """`value` with every float that JSON can't hold replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value
