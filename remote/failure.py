"""An error as the user is told it: where, what, why, and what to do next.

A module of remote/prologue.py, there from the start of a session: `kernel` and `tools`.
Python 3.8 or later; standard library only.
"""
import html
import linecache
import os
import re
import sys
import traceback

# --- errors ------------------------------------------------------------------------------

RED, GREEN, CYAN, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"
STACK_LIMIT = 100000  # characters
PLACE_WIDTH = 60  # characters in front of a caret
IN_QUERY = re.compile(  # where an error is in a query, and the query
    r" ?\(line \d+, pos \d+\)|; line \d+ pos \d+|\n+== SQL ?(\(.*?\) )?==\n.*", re.S)
NO_STACK = ("AnalysisException", "ParseException")  # the message says it all
HIDDEN = re.compile(r"[/\\]py4j[/\\]|[/\\]pyspark[/\\]errors[/\\]")
WORKER_TRACE = re.compile(
    r"Traceback \(most recent call last\):\n(.*?)(?=\n\s*\n|\n\tat |\Z)", re.S)


STORAGE = re.compile(r"(?:https?://|@)([a-z0-9]+)\.(?:dfs|blob)\.")


def chain(error):
    """`error` and what it came from."""
    seen = []
    while error is not None and not any(error is known for known in seen):
        seen.append(error)
        cause = error.__cause__
        if cause is None and not error.__suppress_context__:
            cause = error.__context__
        error = cause
    return seen


def user_frames(trace, only_cells):
    """`trace` without our own frames, and without what ran above the cell."""
    entries = []
    while trace is not None:
        entries.append(trace)
        trace = trace.tb_next
    in_cell = [t for t in entries if is_cell(t.tb_frame.f_code)]
    if in_cell:
        entries = in_cell if only_cells else entries[entries.index(in_cell[0]) :]
    entries = [t for t in entries if not HIDDEN.search(t.tb_frame.f_code.co_filename)
               and t.tb_frame.f_code not in tools.own_code]
    for before, after in zip(entries, entries[1:] + [None]):
        before.tb_next = after
    return entries[0] if entries else None


def is_cell(code):
    return code.co_filename in tools.cells


def worker_frames(text):
    """(last line, lines) of the Python traceback that an executor sent."""
    match = WORKER_TRACE.search(text)
    if match is None:
        return None, []
    frames, last = [], []
    body = match.group(1).rstrip()
    if body.rpartition("\n")[2].count("'") % 2:  # the repr of the whole ends here
        body = body[:-1] if body.endswith("'") else body
    for line in body.split("\n"):
        place = re.match(r'  File "(.*)", line (\d+), in ', line)
        if place:
            frames.append((place.group(1), [line]))
            source = linecache.getline(place.group(1), int(place.group(2)))
            if place.group(1) in tools.cells and source:
                frames[-1][1].append("    " + source.strip())
        elif line.startswith("    ") and frames:
            frames[-1][1].append(line)
        else:
            last.append(line)
    own = [lines for name, lines in frames if not re.search(r"[/\\]pyspark[/\\.]", name)]
    kept = own or [lines for _, lines in frames]
    return "\n".join(last), [line for lines in kept for line in lines]


def java_stack(text):
    """The Java part of an error, three calls of each cause."""
    lines, calls, left = [], 0, 0
    for line in text.split("\n"):
        if not line.startswith("\t"):
            if line.startswith("Caused by: ") or not lines:
                if left:
                    lines.append("\t... %d more" % left)
                lines.append(line[:1000])
                calls = left = 0
        elif calls < 3 and not re.match(r"\tat (scala|java|jdk|py4j)\.", line):
            lines.append(line)
            calls += 1
        else:
            left += 1
    return lines + (["\t... %d more" % left] if left else [])


class Told:
    """An error as the user is told it: a short message, and parts that go below."""

    def __init__(self, error):
        self.error = error
        self.name = type(error).__name__
        self.message = tools.message_of(error)
        self.stack = None
        self.below = []
        java = self.name == "Py4JJavaError" and "\n: " in self.message
        if java or self.name == "PythonException":
            last, frames = worker_frames(self.message)
            if frames:
                self.below += ["In the Python worker:"] + frames + [last]
        if java:
            text = self.message.split("\n: ", 1)[1]
            causes = re.findall(r"^Caused by: (.*)$", text, re.M)
            first = (causes[-1] if causes else text).split("\n", 1)[0]
            self.stack = text
            self.message = last if frames else first
        elif self.below:
            self.message = last
        if self.name == "AnalysisException":  # without the plan of the query
            self.message = re.sub(r";\n['+:!*A-Z].*", "", self.message, flags=re.S)
        if kernel.place:  # shown in the cell's own text
            self.message = IN_QUERY.sub("", self.message).strip()
        if "stopped SparkContext" in self.message:
            self.stack = None
        elif self.name not in NO_STACK:
            found = getattr(error, "stackTrace", getattr(error, "_stackTrace", None))
            self.stack = self.stack or (found if isinstance(found, str) else None)


def stand_in(error, told):
    """`error` with its short message, for printers that call str()."""
    short = [item.message for item in told]
    if all(item.message == tools.message_of(item.error) for item in told):
        return error
    copies = []
    for item, text in zip(told, short):
        copy = type(item.name, (Exception,), {"__module__": "builtins"})(text)
        copy.__traceback__ = item.error.__traceback__
        copy.__suppress_context__ = item.error.__suppress_context__
        copies.append(copy)
    for item, copy, source in zip(told, copies, copies[1:]):
        if item.error.__cause__ is not None:
            copy.__cause__ = source
        else:
            copy.__context__ = source
    return copies[0]


def ipython_lines(error):
    from IPython.core.ultratb import VerboseTB

    try:
        printer = VerboseTB(theme_name="neutral", include_vars=False)
    except TypeError:
        printer = VerboseTB(color_scheme="Neutral", include_vars=False)
    lines = printer.structured_traceback(type(error), error, error.__traceback__)
    return "\n".join(lines).split("\n")


def plain_lines(told):
    """The same without IPython."""
    lines = []
    for item in reversed(told):
        if lines:
            text = "The above exception was the direct cause of the following exception:"
            if item.error.__cause__ is None:
                text = "During handling of the above exception, another exception occurred:"
            lines += ["", text, ""]
        lines.append(RED + "-" * 75 + PLAIN)
        lines.append("%s%s%s%35s" % (RED, item.name, PLAIN, "Traceback (most recent call last)"))
        frames = traceback.extract_tb(item.error.__traceback__)
        if len(frames) > 40:
            frames = list(frames[:20]) + [None] + list(frames[-20:])
        for frame in frames:
            if frame is None:
                lines += ["... frames left out ...", ""]
                continue
            where = "%sFile %s:%d%s" % (GREEN, frame.filename, frame.lineno, PLAIN)
            if frame.name != "<module>":
                where += ", in %s%s%s" % (CYAN, frame.name, PLAIN)
            lines.append(where)
            around = range(max(1, frame.lineno - 2), frame.lineno + 3)
            for number in around:
                source = linecache.getline(frame.filename, number).rstrip()
                if number == frame.lineno:
                    lines.append("%s----> %d %s%s" % (GREEN, number, PLAIN, source))
                elif source:
                    lines.append("%7d %s" % (number, source))
            lines.append("")
        lines.append("%s%s%s: %s" % (RED, item.name, PLAIN, item.message))
    return "\n".join(lines).split("\n")


def shown_place(line, source, column):
    """A position of the cell as SyntaxErrors show theirs."""
    lead = len(source) - len(source.lstrip())
    shown, column = source.strip(), max(column - lead, 0)
    if column > PLACE_WIDTH:  # a query on one long line
        shown, column = "\u2026" + shown[column - PLACE_WIDTH // 2 :], PLACE_WIDTH // 2 + 1
    head = "  File \"<%s>\", line %d" % (kernel.last, line)
    return [head, "    " + shown[: 2 * PLACE_WIDTH], "    " + " " * column + "^"]


def failure(error, text, is_syntax, has_frames, note):
    """The outputs of a cell's error: the Java stack, if there is one, and the error."""
    if is_refusal(error):
        message = tools.message_of(error)
        lines = (RED + "UsageError" + PLAIN + ": " + message).split("\n")
        return [{"output_type": "error", "ename": "UsageError", "evalue": message,
                 "traceback": lines}]
    interrupted = isinstance(error, KeyboardInterrupt)
    if interrupted:
        error.__suppress_context__, error.__cause__ = True, None
    for item in chain(error):
        item.__traceback__ = user_frames(item.__traceback__, interrupted)
    told = [Told(item) for item in chain(error)]
    name, message = told[0].name, told[0].message
    if is_syntax and error.text is None and error.lineno:
        error.text = (text.split("\n") + [""] * error.lineno)[error.lineno - 1]
    if not has_frames or error.__traceback__ is None:
        lines = "".join(traceback.format_exception_only(type(error), error)).rstrip()
        if not is_syntax:
            lines = "%s: %s" % (name, message)
        lines = lines.split("\n")
        if is_syntax and len(lines) == 3:  # Python shows no caret below an indent
            lines.insert(2, "    ^")
        head = len(lines) - 1 if is_syntax else 0
        lines[head] = lines[head].replace(name, RED + name + PLAIN, 1)
        if kernel.place:
            lines = shown_place(*kernel.place) + lines
            message += " (<%s>, line %d)" % (kernel.last, kernel.place[0])
    else:
        try:
            lines = ipython_lines(stand_in(error, told))
        except Exception:
            lines = plain_lines(told)
    for item in told:
        lines += [""] * bool(item.below) + "\n".join(item.below).split("\n") * bool(item.below)
    for hint in (note, hint_for(error, message, text, is_syntax)):
        lines += ["", hint] if hint else []
    stacks = [folded(item.stack) for item in told if item.stack]
    return stacks[:1] + [
        {"output_type": "error", "ename": name, "evalue": message, "traceback": lines}]


def is_refusal(error):
    """Does one of our modules say no? Then its sentence is all that the user needs."""
    return isinstance(error, tools.Refused) or type(error).__name__ == "UsageError"


def folded(stack):
    """A Java stack behind a click; shortened for a terminal."""
    stack = stack.strip()
    head = "Java stack, %d lines" % (stack.count("\n") + 1)
    short = ["Java stack, shortened:"] + java_stack(stack)
    body = "<details><summary>%s</summary><pre>%s</pre></details>" % (
        head, html.escape(stack[:STACK_LIMIT]))
    return {"output_type": "display_data", "metadata": {}, "transient": {},
            "data": {"text/html": body, "text/plain": "\n".join(short)}}


def hint_for(error, message, text, is_syntax):
    """What to do next, where we know it."""
    if is_syntax and re.search(r"^\s*[!%]", text, re.M):
        return ("Lines that begin with ! or % belong to plain Python cells: this cell "
                "runs on the Spark driver. For a command there: "
                "import os; os.system('ls')")
    gone = "pyspark" in sys.modules and tools.spark_context() is None
    if "stopped SparkContext" in message or (
            gone and re.search("NoneType|not initialized|AssertionError", repr(error))):
        return ("This session's Spark was stopped (spark.stop()). Start a new one: "
                "%synapse stop, then %synapse start.")
    whole = "\n".join([message] + [tools.message_of(item) for item in chain(error)])
    if re.search(r"No module named '?azureml\b", whole):
        return missing_azureml(text)
    for pattern, hint in HINTS:
        found = re.search(pattern, whole)
        if found:
            return hint(found, "Python worker" in whole or "PythonException" in whole)
    return None


def missing_path(found, _):
    path = found.group(1).rstrip(".,'\"")
    if is_cluster() and not re.match(r"(?!file:|dbfs:|hdfs:)\w+:", path):
        return ("Spark looks for %s on the cluster: files beside your notebook are not there. "
                "Give the address of a store that the cluster reaches, or bring the data with "
                "%%synapse put." % path)
    return "Spark looked for %s, from the driver's folder %s." % (path, os.getcwd())


def missing_scheme(found, _):
    """Words that stand for packages are known on the notebook's machine alone."""
    scheme = found.group(1)
    word = {"wasb": "azure", "wasbs": "azure", "abfs": "azure", "abfss": "azure",
            "s3a": "aws", "s3": "aws"}.get(scheme)
    package = {"azure": "hadoop-azure", "aws": "hadoop-aws"}.get(word, "its connector")
    named = "GROUP:ARTIFACT:VERSION"
    if word and is_cluster():
        named = "org.apache.hadoop:%s:%s" % (package, hadoop_version())
    elif word:
        named = word
    return ("This Spark can't read %s:// addresses%s: it lacks %s. End this session with "
            "%%synapse stop, then %%synapse start --packages %s has one that can."
            % (scheme, ", only s3a://" if scheme == "s3" else "", package, named))


def hadoop_version():
    try:
        jvm = tools.spark_context()._jvm
        return str(jvm.org.apache.hadoop.util.VersionInfo.getVersion())
    except Exception:  # no Spark that could say it
        return "VERSION"


def refused_storage(found, _):
    """Azure Storage says 403: a role that is missing, or a network that is closed."""
    account = STORAGE.search(found.string)
    name = "The storage account" + (" " + account.group(1) if account else "")
    if found.group(1) == "AuthorizationFailure":
        return ("%s lets nobody in from the network of this Spark: its firewall, or a private "
                "endpoint alone. Have its owner allow that network, or have a managed private "
                "endpoint to it made and approved for the Spark workspace." % name)
    return ("%s knows who asks but lets them not do that: a data role is missing (Owner and "
            "Contributor are none). Have its owner assign Storage Blob Data Reader, to write "
            "Storage Blob Data Contributor, on the account or the container; it counts after "
            "some minutes. A session runs as you: %%synapse whoami says who that is." % name)


def missing_module(found, is_worker):
    name = found.group(1).split(".")[0]
    if is_worker:
        return ("%s is missing on the executors. It must be installed on every node, or sent "
                "along: sc.addPyFile, or an environment in spark.archives." % name)
    return ("%s is not installed where the Spark driver runs; what you installed for plain "
            "Python cells is not seen there. %%pip install in a Spark cell installs it on the "
            "driver." % name)


def missing_azureml(text):
    """Its datasets are data assets by now, whose address Spark reads by itself."""
    found = re.search(r"get_by_name\([^'\")]*['\"]([^'\"\s]+)['\"]", text)
    return ("The azureml packages are not installed where the Spark driver runs, nor needed to "
            "read a dataset: spark_df = spark.read.csv(\"{azureml:%s}\", header=True). Its "
            "address is filled in before the cell runs." % (found.group(1) if found else "NAME"))


def is_cluster():
    return not str(getattr(tools.spark_context(), "master", "local")).startswith("local")


def said(text):
    return lambda found, is_worker: text


HINTS = [
    (r"(?:Path does not exist:?|PATH_NOT_FOUND\]|Input path does not exist:)"
     r"(?: Path does not exist:)? ?(\S+)", missing_path),
    (r"No FileSystem for scheme:? \"?(\w+)", missing_scheme),
    (r"ClassNotFoundException: Class org\.apache\.hadoop\.fs\.(azurebfs|azure|s3a)",
     lambda found, _: missing_scheme(re.match("(.*)", {
         "azurebfs": "abfss", "azure": "wasbs"}.get(found.group(1), "s3a")), _)),
    (r"(AuthorizationPermissionMismatch|AuthorizationFailure|"
     r"not authorized to perform this operation using this permission)", refused_storage),
    (r"No module named '?([\w.]+)", missing_module),
    (r"maxResultSize", said(
        "The result is too large for the driver. Take less of it (df.limit, df.select, an "
        "aggregate), or start with a larger spark.driver.maxResultSize.")),
    (r"OutOfMemoryError|Container killed|[Ee]xit (?:code|status):? 137|ExecutorLostFailure",
     said("Spark ran out of memory. Bring less to the driver, use more partitions "
          "(df.repartition), or start a session with more: --driver-memory, "
          "--executor-memory.")),
    (r"Cannot run multiple SparkContexts", said(
        "There is a SparkContext already, `sc`: use it, or SparkContext.getOrCreate().")),
    (r"(?i)(pandas|pyarrow)[^\n]* must be installed", said(
        "That needs pandas and pyarrow where the driver runs: %pip install pandas pyarrow in a "
        "Spark cell installs them there.")),
]
tools.failure = failure
