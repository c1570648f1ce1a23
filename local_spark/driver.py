"""The driver process of a session: Python with PySpark in it, one Spark context.

Statements run in the main thread, since signals reach Python there; everything else
(cancel, jobs of the side channel, progress, completion) runs beside them. Commands
come over a socket pair, never over the standard streams, which belong to the user's
code and its children. When the socket ends, so does the process.
"""

import os
import queue
import signal
import socket
import sys
import threading
import time
from typing import Any, Optional

from . import gateway, java, packages, spark_conf, statements, warm_up
from .driver_start import StartFailed, find_pyspark, new_main
from .wire import Channel

OUTPUT_LIMIT = 256 << 20  # characters of one statement's output
CANCEL_SWITCH = "spark.synapse.cancel"  # `jobs` in a session's conf: as Livy's cancel
GRACE = 0.05  # seconds that a cancelled Spark job gets to end the statement by itself


class Driver:
    def __init__(self, channel: Channel, spec: dict):
        self.channel = channel
        self.spec = spec
        self.main = new_main()
        self.work: queue.SimpleQueue = queue.SimpleQueue()
        self.jvm: Any = None
        self.gateway: Any = None
        self.first_context: Any = None
        self.interpreters: dict = {}
        self.start_lock = threading.Lock()
        self.jobs: Any = None
        self.lock = threading.Lock()
        self.running: Optional[int] = None  # the statement that the main thread is in
        self.to_interrupt: Optional[int] = None
        self.finished = threading.Condition(self.lock)
        self.wanted_progress = threading.Event()
        self.cancels: queue.SimpleQueue = queue.SimpleQueue()
        self.waiting = 0  # statements posted and not begun: the warm-up makes way

    @property
    def sc(self) -> Any:
        """The context in use: a user may stop the first one and make another."""
        return type(self.first_context)._active_spark_context or self.first_context

    @property
    def spark(self) -> Any:
        """The user's session while it is one, else the one that is active."""
        from pyspark.sql import SparkSession

        named = self.main.__dict__.get("spark")
        if isinstance(named, SparkSession) and named._sc._jsc is not None:
            return named
        return SparkSession.builder.getOrCreate()

    # -- start

    def start(self) -> None:
        begun = time.monotonic()
        home = find_pyspark()
        gateway.make_folders(self.spec["private"])
        conf = self.properties(home)
        try:
            found = java.find(dict(os.environ))
        except java.JavaMissing as problem:
            raise StartFailed(str(problem)) from None
        os.environ["JAVA_HOME"] = found.home
        os.environ["SPARK_HOME"] = home
        if conf.get(packages.KEY) and not self.spec.get("train"):
            self.channel.send({"event": "phase", "phase": "fetchingPackages"})
            conf = packages.fetched(found, home, conf, self.spec["private"])
            self.channel.send({"event": "phase", "phase": None})
        self.start_jvm(found, home, conf)
        self.connect(conf)
        signal.signal(signal.SIGINT, self.on_interrupt)
        signal.signal(signal.SIGUSR1, self.on_cancel)
        self.predefine()
        for target in (self.watch_jvm, self.cancel_loop, self.progress_loop):
            threading.Thread(target=target, daemon=True).start()
        self.channel.send(
            {
                "event": "ready",
                "app_id": self.sc.applicationId,
                "jvm_pid": self.jvm.pid,
                "python": sys.executable,
                "python_version": "%d.%d.%d" % sys.version_info[:3],
                "spark_version": self.sc.version,
                "java_version": found.version,
                "archive": self.archive,
                "ui_url": self.sc.uiWebUrl,
                "seconds": round(time.monotonic() - begun, 3),
            }
        )

    def properties(self, home: str) -> dict:
        spec = self.spec
        asked = {}
        try:
            with open(os.path.join(home, "conf", "spark-defaults.conf")) as file:
                asked = spark_conf.parse_defaults(file.read())
        except OSError:
            pass
        asked.update(spark_conf.with_files(spec["conf"], spec))
        conf = spark_conf.properties(
            asked, spec["private"], spec["memory"], spec["cores"], sys.executable
        )
        return packages.with_versions(conf, home)

    def start_jvm(self, found: java.Java, home: str, conf: dict) -> None:
        from . import archive

        private = self.spec["private"]
        classes = os.path.join(private, "classes")
        info = os.path.join(private, "gateway")
        memory, small = self.spec["memory"], self.spec["small"]
        options = gateway.java_options(conf, memory, small, private)
        self.archive = None
        if self.spec.get("train"):
            options += archive.training_options(self.spec["train"], self.spec["base"])
            classes = ""  # an archive knows jars only; the folder differs each time
        else:
            self.archive = archive.find(archive.key_of(found, home))
            options += archive.options(self.archive) if self.archive else []
        submit = None
        if gateway.needs_submit(conf):
            submit = os.path.join(private, "spark.properties")
            there = {k: v for k, v in conf.items() if k != packages.KEY}
            gateway.write_properties(submit, there)
        path = gateway.class_path(home, classes, conf)
        arguments = gateway.jvm_arguments(options, path, submit)
        command = [found.binary]
        command.append(
            gateway.write_arguments(os.path.join(private, "java.arguments"), arguments)
        )
        try:
            self.jvm = gateway.start_jvm(command, dict(os.environ), info)
        except OSError as problem:
            raise StartFailed("Java did not start: %s." % problem) from None
        import pyspark.sql  # noqa: F401  while the JVM comes up

        where = gateway.wait_for_port(self.jvm, info)
        if where is None:
            raise StartFailed(
                "Spark's JVM ended with exit code %d before it was up; what it said "
                "is in this log." % self.jvm.wait()
            )
        self.gateway = gateway.connect(*where)

    def connect(self, conf: dict) -> None:
        import pyspark

        self.conf = pyspark.SparkConf(loadDefaults=False)
        self.conf.setAll(list(conf.items()))
        set_property = self.gateway.jvm.java.lang.System.setProperty
        for key, value in conf.items():
            set_property(key, value)  # for a context that a user makes after a stop
        py_files = [f for f in conf.get("spark.submit.pyFiles", "").split(",") if f]
        try:
            self.first_context = pyspark.SparkContext(
                conf=self.conf, gateway=self.gateway, pyFiles=py_files or None
            )
        except Exception as problem:
            text = str(problem).strip().split("\n\tat ")[0]
            raise StartFailed("Spark did not start: %s" % text) from None

    def predefine(self) -> None:
        """What a Livy session knows from the start: spark, sc, sqlContext."""
        import warnings

        from pyspark.sql import SparkSession, SQLContext

        from .jobs import JobRunner
        from .python_interpreter import PythonInterpreter

        spark = SparkSession.builder.config(conf=self.conf).getOrCreate()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context = SQLContext.getOrCreate(self.sc)
        variables = self.main.__dict__
        variables.update(spark=spark, sc=self.sc, sqlContext=context)
        self.interpreters["pyspark"] = PythonInterpreter(variables)
        self.jobs = JobRunner(self)

    def watch_jvm(self) -> None:
        self.channel.send({"event": "jvm_ended", "code": self.jvm.wait()})

    # -- statements, in the main thread

    def loop(self) -> None:
        while True:
            try:
                message = self.work.get()
                if message is None:
                    return
                self.statement(message)
            except KeyboardInterrupt:
                continue  # one that came between two statements

    def statement(self, message: dict) -> None:
        number = message["id"]
        try:
            with self.lock:
                self.running = number
                self.waiting -= 1
            try:
                output = self.execute(number, message["kind"], message["code"])
            finally:
                self.end_statement()
        except KeyboardInterrupt:
            from .python_interpreter import interrupted

            self.end_statement()
            output = interrupted()
        output = limited(output)
        if not self.channel.send({"event": "done", "id": number, "output": output}):
            os._exit(1)

    def end_statement(self) -> None:
        self.running = None  # first, and atomic: from here on no interrupt is raised
        with self.finished:
            self.finished.notify_all()

    def execute(self, number: int, kind: str, code: str) -> dict:
        group, text = str(number), "Job group for statement %d" % number
        gateway.before_next_call(lambda: self.sc.setJobGroup(group, text))
        interpreter = self.interpreter(kind)
        if interpreter is None:
            from .python_interpreter import error

            return error("InterpreterError", "Fail to start interpreter", [])
        try:
            return interpreter.execute(code)
        except Exception as problem:  # the JVM went away below it, as a rule
            from .python_interpreter import error

            name = "Internal Error: " + type(problem).__name__
            return error(name, str(problem), [])

    def interpreter(self, kind: str) -> Any:
        with self.start_lock:
            return self.started_interpreter(kind)

    def started_interpreter(self, kind: str) -> Any:
        if kind not in self.interpreters:
            if kind == "sql":
                from .sql_interpreter import SqlInterpreter as factory
            elif kind == "spark":
                from .scala_interpreter import ScalaInterpreter as factory
            else:
                return None
            try:
                self.interpreters[kind] = factory(self)
            except Exception as problem:
                text = "The %s interpreter did not start: %s"
                print(text % (kind, problem), file=sys.__stderr__, flush=True)
                return None
        return self.interpreters[kind]

    # -- interrupts

    def on_interrupt(self, number: int, frame: Any) -> None:
        """SIGINT: for the statement that runs; without one there is nothing to end."""
        if self.running is not None:
            self.cancels.put((self.running, False))
            raise KeyboardInterrupt

    def on_cancel(self, number: int, frame: Any) -> None:
        """The server's cancel; a late one, for a statement that is over, is nothing."""
        if self.running is not None and self.running == self.to_interrupt:
            self.to_interrupt = None
            raise KeyboardInterrupt

    def cancel_loop(self) -> None:
        while True:
            number, interrupt = self.cancels.get()
            try:
                if interrupt and self.spec["conf"].get(CANCEL_SWITCH) == "jobs":
                    self.cancel_jobs(number)
                else:
                    self.cancel(number, interrupt)
            except Exception as problem:
                print("cancel failed: %s" % problem, file=sys.__stderr__)

    def cancel(self, number: int, interrupt: bool) -> None:
        """Ends the Spark jobs of a statement, then the statement itself.

        The jobs are cancelled more than once: one may be submitted in between.
        """
        for wait in (GRACE, 0.1, 0.3, 1.0):
            try:
                self.sc.cancelJobGroup(str(number))
            except Exception:
                pass
            with self.finished:
                if self.finished.wait_for(lambda: self.running != number, wait):
                    if interrupt:
                        return
            if interrupt and self.running == number:
                self.interrupt_statement(number)

    def cancel_jobs(self, number: int) -> None:
        """What Livy does: code that runs no Spark job never notices."""
        end = time.monotonic() + statements.CANCEL_LIMIT
        while self.running == number and time.monotonic() < end:
            self.sc.cancelJobGroup(str(number))
            with self.finished:
                self.finished.wait_for(lambda: self.running != number, 0.1)

    def interrupt_statement(self, number: int) -> None:
        scala = self.interpreters.get("spark")
        if scala is not None and scala.interrupt(number):
            return
        self.to_interrupt = number
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    # -- progress, completion

    def progress_loop(self) -> None:
        while True:
            self.wanted_progress.wait()
            self.wanted_progress.clear()
            number = self.running
            if number is None:
                continue
            try:
                value = self.progress(str(number))
            except Exception:
                continue
            if value is not None:
                self.channel.send({"event": "progress", "id": number, "value": value})
            time.sleep(0.05)

    def progress(self, group: str) -> Optional[float]:
        """Completed of all tasks of the statement's jobs, None without a job."""
        tracker = self.sc.statusTracker()
        done = total = 0
        for job in tracker.getJobIdsForGroup(group):
            info = tracker.getJobInfo(job)
            for stage in info.stageIds if info else ():
                details = tracker.getStageInfo(stage)
                if details:
                    done += details.numCompletedTasks
                    total += details.numTasks
        return done / total if total else None

    def complete(self, message: dict) -> None:
        names: list = []
        try:
            interpreter = self.interpreter(message["kind"])
            names = interpreter.complete(message["code"], message["cursor"])
        except Exception as problem:
            print("completion failed: %s" % problem, file=sys.__stderr__)
        self.channel.send({"event": "reply", "ref": message["ref"], "names": names})

    # -- commands of the server

    def receive(self) -> None:
        while True:
            message = self.channel.receive()
            if message is None:
                end_session()
            try:
                self.command(message)
            except Exception as problem:
                print("command failed: %r" % problem, file=sys.__stderr__)

    def command(self, message: dict) -> None:
        what = message["op"]
        if what == "execute":
            self.waiting += 1
            self.work.put(message)
        elif what == "cancel":
            self.cancels.put((message["id"], True))
        elif what == "progress":
            self.wanted_progress.set()
        elif what == "complete":
            threading.Thread(target=self.complete, args=(message,), daemon=True).start()
        elif what in ("job", "cancel_job", "add"):
            self.jobs.command(message)
        elif what == "exit":
            self.work.put(None)


def limited(output: dict) -> dict:
    """The output, or in its place an error when it is more than a reply can carry."""
    data = output.get("data", {})
    size = sum(len(value) for value in data.values() if isinstance(value, str))
    if size <= OUTPUT_LIMIT:
        return output
    from .python_interpreter import error

    text = "The output has %d MB; %d MB can be sent. Write it to a file instead."
    return error("OutputTooLarge", text % (size >> 20, OUTPUT_LIMIT >> 20), [])


def end_session() -> None:
    """Ends this process and everything that it started, at once."""
    try:
        os.killpg(0, signal.SIGKILL)
    finally:
        os._exit(0)


def main() -> None:
    """`fd` of the socket pair is the last argument of the command line."""
    os.umask(0o077)
    gateway.set_death_signal()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    number = int(sys.argv[-1])
    os.set_inheritable(number, False)
    channel = Channel(socket.socket(fileno=number))
    sys.argv[:] = [""]
    spec = channel.receive()
    if spec is None:
        return
    os.umask(spec["umask"])  # the user's own, for what the user's code writes
    driver = Driver(channel, spec)
    try:
        driver.start()
    except StartFailed as problem:
        channel.send({"event": "failed", "reason": str(problem)})
        sys.exit(1)
    threading.Thread(target=driver.receive, daemon=True).start()
    if spec.get("train"):
        from . import training

        training.run(driver)
        return
    if spec["conf"].get(warm_up.SWITCH) != "false":
        warm_up.Warmer(driver).start()
    driver.loop()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    sys.exit(0)
