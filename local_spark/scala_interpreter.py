"""Scala statements through the REPL that ships in Spark's jars, over py4j.

Its classes are written into a folder that is on the class path of the whole JVM, so
tasks, encoders and generated code find the classes of a cell by their names. What the
code prints is caught by pointing Scala's and Java's standard output at a buffer for the
time of the call. Started by the first Scala statement or completion.
"""

import json
import os
import threading
from typing import Any, Optional

from .python_interpreter import TABLE_MIME, error, ok
from .scala_text import MAGIC, pieces

IMPORTS = (
    "import org.apache.spark.SparkContext._\n"
    "import spark.implicits._\n"
    "import spark.sql\n"
    "import org.apache.spark.sql.functions._"
)
LOCK_WAIT = 2.0  # seconds that a completion waits for a running statement
RDD_ROWS = 10


class ScalaInterpreter:
    def __init__(self, driver: Any):
        self.driver = driver
        self.jvm = driver.gateway.jvm
        self.lock = threading.Lock()  # one compiler, one user at a time
        self.running: Optional[int] = None
        self.thread: Any = None
        self.completer: Any = None
        self.java_out = self.jvm.java.lang.System.out
        self.start()

    # -- start

    def start(self) -> None:
        bytes_of = self.jvm.java.io.ByteArrayOutputStream
        self.merged, self.verdict = bytes_of(), bytes_of()  # all text; the REPL's own
        tee = self.jvm.org.apache.commons.io.output.TeeOutputStream
        self.out = self.jvm.java.io.PrintStream(self.merged, True, "UTF-8")
        both = tee(self.out, self.verdict)
        writer = self.jvm.java.io.OutputStreamWriter(both, "UTF-8")
        printer = self.jvm.java.io.PrintWriter(writer, True)
        self.console = self.module("scala.Console$")
        self.repl = self.new_repl(self.settings(), printer)
        self.repl.initializeSynchronous()
        transient = self.scala_list(["@transient"])
        session = self.driver.spark._jsparkSession
        context = session.sparkContext()
        for name, kind, value in (
            ("spark", "org.apache.spark.sql.SparkSession", session),
            ("sc", "org.apache.spark.SparkContext", context),
        ):
            self.repl.bind(name, kind, value, transient)
        self.repl.interpret(IMPORTS)
        self.take_text()

    def settings(self) -> Any:
        settings = self.jvm.scala.tools.nsc.Settings()
        classes = os.path.join(self.driver.spec["private"], "classes")
        arguments = ["-Yrepl-class-based", "-Yrepl-outdir", classes]
        arguments += ["-classpath", self.class_path()]
        settings.processArguments(self.scala_list(arguments), True)
        return settings

    def class_path(self) -> str:
        """The JVM's own, and the jars that Spark fetched or was given."""
        path = [self.jvm.java.lang.System.getProperty("java.class.path")]
        jars = self.driver.sc._jsc.sc().getConf().get("spark.repl.local.jars", "")
        jars = jars or self.driver.sc._jsc.sc().getConf().get("spark.jars", "")
        for jar in jars.split(","):
            local = jar.strip()
            if local.startswith("file:"):
                local = "/" + local[5:].lstrip("/")
            if local and "://" not in local:
                path.append(local)
        return ":".join(path)

    def new_repl(self, settings: Any, printer: Any) -> Any:
        package = self.jvm.scala.tools.nsc.interpreter
        if self.jvm.scala.util.Properties.versionNumberString().startswith("2.12"):
            return package.IMain(settings, printer)
        reporter = package.shell.ReplReporterImpl(settings, printer)
        return package.IMain(settings, reporter)

    def module(self, name: str) -> Any:
        return self.jvm.java.lang.Class.forName(name).getField("MODULE$").get(None)

    def scala_list(self, items: list) -> Any:
        values = self.jvm.java.util.ArrayList()
        for item in items:
            values.append(item)
        converters = self.jvm.scala.collection.JavaConverters
        return converters.asScalaBufferConverter(values).asScala().toList()

    # -- statements

    def execute(self, code: str) -> dict:
        with self.lock:
            self.thread = self.jvm.java.lang.Thread.currentThread()
            loader = self.thread.getContextClassLoader()
            self.thread.setContextClassLoader(self.repl.classLoader())
            self.running = self.driver.running
            try:
                return self.run(code)
            finally:
                self.running = None
                self.jvm.java.lang.Thread.interrupted()  # one that came too late
                self.thread.setContextClassLoader(loader)

    def run(self, code: str) -> dict:
        result, text = ok({"text/plain": ""}), ""
        for kind, chunk in pieces(code):
            if kind == "magic":
                result = self.magic(chunk)
            else:
                result = self.interpret(chunk)
            if result["status"] == "error":
                return result
            text += result["data"].get("text/plain", "")
            if "text/plain" in result["data"]:
                result["data"]["text/plain"] = text
        return result

    def interpret(self, code: str) -> dict:
        verdict, text, said = self.call(code)
        if verdict == "Incomplete":
            # Comments alone are incomplete too; in braces they are a block.
            if self.call("{\n%s\n}" % code)[0] == "Success":
                return ok({"text/plain": ""})
            return error("Error", "incomplete statement", [])
        if verdict == "Error":
            said = said or "java.lang.InterruptedException: interrupted"
            lines = said.splitlines(keepends=True)
            return error("Error", lines[0].strip(), lines[1:])
        return ok({"text/plain": text})

    def call(self, code: str) -> tuple:
        """(verdict, all text, the REPL's text) of one piece of code."""
        system = self.jvm.java.lang.System
        before = self.console.out()
        self.console.setOutDirect(self.out)
        system.setOut(self.out)
        try:
            verdict = self.repl.interpret(code).toString()
        finally:
            system.setOut(self.java_out)
            self.console.setOutDirect(before)
        return (verdict, *self.take_text())

    def take_text(self) -> tuple:
        self.out.flush()
        texts = self.merged.toString("UTF-8"), self.verdict.toString("UTF-8")
        self.merged.reset()
        self.verdict.reset()
        return texts

    def interrupt(self, number: int) -> bool:
        """True when the statement was Scala's, and its JVM thread is told."""
        if self.running != number or self.thread is None:
            return False
        self.thread.interrupt()
        return True

    # -- magics

    def magic(self, line: str) -> dict:
        match = MAGIC.match(line)
        name, rest = (match.group(1), match.group(2).strip()) if match else ("", "")
        if name not in ("json", "table"):
            return error("UnknownMagic", "Unknown magic command %s" % name, [])
        found = self.repl.valueOfTerm(rest)
        if found.isEmpty():
            return error("NameError", "Value %s does not exist" % rest, [])
        try:
            value = self.json_of(found.get())
        except Exception:
            return error("ValueError", "Failed to convert value into a JSON value", [])
        if name == "json":
            return ok({"application/json": value})
        try:
            return ok({TABLE_MIME: table_of(value)})
        except TypeError as problem:
            return error("TypeError", str(problem), [])

    def json_of(self, value: Any) -> Any:
        if not hasattr(value, "getClass"):
            return value  # py4j made it a Python value
        rdd = self.jvm.java.lang.Class.forName("org.apache.spark.rdd.RDD")
        if rdd.isInstance(value):
            value = value.take(RDD_ROWS)
        formats = self.module("org.json4s.DefaultFormats$")
        return json.loads(
            self.jvm.org.json4s.jackson.Serialization.write(value, formats)
        )

    # -- completion

    def complete(self, code: str, cursor: int) -> list:
        if not self.lock.acquire(timeout=LOCK_WAIT):
            return []
        try:
            if self.completer is None:
                package = self.jvm.scala.tools.nsc.interpreter
                self.completer = package.PresentationCompilerCompleter(self.repl)
            found = self.completer.complete(code, cursor).candidates()
            names = [found.apply(index) for index in range(found.size())]
            return sorted({name for name in names if name})
        finally:
            self.lock.release()


def table_of(value: Any) -> dict:
    """JSON rows as Livy's table, whose Scala side calls every integer a bigint."""
    headers: dict = {}
    data = []
    for row in value if isinstance(value, list) else [value]:
        if isinstance(row, dict):
            items = sorted(row.items())
        else:
            items = enumerate(row if isinstance(row, list) else [row])
        data.append([])
        for name, item in items:
            kind = type_of(item)
            header = headers.setdefault(name, {"type": kind, "name": str(name)})
            if header["type"] != kind:
                raise TypeError("table rows have different types")
            data[-1].append(item)
    return {"headers": [headers[name] for name in sorted(headers)], "data": data}


def type_of(value: Any) -> str:
    if isinstance(value, (list, dict)):
        inner = value.values() if isinstance(value, dict) else value
        if len({type_of(item) for item in inner}) > 1:
            raise TypeError("table rows have different types")
        return "MAP_TYPE" if isinstance(value, dict) else "ARRAY_TYPE"
    for python, name in (
        (type(None), "NULL_TYPE"),
        (bool, "BOOLEAN_TYPE"),
        (int, "BIGINT_TYPE"),
        (float, "DOUBLE_TYPE"),
    ):
        if isinstance(value, python):
            return name
    return "STRING_TYPE"
