"""The server's side of a driver: starts it, listens to it, and knows how it ended."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from typing import Any, Callable, Optional

from . import sizes, spark_conf
from .log_ring import LogRing
from .wire import Channel

# Runs in the lease's Python, whose sys.path must not gain a folder of ours.
BOOT = """
import importlib.util as u, sys
s = u.spec_from_file_location("local_spark", sys.argv[1] + "/__init__.py",
                              submodule_search_locations=[sys.argv[1]])
m = sys.modules["local_spark"] = u.module_from_spec(s)
s.loader.exec_module(m)
import local_spark.driver
local_spark.driver.main()
"""
FOLDER = os.path.dirname(os.path.abspath(__file__))
GOODBYE = 1.0  # seconds that an idle driver gets to run its exit functions
STAT_SESSION = 3  # field of /proc/PID/stat, counted after the command's name
STAT_TIMES = slice(11, 15)  # user and system, its own and of children that ended


class Spec:
    """All that makes two drivers interchangeable: place, Python, size, conf."""

    def __init__(self, folder: str, python: str, environment: dict, **values: Any):
        self.folder = folder
        self.python = python
        self.environment = environment
        self.values = values  # memory, cores, conf, jars, pyFiles, files, archives

    def key(self) -> str:
        parts = [self.folder, self.python, self.environment, self.values]
        return json.dumps(parts, sort_keys=True, default=str)


class DriverProcess:
    """One driver. `on_message` and `on_end` are called on its reader thread.

    `start` must be called from a thread that lives as long as the server: the driver
    asks to be killed when the thread that started it ends.
    """

    def __init__(self, spec: Spec, private: str, machine: sizes.Machine):
        self.spec = spec
        self.private = private
        self.machine = machine
        self.log = LogRing()
        self.process: Optional[subprocess.Popen] = None
        self.channel: Optional[Channel] = None
        self.on_message: Callable[[dict], None] = lambda message: None
        self.on_end: Callable[[], None] = lambda: None
        self.ready: Optional[dict] = None
        self.phase: Optional[str] = None  # what it is at, where that is worth a word
        self.failed: Optional[str] = None
        self.is_over = False
        self.ended = threading.Event()  # and nothing is left of it
        self.asked_to_end = False
        self.oom_before = machine.oom_kills()
        self.jvm_code: Optional[int] = None
        self.lock = threading.Lock()
        self.started_at = time.time()

    def start(self) -> None:
        with self.lock:  # an end that comes meanwhile finds the process
            if not self.asked_to_end:
                self.spawn()

    def spawn(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            os.makedirs(self.private, mode=0o700)
            base = dict(os.environ)
            for name, value in self.spec.environment.items():
                base.pop(name, None) if value is None else base.update({name: value})
            environment = spark_conf.environment(base, self.spec.python)
            self.process = subprocess.Popen(
                [self.spec.python, "-c", BOOT, FOLDER, str(theirs.fileno())],
                cwd=self.spec.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as problem:
            ours.close()
            self.failed = self.explain_failure(problem)
            self.log.explain(self.failed)
            threading.Thread(target=self.finish, daemon=True).start()
            return
        finally:
            theirs.close()
        self.channel = Channel(ours)
        self.channel.send(dict(self.spec.values, private=self.private))
        for target, arguments in (
            (self.watch, ()),
            (self.read_messages, ()),
            (self.read_stream, ("stdout", self.process.stdout)),
            (self.read_stream, ("stderr", self.process.stderr)),
        ):
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def explain_failure(self, problem: OSError) -> str:
        if not os.path.isdir(self.spec.folder):
            return "The folder %s of this notebook is not there." % self.spec.folder
        if not os.access(self.spec.python, os.X_OK):
            return "The Python %s can't be run: %s." % (self.spec.python, problem)
        return "The driver could not be started: %s." % problem

    # -- what it says

    def read_stream(self, name: str, stream: Any) -> None:
        with stream:
            while True:
                data = os.read(stream.fileno(), 65536)
                if not data:
                    return
                self.log.feed(name, data)

    def watch(self) -> None:
        """Its end ends the channel too, which a fork of it may hold open."""
        self.process.wait()
        time.sleep(0.2)
        self.channel.close()

    def read_messages(self) -> None:
        while True:
            message = self.channel.receive()
            if message is None:
                break
            event = message.get("event")
            if event == "jvm_ended":
                self.jvm_code = message["code"]
                break
            if event == "ready":
                self.ready = message
            elif event == "phase":
                self.phase = message["phase"]
            elif event == "failed":
                self.failed = message["reason"]
                self.log.explain(self.failed)
            self.on_message(message)
        self.finish()

    def send(self, **message: Any) -> bool:
        return self.channel is not None and self.channel.send(message)

    # -- its end

    def finish(self) -> None:
        """Takes down what is left of it and says why it ended. Reader thread."""
        code = self.reap() if self.process is not None else None
        if not self.asked_to_end and not self.failed:
            self.log.add(self.reason(code))
        self.is_over = True  # told first: nobody should take it for alive while it is
        self.on_end()  # cleared away
        if self.process is not None:
            kill_process_session(self.process.pid)
            self.channel.close()
        shutil.rmtree(self.private, ignore_errors=True)
        self.ended.set()

    def reap(self) -> int:
        """Its own end is given a moment, so that the exit code is its own."""
        try:
            return self.process.wait(0 if self.jvm_code is not None else 0.5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
            return 0 if self.jvm_code is not None else code

    def reason(self, code: Optional[int]) -> str:
        if self.machine.oom_kills() > self.oom_before:
            return (
                "The driver was killed by the kernel's memory limit (out of memory). "
                "Start the session with less driver memory, or work on less data."
            )
        if self.jvm_code is not None:
            return "Spark's JVM ended: %s." % describe_exit(self.jvm_code)
        return "The driver process ended: %s." % describe_exit(code or 0)

    def end(self, busy: bool = False) -> None:
        """Ends it now: an idle one by itself, within a second, a busy one by force."""
        with self.lock:
            first, self.asked_to_end = not self.asked_to_end, True
        if self.process is None or self.ended.is_set():
            return
        polite = first and not busy and self.ready is not None
        if polite and self.send(op="exit"):
            try:
                self.process.wait(GOODBYE)
            except subprocess.TimeoutExpired:
                pass
        kill_process_session(self.process.pid)
        self.ended.wait(5)

    def memory(self) -> int:
        """Resident bytes of all its processes."""
        pages = 0
        for pid in session_members(self.process.pid) if self.process else []:
            try:
                with open("/proc/%d/statm" % pid) as file:
                    pages += int(file.read().split()[1])
            except (OSError, IndexError, ValueError):
                pass
        return pages * os.sysconf("SC_PAGE_SIZE")


    def cpu_seconds(self) -> float:
        """Time on processors of all its processes, and of those that have ended."""
        ticks = 0
        for pid in session_members(self.process.pid) if self.process else []:
            try:
                with open("/proc/%d/stat" % pid, "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                ticks += sum(int(field) for field in fields[STAT_TIMES])
            except (OSError, ValueError):
                pass
        return ticks / os.sysconf("SC_CLK_TCK")


def describe_exit(code: int) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = "unknown"
        return "killed by signal %d (%s)" % (-code, name)
    return "exit code %d" % code


def session_members(session: int) -> list:
    """Pids of all processes in a process session (its leader's pid names it)."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            if int(fields[STAT_SESSION]) == session:
                found.append(int(name))
        except (OSError, IndexError, ValueError):
            pass
    return found


def kill_process_session(session: int) -> None:
    """SIGKILL to every process of it, again until none is left to fork another."""
    for _ in range(10):
        members = [pid for pid in session_members(session) if not is_zombie(pid)]
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        if not members:
            return
        time.sleep(0.005)


def is_zombie(pid: int) -> bool:
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except (OSError, IndexError):
        return True
