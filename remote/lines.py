"""`%magic`, `!command` and `name?` lines in a cell, translated to Python of the same lines.

A module of remote/prologue.py, brought along by the first cell that Python alone can't
compile. Text of the user stays a literal. Python 3.8 or later; standard library only.
"""
import ast
import difflib
import importlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import timeit as stdlib_timeit
import tokenize

CALL = '__synapse_kernel__.modules["lines"].do(%r, %r)'
LINE = re.compile(
    r"(?P<lead>[ \t]*(?:[A-Za-z_][\w., \t]*=[ \t]*)?)(?P<mark>%|!!?)(?P<rest>.*)"
)
HELP = re.compile(
    r"(?P<lead>[ \t]*)(?:\?{1,2}(?P<a>[\w.]+)|(?P<b>[A-Za-z_][\w.]*)\?{1,2})[ \t]*"
)
CELL = re.compile(r"%%(?P<name>\w+)(?P<rest>.*)")
VARIABLE = re.compile(r"\$\$|\$(?P<name>[A-Za-z_]\w*)|\{(?P<code>[^{}]+)\}")


class UsageError(Exception):
    """A magic that can't do what is written."""


# --- text ---------------------------------------------------------------------------------


def translated(text):
    """`text` as Python, line for line. What is no magic stays as it is."""
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    match = CELL.fullmatch(lines[first].rstrip())
    if match and match.group("name") != "time":
        body = "\n".join(lines[first + 1 :])
        call = '__synapse_kernel__.modules["lines"].cell(%r, %r, %r)'
        lines[first] = call % (match.group("name"), match.group("rest").strip(), body)
        return "\n".join(lines[: first + 1] + [""] * (len(lines) - first - 1))
    if match:
        lines[first] = '__synapse_kernel__.modules["lines"].clock()'
    done, i = [], 0
    while i < len(lines):
        count = 1
        match = LINE.fullmatch(lines[i])
        asked = HELP.fullmatch(lines[i])
        if (match or asked) and not is_open("\n".join(done)):
            if match:
                while match.group("rest").endswith("\\") and i + count < len(lines):
                    joined = match.group(0)[:-1] + " " + lines[i + count].strip()
                    match, count = LINE.fullmatch(joined), count + 1
                done.append(match.group("lead") + call_of(match))
            else:
                done.append(asked.group("lead") + CALL % ("?", asked.group(0).strip()))
            done += [""] * (count - 1)
        else:
            done.append(lines[i])
        i += count
    return "\n".join(done)


def call_of(match):
    rest = match.group("rest")
    if match.group("mark") == "%":
        name, _, args = rest.strip().partition(" ")
    else:
        name, args = match.group("mark"), rest
    if "=" in match.group("lead"):
        name = "!!" if name == "!" else name
    return CALL % (name, args.strip())


def is_open(text):
    """Does `text` end within brackets or a string of three quotes?"""
    try:
        for _ in tokenize.generate_tokens(io.StringIO(text).readline):
            pass
    except tokenize.TokenError:
        return True
    except SyntaxError:
        pass
    return False


def expanded(text):
    """`$name` and `{expression}` with the session's variables, as IPython does it in a
    command; what Python does not know is the shell's."""

    def value(match):
        if match.group() == "$$":
            return "$"
        name, code = match.group("name"), match.group("code")
        try:
            return str(kernel.user[name] if name else eval(code, kernel.user))
        except Exception:
            return match.group()

    return VARIABLE.sub(value, text)


# --- commands -----------------------------------------------------------------------------


def execute(words, timeout=None, **options):
    """Run a program; what it prints is the cell's. An interrupt ends all it started, and
    so does the end of `timeout`, in seconds."""
    sys.stdout.flush()
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, start_new_session=True, **options
    )
    try:
        output, _ = process.communicate(timeout=timeout)
        return process.returncode, output
    except BaseException:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        raise


def shell(args):
    execute(expanded(args), shell=True)


def shell_lines(args):
    _, output = execute(expanded(args), shell=True, stdout=subprocess.PIPE)
    return output.decode("utf-8", "replace").splitlines()


def pip(args):
    context = tools.spark_context()
    words = shlex.split(expanded(args))
    if context is not None and not str(context.master).startswith("local"):
        if words[:1] in (["install"], ["uninstall"]):
            raise UsageError(
                "%pip would change the driver's Python alone, not that of the executors. "
                "Packages of a cluster come with its pool or its image, a module of your own "
                "by spark.sparkContext.addPyFile(path)."
            )
    code, _ = execute([sys.executable, "-m", "pip"] + words)
    importlib.invalidate_caches()
    if code:
        raise UsageError("pip ended with exit code %d: its words are above." % code)


def conda(args):
    raise UsageError("%conda does not change the driver's Python: use %pip.")


def matplotlib(args):
    """Figures are shown at the end of a cell in any case."""


# --- places and variables -----------------------------------------------------------------


def env(args):
    name, sign, value = args.partition("=")
    if not sign:
        name, _, value = args.partition(" ")
    if not name:
        return dict(os.environ)
    if not sign and not value:
        return os.environ.get(name.strip())
    os.environ[name.strip()] = expanded(value.strip())
    print("env: %s=%s" % (name.strip(), os.environ[name.strip()]))
    return None


def cd(args):
    os.chdir(os.path.expanduser(expanded(args) or "~"))
    print(os.getcwd())


def pwd(args):
    return os.getcwd()


def ls(args):
    shell("ls " + args)


def own_names():
    hidden = ("spark", "sc", "sqlContext", "display", "exit", "quit")
    return sorted(
        name for name, value in kernel.user.items()
        if not name.startswith("_") and name not in hidden
        and not isinstance(value, type(sys)) and type(value).__name__ != "function"
    )


def who(args):
    print("\t".join(own_names()) or "No variables.")


def whos(args):
    for name in own_names():
        print("%-20s %s" % (name, type(kernel.user[name]).__name__))


def explain(asked):
    """`name?`, `name??`: what a variable is, as IPython's pager shows it."""
    answer = kernel.modules["look"].inspect_name(asked.strip("? "), int("??" in asked))
    if not answer["found"]:
        raise UsageError("There is no variable %s in the Spark session." % asked.strip("? "))
    tools.capture.add({"output_type": "page", "data": answer["data"]})


# --- code ---------------------------------------------------------------------------------


def run(args):
    """%run FILE: a Python file, or the code cells of a notebook, in the session's names."""
    words = shlex.split(expanded(args))
    if len(words) != 1:
        raise UsageError("%run takes the name of one file, FILE.py or FILE.ipynb.")
    run_file("%run", words[0], kernel.user)


def run_file(caller, path, names, given=None):
    """Run it with the variables `names`. `given` is set before it, and again behind a cell
    of the tag `parameters`."""
    path = path if os.path.splitext(path)[1] else path + ".ipynb"
    if not os.path.exists(path):
        raise UsageError(
            "%s: there is no file %s on the driver, in %s." % (caller, path, os.getcwd())
        )
    with open(path, encoding="utf-8") as file:
        text = file.read()
    names.update(given or {})
    if not path.endswith(".ipynb"):
        exec(compile(text, path, "exec"), names)
        return
    for i, cell in enumerate(json.loads(text).get("cells", [])):
        source = "".join(cell.get("source", []))
        if cell.get("cell_type") != "code" or not source.strip():
            continue
        first = source.lstrip().partition("\n")[0].split()
        if first[:1] in (["%%pyspark"], ["%%synapse"]):
            source = "\n" + source.lstrip().partition("\n")[2]
        tree = parse(source, "%s, cell %d" % (path, i + 1))
        exec(compile(tree, "%s, cell %d" % (path, i + 1), "exec"), names)
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            names.update(given or {})


def parse(text, filename):
    try:
        return ast.parse(text, filename)
    except SyntaxError:
        return ast.parse(translated(text), filename)


def evaluate(text):
    """Run `text` in the session's names; the value of an expression comes back."""
    tree = parse(text, "<timed>")
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        value = ast.Expression(tree.body[0].value)
        return eval(compile(value, "<timed>", "eval"), kernel.user)
    return exec(compile(tree, "<timed>", "exec"), kernel.user)


def seconds(value):
    for unit, factor in (("s", 1), ("ms", 1e3), ("\u00b5s", 1e6)):
        if value * factor >= 1:
            break
    return "%.3g %s" % (value * factor, unit)


def report(start, cpu):
    print("CPU times: %s (driver)\nWall time: %s" % (
        seconds(time.process_time() - cpu), seconds(time.perf_counter() - start)))


def clock():
    """%%time: the rest of the cell is timed."""
    start, cpu = time.perf_counter(), time.process_time()
    kernel.at_end = lambda: report(start, cpu)


def time_line(args):
    start, cpu = time.perf_counter(), time.process_time()
    value = evaluate(args)
    report(start, cpu)
    return value


def timeit(args, body=""):
    """%timeit CODE, %%timeit [CODE that comes before] and a body: the best of five."""
    code = re.sub(r"^(\s*-\w+\s*\d*\s+)*", "", args + " ").strip()
    setup, statement = (code, body) if body else ("", code)
    timer = stdlib_timeit.Timer(statement, setup or "pass", globals=kernel.user)
    number, _ = timer.autorange()
    best = min(timer.repeat(5, number)) / number
    print("%s each, the best of 5 times %d" % (seconds(best), number))


# --- the tables ---------------------------------------------------------------------------

LINES = {
    "!": shell, "!!": shell_lines, "sx": shell_lines, "system": shell_lines, "pip": pip,
    "conda": conda, "matplotlib": matplotlib, "env": env, "set_env": env, "cd": cd,
    "pwd": pwd, "ls": ls, "who": who, "whos": whos, "?": explain, "run": run,
    "time": time_line, "timeit": timeit,
}
CELLS = {"timeit": None, "bash": "bash", "sh": "sh"}
IN_PYTHON = (
    "local lsmagic magic quickref load_ext unload_ext reload_ext autoreload config history "
    "hist alias automagic precision pprint xmode colors connect_info store recall rerun load "
    "logstart logstop notebook synapse"
).split()


def do(name, args):
    """One `%name args` or `!args`."""
    if name in LINES:
        return LINES[name](args)
    if name in IN_PYTHON:
        raise UsageError(
            "%%%s acts on the Python of the notebook, not on Spark: give it a cell of its "
            "own." % name
        )
    near = difflib.get_close_matches(name, list(LINES) + IN_PYTHON, 1)
    hint = " Did you mean %%%s?" % near[0] if near else ""
    raise UsageError("%%%s is no magic of a Spark cell.%s" % (name, hint))


def cell(name, args, body):
    """`%%name args` above a body."""
    if name == "timeit":
        return timeit(args, body)
    if name in CELLS:
        execute([CELLS[name], "-c", body])
        return None
    raise UsageError("%%%%%s must be the first line of a cell of its own." % name)
