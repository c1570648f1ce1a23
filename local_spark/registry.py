"""All that a server holds: leases, sessions, batches, stand-by drivers.

Drivers are started by the main thread, which lives as long as the server does, and
ended on threads of their own, so that no request waits for another's.
"""

import os
import queue
import shutil
import sys
import threading
import time
from typing import Any, Callable, Optional

from . import replies, sizes
from .background_archive import BackgroundArchive
from .driver_process import DriverProcess, Spec
from .lease import Lease, Leases
from .sessions import DEAD, IDLE, Session

STANDBY_TIME = 600.0
DEAD_KEPT = 600.0  # seconds that a dead session can be looked at
TICK = 0.25


class Standby:
    def __init__(self, driver: DriverProcess, lease: str, now: float):
        self.driver = driver
        self.lease = lease
        self.until = now + STANDBY_TIME


class Registry:
    def __init__(
        self,
        private: str,
        stay: bool = False,
        log: Callable = print,
        umask: int = 0o077,
    ):
        now = time.monotonic()
        self.private = private
        self.state_folder: Optional[str] = None  # where kernels leave their state
        self.stay = stay
        self.umask = umask  # the user's, for drivers; ours is stricter
        self.log = log
        self.machine = sizes.Machine()
        self.lock = threading.RLock()
        self.leases = Leases(now)
        self.sessions: dict = {}
        self.batches: dict = {}
        self.standbys: list = []
        self.endings: list = []  # threads that end stand-bys
        self.next_session = 0
        self.next_batch = 0
        self.next_folder = 0
        self.tasks: queue.SimpleQueue = queue.SimpleQueue()
        self.ending = False
        self.goodbyes = 0  # under way
        self.archive = BackgroundArchive(self.machine, log)

    # -- the main thread

    def run(self) -> None:
        """Starts drivers and looks after time, until the server should end."""
        while not self.ending:
            try:
                task, done = self.tasks.get(timeout=TICK)
            except queue.Empty:
                self.tick(time.monotonic())
                continue
            try:
                task()
            finally:
                done.set()

    def on_main_thread(self, task: Callable) -> None:
        done = threading.Event()
        self.tasks.put((task, done))
        done.wait(30)

    def tick(self, now: float) -> None:
        for name in self.leases_expired(now):
            self.lease_over(name)
        with self.lock:
            sessions = list(self.sessions.values())
            late = [standby for standby in self.standbys if standby.until < now]
        for session in sessions:
            session.force_cancels(now)
            reason = session.expired(now)
            if reason:
                self.log("session %d ends: %s" % (session.number, reason))
                # Whoever comes back within ten minutes starts warm.
                in_background(self.delete_session, session, reason.startswith("idle"))
            elif session.ended_at and now - session.ended_at > DEAD_KEPT:
                self.forget(session)
        for standby in late:
            self.end_standby(standby)
        for session in sessions:
            if session.driver is not None:
                self.archive.notice(session.driver)
        self.archive.tick(now, all(s.state in (IDLE, DEAD) for s in sessions))
        self.end_if_unused(now)

    def end_if_unused(self, now: float) -> None:
        with self.lock:
            if (
                self.goodbyes == 0
                and not self.stay
                and self.leases.server_should_end(now)
            ):
                self.ending = True

    def wake(self) -> None:
        self.tasks.put(
            (lambda: self.end_if_unused(time.monotonic()), threading.Event())
        )

    def shut_down(self) -> None:
        """Ends every driver at once, all in parallel."""
        with self.lock:
            ends = [session.end for session in self.sessions.values()]
            ends += [standby.driver.end for standby in self.standbys]
            ends += [batch.end for batch in self.batches.values()]
            ends.append(self.archive.end)
            self.standbys = []
            endings = self.endings
        threads = [in_background(end) for end in ends]
        for thread in threads + endings:
            thread.join(8)
        shutil.rmtree(self.private, ignore_errors=True)

    # -- leases

    def take_lease(self, body: dict) -> Lease:
        name, folder = body.get("id"), body.get("folder")
        python = body.get("python") or sys.executable
        environment = body.get("environment") or {}
        if not isinstance(name, str) or not name:
            raise replies.message(400, "A lease needs an id.")
        if not isinstance(folder, str) or not os.path.isabs(folder):
            raise replies.message(400, "A lease needs a folder, as an absolute path.")
        if not isinstance(environment, dict):
            raise replies.message(400, "The environment of a lease is an object.")
        with self.lock:
            if self.ending:
                raise replies.message(503, "The server is ending.")
            return self.leases.take(name, folder, python, environment)

    def lease_lost(self, name: str, holder: int) -> None:
        with self.lock:
            self.leases.lose(name, holder, time.monotonic())

    def leases_expired(self, now: float) -> list:
        with self.lock:
            return self.leases.expired(now)

    def goodbye(self, name: str, reply: Callable[[bool], None]) -> None:
        """Ends what a lease held, replies, and only then lets the server go."""
        with self.lock:
            known = self.leases.goodbye(name)
            self.goodbyes += 1
        try:
            if known:
                self.lease_over(name)
            reply(known)
        finally:
            with self.lock:
                self.goodbyes -= 1
            self.wake()

    def lease_over(self, name: str) -> None:
        """Sessions, batches and stand-bys of a lease end with it."""
        with self.lock:
            sessions = [s for s in self.sessions.values() if s.lease == name]
            batches = [b for b in self.batches.values() if b.lease == name]
            standbys = [s for s in self.standbys if s.lease == name]
        self.forget_state(name)
        threads = [in_background(self.delete_session, s, False) for s in sessions]
        threads += [in_background(self.delete_batch, b) for b in batches]
        for standby in standbys:
            self.end_standby(standby)
        for thread in threads:
            thread.join(8)

    def forget_state(self, name: str) -> None:
        """What a kernel wrote down for the next one is of no use any more."""
        if self.state_folder and name.isalnum():
            try:
                os.unlink(os.path.join(self.state_folder, "sessions-%s.json" % name))
            except OSError:
                pass  # it ended in order, and took it away itself

    # -- drivers

    def spec_for(self, request: dict, lease: Optional[Lease], size: tuple) -> Spec:
        memory, cores = size
        try:
            small = sizes.parse_memory(memory) <= sizes.DEFAULT_CEILING
        except ValueError:
            small = True
        return Spec(
            lease.folder if lease else os.getcwd(),
            lease.python if lease else sys.executable,
            lease.environment if lease else {},
            memory=memory,
            cores=cores,
            small=small,
            scala=request["kind"] == "spark",
            umask=self.umask,
            **{key: request[key] for key in ("conf", "jars", "pyFiles", "files")},
            archives=request["archives"],
        )

    def new_driver(self, spec: Spec) -> DriverProcess:
        with self.lock:
            self.next_folder += 1
            folder = os.path.join(self.private, "driver-%d" % self.next_folder)
        return DriverProcess(spec, folder, self.machine)

    def take_standby(self, key: str, lease: Optional[Lease]) -> Optional[DriverProcess]:
        with self.lock:
            for standby in self.standbys:
                driver = standby.driver
                mine = lease is not None and standby.lease == lease.name
                if mine and driver.spec.key() == key and not driver.is_over:
                    self.standbys.remove(standby)
                    return driver
        return None

    def prepare_standby(self, spec: Spec, lease: str, heap: int) -> None:
        """A fresh driver of the same spec, when its kernel lives and memory allows."""
        now = time.monotonic()
        if self.machine.memory_available() < heap + sizes.GB:
            return
        driver = self.new_driver(spec)
        with self.lock:
            if self.ending or not self.leases.is_held(lease):
                return
            others = [s for s in self.standbys if s.lease == lease]
            self.standbys.append(Standby(driver, lease, now))
        for other in others:
            self.end_standby(other)
        self.on_main_thread(driver.start)

    def end_standby(self, standby: Standby) -> None:
        with self.lock:
            if standby not in self.standbys:
                return
            self.standbys.remove(standby)
        with self.lock:
            self.endings = [thread for thread in self.endings if thread.is_alive()]
            self.endings.append(in_background(standby.driver.end))

    def standby_list(self, lease: Optional[str]) -> list:
        """Those of one lease, of all when none is named."""
        now = time.monotonic()
        with self.lock:
            standbys = [s for s in self.standbys if not s.driver.is_over]
            standbys = [s for s in standbys if lease in (None, s.lease)]
        return [
            {
                "folder": standby.driver.spec.folder,
                "python": standby.driver.spec.python,
                "ready": standby.driver.ready is not None,
                "memory": standby.driver.memory(),
                "seconds_left": max(0, int(standby.until - now)),
            }
            for standby in standbys
        ]

    def usage_list(self) -> list:
        """What each session and each stand-by takes, for who looks after the machine."""
        now = time.monotonic()
        with self.lock:
            sessions = list(self.sessions.values())
            standbys = list(self.standbys)
        rows = [self.usage(s.driver, s.lease, s.usage(now)) for s in sessions]
        state = {"id": None, "name": None, "state": "standby", "idle_seconds": None}
        return rows + [self.usage(s.driver, s.lease, state) for s in standbys]

    def usage(
        self, driver: Optional[DriverProcess], lease_name: Optional[str], of: dict
    ) -> dict:
        lease = self.leases.get(lease_name)
        notebook = lease.environment.get("JPY_SESSION_NAME") if lease else None
        return dict(
            of,
            notebook=notebook,
            folder=driver.spec.folder if driver else None,
            memory=driver.memory() if driver else 0,
            cpu_seconds=driver.cpu_seconds() if driver else 0.0,
        )

    # -- sessions

    def create_session(self, request: dict, lease_name: Optional[str]) -> Session:
        with self.lock:
            if self.ending:
                raise replies.message(503, "The server is ending.")
            lease = self.leases.get(lease_name)
            if lease_name and lease is None:
                raise replies.message(400, "There is no lease %s." % lease_name)
            number = self.next_session
            self.next_session += 1
            name = request["name"]
            if name and any(s.name == name for s in self.sessions.values()):
                text = (
                    "Rejected, Reason: Duplicate session name: Some(%s) for session %d"
                )
                raise replies.message(400, text % (name, number))
            conf = request["conf"]
            memory = request["driverMemory"] or conf.get("spark.driver.memory")
            cores = request["driverCores"] or whole(conf.get("spark.driver.cores"))
            size = sizes.effective(memory, cores, self.machine)
            if not memory:
                size = (self.share_for(lease_name, size[0]), size[1])
            session = Session(number, request, lease_name, size)
            spec = self.spec_for(request, lease, size)
            driver = self.take_standby(spec.key(), lease)
            fresh = driver is None
            driver = driver or self.new_driver(spec)
            session.attach(driver)
            self.sessions[number] = session
        if fresh:
            self.on_main_thread(driver.start)
        return session

    def share_for(self, lease: Optional[str], memory: str) -> str:
        """The memory of a session that asks for none: `memory`, less what the other
        sessions of its notebook have, but a quarter of it at least."""
        others = [s for s in self.sessions.values() if lease and s.lease == lease]
        full = sizes.parse_memory(memory)
        taken = sum(heap_of(s, full) for s in others if s.state != DEAD)
        left = max(full - taken, full // 4, sizes.FLOOR)
        return sizes.format_memory(left // sizes.MB * sizes.MB)

    def session(self, key: str) -> Session:
        with self.lock:
            for session in self.sessions.values():
                if key == str(session.number) or (session.name and key == session.name):
                    return session
        raise replies.message(404, "Session '%s' not found." % key)

    def delete_session(self, session: Session, standby: bool) -> None:
        """Ends it; with `standby`, a fresh driver takes its place afterwards."""
        ready = session.driver is not None and session.driver.ready is not None
        was_alive = session.state != DEAD
        session.end()
        self.forget(session)
        lease = session.lease
        if not standby:
            with self.lock:
                mine = [s for s in self.standbys if lease and s.lease == lease]
            for other in mine:
                self.end_standby(other)
        elif ready and was_alive and self.leases.is_held(lease):
            heap = sizes.parse_memory(session.memory)
            in_background(self.prepare_standby, session.driver.spec, lease, heap)

    def forget(self, session: Session) -> None:
        with self.lock:
            self.sessions.pop(session.number, None)

    # -- batches

    def delete_batch(self, batch: Any) -> None:
        batch.end()
        with self.lock:
            self.batches.pop(batch.number, None)


def heap_of(session: Session, otherwise: int) -> int:
    try:
        return sizes.parse_memory(session.memory)
    except ValueError:  # a text that the JVM will refuse
        return otherwise


def in_background(target: Callable, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    return thread


def whole(value: Any) -> Optional[int]:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
