"""Leases: which kernels still use this server, and how long their sessions live.

Pure, with the clock by argument. A lease is held by an open connection. Lost without
a goodbye it has `GRACE` seconds in which the same id may take it over (a restarted
kernel); then it is over, as after a goodbye.
"""

from typing import Optional

GRACE = 20.0
FIRST = 30.0  # a server that nobody leased ends after this


class Lease:
    def __init__(self, name: str, folder: str, python: str, environment: dict):
        self.name = name
        self.folder = folder
        self.python = python
        self.environment = environment
        self.holder = 0  # number of the connection that holds it; 0: none
        self.lost_at: Optional[float] = None


class Leases:
    def __init__(self, now: float, grace: float = GRACE, first: float = FIRST):
        self.started_at = now
        self.grace = grace
        self.first = first
        self.leases: dict = {}
        self.holders = 0
        self.had_one = False

    def get(self, name: Optional[str]) -> Optional[Lease]:
        return self.leases.get(name) if name else None

    def take(self, name: str, folder: str, python: str, environment: dict) -> Lease:
        """Opens a lease or takes over the one of this id; its holder is the newest."""
        lease = self.leases.get(name)
        if lease is None:
            lease = self.leases[name] = Lease(name, folder, python, environment)
        lease.folder, lease.python = folder, python
        lease.environment = environment
        self.holders += 1
        self.had_one = True
        lease.holder = self.holders
        lease.lost_at = None
        return lease

    def lose(self, name: str, holder: int, now: float) -> None:
        """The connection `holder` ended; nothing when another took the lease over."""
        lease = self.leases.get(name)
        if lease is not None and lease.holder == holder:
            lease.holder = 0
            lease.lost_at = now

    def goodbye(self, name: str) -> bool:
        return self.leases.pop(name, None) is not None

    def expired(self, now: float) -> list:
        """Removes the leases whose grace is over, and returns their names."""
        over = [
            lease.name
            for lease in self.leases.values()
            if lease.lost_at is not None and now - lease.lost_at >= self.grace
        ]
        for name in over:
            del self.leases[name]
        return over

    def is_held(self, name: Optional[str]) -> bool:
        lease = self.get(name)
        return lease is not None and lease.holder != 0

    def server_should_end(self, now: float) -> bool:
        if self.leases:
            return False
        return self.had_one or now - self.started_at >= self.first
