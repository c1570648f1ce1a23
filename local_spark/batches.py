"""Batches: a Python file or a jar that SparkSubmit runs, beside the sessions.

States are Livy's for its local mode: running, then success or dead by the exit code;
killed when it was ended by a DELETE.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from typing import Any, Optional

from . import archive, gateway, java, replies, sizes, spark_conf
from .driver_process import describe_exit, kill_process_session
from .lease import Lease
from .log_ring import LogRing
from .registry import Registry

RUNNING, SUCCESS, DEAD, KILLED = "running", "success", "dead", "killed"
FIND_HOME = "import importlib.util as u; print(u.find_spec('pyspark').origin)"


def checked(body: dict) -> dict:
    """The request with every field there and of its type."""
    result = replies.checked_common(body, replies.BATCH_CLASS)
    if not body.get("file"):
        text = "Rejected, Reason: requirement failed: File is required."
        raise replies.message(400, text)
    result["file"] = str(body["file"])
    result["className"] = body.get("className")
    args = body.get("args")
    if args is not None and not isinstance(args, list):
        text = replies.not_a_string(args, replies.BATCH_CLASS, "args")
        raise replies.Refusal(400, text)
    result["args"] = [spark_conf.text_of(item) for item in args or []]
    return result


def create(registry: Registry, request: dict, lease_name: Optional[str]) -> "Batch":
    with registry.lock:
        lease = registry.leases.get(lease_name)
        if lease_name and lease is None:
            raise replies.message(400, "There is no lease %s." % lease_name)
        number = registry.next_batch
        registry.next_batch += 1
        name = request["name"]
        if name and any(b.name == name for b in registry.batches.values()):
            text = "Rejected, Reason: Duplicate session name: Some(%s) for session %d"
            raise replies.message(400, text % (name, number))
        registry.next_folder += 1
        private = os.path.join(registry.private, "batch-%d" % registry.next_folder)
        batch = Batch(number, request, lease, private, registry)
        registry.batches[number] = batch
    registry.on_main_thread(batch.start)
    return batch


def find(registry: Registry, key: str) -> "Batch":
    with registry.lock:
        for batch in registry.batches.values():
            if key == str(batch.number) or (batch.name and key == batch.name):
                return batch
    raise replies.message(404, "Session '%s' not found." % key)


class Batch:
    def __init__(
        self,
        number: int,
        request: dict,
        lease: Optional[Lease],
        private: str,
        registry: Registry,
    ):
        self.number = number
        self.request = request
        self.lease = lease.name if lease else None
        self.folder = lease.folder if lease else os.getcwd()
        self.python = lease.python if lease else sys.executable
        self.environment = lease.environment if lease else {}
        self.name: Optional[str] = request["name"]
        self.private = private
        self.size = sizes.effective(
            request["driverMemory"], request["driverCores"], registry.machine
        )
        self.umask = registry.umask
        self.state = RUNNING
        self.log_ring = LogRing()
        self.process: Optional[subprocess.Popen] = None
        self.killed = False
        self.ended_at: Optional[float] = None

    def start(self) -> None:
        """Main thread: the process asks to die with the thread that starts it."""
        try:
            gateway.make_folders(self.private)
            self.process = self.spawn()
        except (OSError, java.JavaMissing, subprocess.SubprocessError) as problem:
            self.log_ring.explain(str(problem))
            self.finish(DEAD)
            return
        threading.Thread(target=self.watch, daemon=True).start()

    def spawn(self) -> subprocess.Popen:
        base = dict(os.environ)
        base.update({k: str(v) for k, v in self.environment.items() if v is not None})
        home = self.spark_home(base)
        environment = spark_conf.environment(base, self.python, home)
        found = java.find(environment)
        environment["JAVA_HOME"] = found.home
        memory, cores = self.size
        asked = spark_conf.with_files(self.request["conf"], self.request)
        conf = spark_conf.properties(asked, self.private, memory, cores, self.python)
        if self.name:
            conf["spark.app.name"] = self.name
        submit = os.path.join(self.private, "spark.properties")
        gateway.write_properties(submit, conf)
        options = gateway.java_options(conf, memory, True, self.private)
        there = archive.find(archive.key_of(found, home))
        options += archive.options(there) if there else []
        path = gateway.class_path(home, os.path.join(self.private, "classes"), conf)
        arguments = ["-cp", path] + options + [gateway.SUBMIT_CLASS]
        arguments += ["--properties-file", submit]
        if self.request["className"]:
            arguments += ["--class", str(self.request["className"])]
        arguments += [self.request["file"]] + self.request["args"]
        where = os.path.join(self.private, "java.arguments")
        return subprocess.Popen(
            [found.binary, gateway.write_arguments(where, arguments)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=self.prepare,
        )

    def prepare(self) -> None:
        gateway.set_death_signal()
        os.umask(self.umask)

    def spark_home(self, environment: dict) -> str:
        """Where pyspark is in the lease's Python, which need not be ours."""
        run = subprocess.run(
            [self.python, "-c", FIND_HOME],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
        home = os.path.dirname(run.stdout.strip())
        if run.returncode != 0 or not os.path.isdir(os.path.join(home, "jars")):
            text = (
                'PySpark is not installed for %s: `%s -m pip install "pyspark==3.5.*"`.'
            )
            raise OSError(text % (self.python, self.python))
        return home

    def watch(self) -> None:
        streams = (("stdout", self.process.stdout), ("stderr", self.process.stderr))
        readers = [
            threading.Thread(target=self.read, args=pair, daemon=True)
            for pair in streams
        ]
        for reader in readers:
            reader.start()
        code = self.process.wait()
        kill_process_session(self.process.pid)
        for reader in readers:
            reader.join(2)
        if code != 0 and not self.killed:
            self.log_ring.add("The batch ended: %s." % describe_exit(code))
        self.finish(KILLED if self.killed else SUCCESS if code == 0 else DEAD)

    def read(self, name: str, stream: Any) -> None:
        with stream:
            while True:
                data = os.read(stream.fileno(), 65536)
                if not data:
                    return
                self.log_ring.feed(name, data)

    def finish(self, state: str) -> None:
        shutil.rmtree(self.private, ignore_errors=True)
        self.ended_at = time.monotonic()
        self.state = state

    def end(self) -> None:
        if self.state == RUNNING and self.process is not None:
            self.killed = True
            kill_process_session(self.process.pid)

    def log(self) -> list:
        return self.log_ring.all()

    def view(self) -> dict:
        return {
            "id": self.number,
            "name": self.name,
            "owner": None,
            "proxyUser": self.request["proxyUser"],
            "state": self.state,
            "appId": None,
            "appInfo": {
                "driverLogUrl": None,
                "sparkUiUrl": None,
                "executorLogUrls": None,
            },
            "log": self.log()[-10:],
        }
