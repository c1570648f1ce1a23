"""Jobs of the side channel: pickled functions that run beside a statement.

A job gets a context object and its result goes back as base64 of a pickle. Each runs
on a thread of its own, so that one that waits does not hold up the next.
"""

import base64
import collections
import os
import pickle
import queue
import sys
import threading
import traceback
from typing import Any

from . import gateway

SHARED_LIMIT = 100


class JobContext:
    """What a job is called with; the names are those of Livy's job context."""

    def __init__(self, driver: Any, folder: str):
        self._driver = driver
        self._folder = folder
        self._lock = threading.Lock()
        self._shared: collections.OrderedDict = collections.OrderedDict()
        self.streaming_ctx = None
        self.hive_ctx = None

    @property
    def sc(self) -> Any:
        return self._driver.sc

    @property
    def spark_session(self) -> Any:
        return self._driver.spark

    spark = spark_session

    @property
    def sql_ctx(self) -> Any:
        return self._driver.main.__dict__.get("sqlContext")

    @property
    def local_tmp_dir_path(self) -> str:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        return self._folder

    def get_local_tmp_dir_path(self) -> str:
        return self.local_tmp_dir_path

    def get_shared_object(self, name: str) -> Any:
        with self._lock:
            if name not in self._shared:
                return None
            self._shared.move_to_end(name)
            return self._shared[name]

    def set_shared_object(self, name: str, value: Any) -> None:
        with self._lock:
            self._shared[name] = value
            self._shared.move_to_end(name)
            while len(self._shared) > SHARED_LIMIT:
                self._shared.popitem(last=False)

    def remove_shared_object(self, name: str) -> None:
        with self._lock:
            self._shared.pop(name, None)


class JobRunner:
    def __init__(self, driver: Any):
        folder = os.path.join(driver.spec["private"], "jobs")
        self.context = JobContext(driver, folder)
        self.driver = driver
        self.channel = driver.channel
        self.lock = threading.Lock()
        self.idle: list = []

    def command(self, message: dict) -> None:
        """Hands the message to an idle worker, or to a new one: none ever waits."""
        run = {"job": self.run, "cancel_job": self.cancel, "add": self.add}
        task = (run[message["op"]], message)
        with self.lock:
            worker = self.idle.pop() if self.idle else None
        if worker is None:
            worker = queue.SimpleQueue()
            threading.Thread(target=self.work, args=(worker,), daemon=True).start()
        worker.put(task)

    def work(self, tasks: queue.SimpleQueue) -> None:
        """A worker keeps its thread, and so its connection to the JVM, for the next."""
        while True:
            target, message = tasks.get()
            try:
                target(message)
            except Exception:
                traceback.print_exc(file=sys.__stderr__)
            with self.lock:
                self.idle.append(tasks)

    def run(self, message: dict) -> None:
        reply: dict = {"event": "job", "id": message["id"]}
        self.channel.send(dict(reply, state="STARTED"))
        try:
            group = "job-%d" % message["id"]
            gateway.before_next_call(
                lambda: self.driver.sc.setLocalProperty("spark.jobGroup.id", group)
            )
            function = pickle.loads(base64.b64decode(message["job"]), encoding="bytes")
            result = encode(function(self.context))
            reply.update(state="SUCCEEDED", result=result)
        except BaseException:
            text = "java.lang.Exception: Client job error:" + traceback.format_exc()
            reply.update(state="FAILED", error=text)
        self.channel.send(reply)

    def cancel(self, message: dict) -> None:
        try:
            self.driver.sc.cancelJobGroup("job-%d" % message["id"])
        except Exception as problem:
            print("cancel failed: %s" % problem, file=sys.__stderr__)

    def add(self, message: dict) -> None:
        """addFile, addPyFile or addJar of a URI; the reply carries the error if any."""
        reply: dict = {"event": "reply", "ref": message["ref"], "error": None}
        try:
            uri = message["uri"]
            if message["what"] == "file":
                self.driver.sc.addFile(uri)
            elif uri.endswith((".py", ".zip", ".egg", ".whl")):
                self.driver.sc.addPyFile(uri)
            else:
                self.driver.sc._jsc.addJar(uri)
        except Exception as problem:
            reply["error"] = str(problem) or type(problem).__name__
        self.channel.send(reply)


def encode(result: Any) -> str:
    """Base64 of base64 of the pickle: Livy's client peels both layers off."""
    from pyspark import cloudpickle

    return base64.b64encode(base64.b64encode(cloudpickle.dumps(result))).decode("ascii")
