"""Starts Spark's JVM directly and connects PySpark to it.

PySpark's own way goes through two shell scripts and a launcher JVM, half a second of
waiting. The JVM is started here with the same class path and module options while
PySpark is being imported; only sessions whose jars or archives lie elsewhere go through
SparkSubmit, which is a class of the same class path. Packages: packages.py.
"""

import ctypes
import os
import shlex
import signal
import struct
import subprocess
import threading
import time
from typing import Any, Callable, Optional

GATEWAY_CLASS = "org.apache.spark.api.python.PythonGatewayServer"
SUBMIT_CLASS = "org.apache.spark.deploy.SparkSubmit"

# The packages of the JDK that Spark reflects into (Java 17 and later keep them shut).
OPENED = {
    "java.base": "java.lang java.lang.invoke java.lang.reflect java.io java.net "
    "java.nio java.util java.util.concurrent java.util.concurrent.atomic jdk.internal.ref "
    "sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar",
    "java.security.jgss": "sun.security.krb5",
}
PR_SET_PDEATHSIG = 1


def set_death_signal(number: int = signal.SIGKILL) -> None:
    """Ask the kernel to end this process when the thread that started it ends."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    except (OSError, AttributeError):
        pass


def module_options() -> list:
    return [
        "--add-opens=%s/%s=ALL-UNNAMED" % (module, package)
        for module, packages in OPENED.items()
        for package in packages.split()
    ]


def make_folders(private: str) -> None:
    for name in ("spill", "warehouse", "classes", "tmp"):
        os.makedirs(os.path.join(private, name), mode=0o700, exist_ok=True)


def needs_submit(conf: dict) -> bool:
    """True when Spark has to fetch files before its context can start."""
    if conf.get("spark.archives"):
        return True
    listed = [conf.get(key, "") for key in ("spark.jars", "spark.submit.pyFiles")]
    uris = [uri for text in listed for uri in text.split(",")]
    return any("://" in uri and not uri.startswith("file:") for uri in uris)


def local_jars(conf: dict) -> list:
    jars = [jar.strip() for jar in conf.get("spark.jars", "").split(",")]
    paths = [jar.removeprefix("file://").removeprefix("file:") for jar in jars]
    return [path for path in paths if path and "://" not in path]


def java_options(conf: dict, memory: str, small: bool, private: str) -> list:
    """Heap, speed, places. What the user's conf says comes last, and so wins."""
    options = ["-Xmx" + memory, "-XX:+IgnoreUnrecognizedVMOptions", "-Xlog:cds=off"]
    options += ["-Xlog:cds+dynamic=off", "-Dfile.encoding=UTF-8"]
    options += ["-Djava.awt.headless=true", "-Djdk.reflect.useDirectMethodHandle=false"]
    if small:
        options.append("-XX:TieredStopAtLevel=1")
    options += module_options()
    options.append("-Djava.io.tmpdir=" + os.path.join(private, "tmp"))
    options.append("-Dderby.system.home=" + private)
    for key in ("spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions"):
        options += shlex.split(conf.get(key, ""))
    return options


def class_path(spark_home: str, classes: str, conf: dict) -> str:
    """Spark's jars first and sorted: the class-data archive is valid for a prefix.

    `classes` is the folder of what the Scala interpreter compiles: on the class path
    of the whole JVM, so that tasks and data sets find the classes of a cell.
    """
    jars = os.path.join(spark_home, "jars")
    names = sorted(name for name in os.listdir(jars) if name.endswith(".jar"))
    parts = [os.path.join(jars, name) for name in names] + [classes]
    parts += conf.get("spark.driver.extraClassPath", "").split(":")
    parts += local_jars(conf)
    return ":".join(part for part in parts if part)


def jvm_arguments(options: list, path: str, submit_conf: Optional[str]) -> list:
    if submit_conf is None:
        return ["-cp", path] + options + [GATEWAY_CLASS]
    submit = [SUBMIT_CLASS, "--properties-file", submit_conf, "pyspark-shell"]
    return ["-cp", path] + options + submit


def write_arguments(path: str, arguments: list) -> str:
    """Java's @file with the arguments: 25 KB that nobody wants to see in `ps`."""
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        for text in arguments:
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            file.write('"%s"\n' % quoted.replace("\n", "\\n"))
    return "@" + path


def write_properties(path: str, conf: dict) -> None:
    """A properties file, private: secrets do not belong on a command line."""
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        for key, value in conf.items():
            text = "".join(
                c if 32 < ord(c) < 127 and c not in "\\=:#!" else "\\u%04x" % ord(c)
                for c in value
                if ord(c) < 0x10000
            )
            file.write("%s=%s\n" % (key, text))


def start_jvm(
    command: list, environment: dict, info: str, **streams: Any
) -> subprocess.Popen:
    """Its standard input is our pipe: the JVM ends when that closes, however we end."""

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        set_death_signal()

    return subprocess.Popen(
        command,
        env=dict(environment, _PYSPARK_DRIVER_CONN_INFO_PATH=info),
        stdin=subprocess.PIPE,
        preexec_fn=prepare,
        **streams,
    )


def wait_for_port(
    jvm: subprocess.Popen, info: str, is_over: Callable = lambda now: False
) -> Optional[tuple]:
    """(port, secret) when the JVM listens, None when it ended before or `is_over`."""
    while True:
        ended = jvm.poll() is not None or is_over(time.monotonic())
        try:
            with open(info, "rb") as file:
                data = file.read()
            os.unlink(info)
            port, length = struct.unpack("!ii", data[:8])
            return port, data[8 : 8 + length].decode("utf-8")
        except (OSError, struct.error):
            if ended:
                return None
        time.sleep(0.003)


def connect(port: int, secret: str):
    """PySpark's gateway to a JVM that is up (its own code, given port and secret)."""
    from pyspark.java_gateway import launch_gateway

    os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
    os.environ["PYSPARK_GATEWAY_SECRET"] = secret
    try:
        gateway = launch_gateway()
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]
    make_interruptible()
    return gateway


def make_interruptible() -> None:
    """An interrupt while an answer of the JVM is awaited gives that connection up.

    py4j would use it again and take the late answer for that of the next call.
    """
    from py4j.clientserver import ClientServerConnection, JavaClient

    send = ClientServerConnection.send_command
    call = JavaClient.send_command
    if getattr(send, "gives_up", False):
        return

    def send_command(self, command):
        try:
            return send(self, command)
        except Exception:
            raise
        except BaseException:
            if self.java_client is not None:
                self.java_client.thread_connection.connection = None
            try:
                self.socket.close()
            except OSError:
                pass
            raise

    def call_command(self, *arguments, **options):
        action = pending.__dict__.pop("action", None)
        if action is not None:
            try:
                action()
            except Exception:
                pass  # a stopped context: the caller's own call will say so
        return call(self, *arguments, **options)

    send_command.gives_up = True
    ClientServerConnection.send_command = send_command
    JavaClient.send_command = call_command


pending = threading.local()


def before_next_call(action) -> None:
    """Runs `action` before this thread's next call into the JVM, if there is one.

    That is how a statement gets its job group: one that makes no call costs none.
    """
    pending.action = action
