"""notebookutils and mssparkutils in a local session (remote/notebookutils.py)."""
import json
import os
import stat

import pytest
from remote_session import Session

SPARK = """
import sys, types
class Context:
    _jsc, master, applicationId = True, %r, "app-7"
sys.modules["pyspark"] = types.SimpleNamespace(
    SparkContext=types.SimpleNamespace(_active_spark_context=Context()))
del sys, types, Context
"""


def driver(master="local[2]", **env):
    session = Session(env=env, prologue=False)
    session.post(SPARK % master)
    session.add_prologue()
    return session


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("utilities")


@pytest.fixture(scope="module")
def local(folder):
    """A driver that takes itself for a local session; `az` is a program of ours, which
    writes down what it is asked."""
    az = folder / "bin" / "az"
    az.parent.mkdir()
    az.write_text(
        "#!/bin/sh\necho \"$*\" >> '%s'\ncase \"$*\" in\n"
        "*absent*) echo 'no such secret' >&2; exit 3;;\n"
        "*slow*) sleep 300; echo late;;\n"
        "*keyvault*) echo '{\"value\": \"from az\\\\n\"}';;\n"
        "*) echo '{\"accessToken\": \"token of az\"}';;\nesac\n" % (folder / "asked")
    )
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    home = folder / "home"
    home.mkdir()
    session = driver(
        PATH="%s:%s" % (az.parent, os.environ["PATH"]), HOME=str(home),
        SECRET_DB_PASSWORD="hunter2", SECRET_SAFE_DB_PASSWORD="of safe",
        TOKEN_STORAGE="token of env", SHELL_WITHOUT="keyring",
    )
    session.cell("import os; os.chdir(%r)" % str(home))
    yield session
    session.close()


def value(session, text):
    cell = session.cell(text)
    assert cell.status == "ok", cell.outputs
    return cell.value()


def notebook(path, *cells):
    """(tag, source) or a source, each."""
    cells = [cell if isinstance(cell, tuple) else (None, cell) for cell in cells]
    path.write_text(json.dumps({"cells": [
        {"cell_type": "code", "source": source, "metadata": {"tags": [tag] if tag else []}}
        for tag, source in cells]}))
    return str(path)


@pytest.mark.parametrize("text", [
    "notebookutils.env.getPoolName()",
    "mssparkutils.env.getPoolName()",
    "import notebookutils as n\nn.env.getPoolName()",
    "from notebookutils import mssparkutils as m\nm.env.getPoolName()",
    "import mssparkutils as m\nm.env.getPoolName()",
    "import notebookutils.env as e\ne.getPoolName()",
    "from notebookutils.env import getPoolName as g\ng()",
])
def test_each_way_to_name_them(text):
    session = driver()
    try:
        assert value(session, text) == "'local'"
    finally:
        session.close()


def test_a_cell_that_names_nothing_brings_nothing():
    session = driver()
    try:
        names = "sorted(n for n in __import__('sys').modules if 'book' in n or 'mss' in n)"
        assert value(session, names + ", 'not' + 'ebookutils' in globals()") == "([], False)"
    finally:
        session.close()


def test_a_cluster_keeps_its_own():
    session = driver("yarn")
    try:
        assert session.cell("mssparkutils").error["ename"] == "NameError"
    finally:
        session.close()


def test_a_real_module_stays(tmp_path):
    (tmp_path / "notebookutils.py").write_text("real = 5\n")
    session = driver(PYTHONPATH=str(tmp_path))
    try:
        assert value(session, "import notebookutils\nnotebookutils.real") == "5"
    finally:
        session.close()


def test_files(local, tmp_path):
    local.cell("base = %r" % str(tmp_path))
    for text, wanted in (
        ("mssparkutils.fs.mkdirs(base + '/a/b')", "True"),
        ("mssparkutils.fs.put(base + '/a/x.txt', 'one\\r\\n')", "True"),
        ("mssparkutils.fs.append('file:' + base + '/a/x.txt', 'zw\u00f6lf')", "True"),
        ("mssparkutils.fs.head('file://' + base + '/a/x.txt')", repr("one\r\nzwölf")),
        ("mssparkutils.fs.head(base + '/a/x.txt', 8)", repr("one\r\nzw")),
        ("[(f.name, f.size, f.isDir, f.isFile) for f in mssparkutils.fs.ls(base + '/a')]",
         "[('b', 0, True, False), ('x.txt', 11, False, True)]"),
        ("mssparkutils.fs.ls('file:' + base + '/a')[1].path == 'file:' + base + '/a/x.txt'",
         "True"),
        ("mssparkutils.fs.cp(base + '/a/x.txt', base + '/a/b')", "True"),
        ("mssparkutils.fs.cp(base + '/a', base + '/c/d', True)", "True"),
        ("mssparkutils.fs.exists(base + '/c/d/b/x.txt')", "True"),
        ("mssparkutils.fs.mv(base + '/c/d/x.txt', base + '/e/y.txt', True)", "True"),
        ("mssparkutils.fs.mv(base + '/e/y.txt', base + '/a/x.txt', False, True)", "True"),
        ("mssparkutils.fs.put(base + '/a/x.txt', 'new', True)", "True"),
        ("mssparkutils.fs.rm(base + '/c', True)", "True"),
        ("mssparkutils.fs.exists(base + '/c')", "False"),
    ):
        assert value(local, text) == wanted, text
    assert (tmp_path / "a/x.txt").read_text() == "new"
    assert (tmp_path / "a/b/x.txt").read_bytes() == "one\r\nzwölf".encode()


@pytest.mark.parametrize("call, name, says", [
    ("ls('/no/such')", "FileNotFoundError", "There is no file or folder /no/such."),
    ("ls('abfss://c@a.dfs.core.windows.net/x')", "UsageError", "spark.read"),
    ("ls('file://elsewhere/x')", "UsageError", "not on this machine"),
    ("put('there', '')", "FileExistsError", "overwrite=True"),
    ("append('absent', '')", "FileNotFoundError", "absent"),
    ("cp('full', 'other')", "UsageError", "recurse=True copies"),
    ("cp('full', 'full/inner', True)", "UsageError", "into itself"),
    ("mv('there', 'no/such/folder')", "FileNotFoundError", "create_path=True"),
    ("mv('there', 'full/there')", "FileExistsError", "is there already"),
    ("rm('full')", "UsageError", "recurse=True deletes"),
    ("rm('..', True)", "UsageError", "holds the working folder"),
    ("mount('abfss://x', '/y')", "AttributeError", "fs.mount is not there in a local session"),
])
def test_what_fs_refuses(local, call, name, says):
    local.cell("import os; os.makedirs('full', exist_ok=True)\n"
               "for path in ('there', 'full/there'): open(path, 'w').write('kept')")
    error = local.cell("mssparkutils.fs." + call).error
    assert error["ename"] == name and says in error["evalue"]
    assert value(local, "open('there').read() + open('full/there').read()") == "'keptkept'"


def test_secrets(local, folder):
    secret = "mssparkutils.credentials.getSecret(%r, %r)"
    for vault, name, wanted in (
        ("any", "db-password", "hunter2"),
        ("safe", "db-password", "of safe"),
        ("https://safe.vault.azure.net/", "other", "from az\n"),
    ):
        assert value(local, secret % (vault, name) + " == %r" % wanted) == "True"
    assert "keyvault secret show --vault-name=safe --name=other" in (folder / "asked").read_text()
    token = "mssparkutils.credentials.getToken(%r) == %r"
    assert value(local, token % ("storage", "token of env")) == "True"
    assert value(local, token % ("DW", "token of az")) == "True"
    assert "--resource=https://database.windows.net/" in (folder / "asked").read_text()


def test_a_secret_is_not_shown(local):
    cell = local.cell("secret = mssparkutils.credentials.getSecret('v', 'db-password')\nsecret")
    assert cell.value() == "'[REDACTED]'" and "hunter2" not in str(cell.raw)
    assert value(local, "secret + '!'") == "'hunter2!'"


def test_a_missing_secret_says_where_it_was_looked_for(local):
    error = local.cell("mssparkutils.credentials.getSecret('v', 'absent')").error["evalue"]
    assert error == (
        "There is no secret absent of the key vault v. Looked at: the variable "
        "SECRET_V_ABSENT, the variable SECRET_ABSENT, keyring (not installed), "
        "az (no such secret).")
    error = local.cell("mssparkutils.credentials.getSecret('v', '-o')").error["evalue"]
    assert "takes the name of a key vault" in error
    error = local.cell("mssparkutils.credentials.getToken('beer')").error["evalue"]
    assert "beer is no audience" in error
    error = local.cell("mssparkutils.credentials.putSecret('v', 'a', 'b')").error["evalue"]
    assert "mssparkutils.credentials.putSecret is not there" in error


def test_an_az_that_hangs_is_ended(local):
    local.cell("mssparkutils; __synapse_kernel__.modules['notebookutils'].AZ_SECONDS = 1")
    error = local.cell("mssparkutils.credentials.getToken('https://slow')").error["evalue"]
    assert error.endswith("the variable TOKEN_HTTPS___SLOW, az (no answer within 1 s).")


def test_a_secret_of_keyring(tmp_path):
    (tmp_path / "keyring.py").write_text(
        "def get_password(service, name):\n    return '%s of %s' % (name, service)\n")
    session = driver(PYTHONPATH=str(tmp_path))
    try:
        assert value(session, "mssparkutils.credentials.getSecret('safe', 'key') == "
                     "'key of safe'") == "True"
    finally:
        session.close()


def test_env_runtime_session_and_help(local):
    assert value(local, "mssparkutils.env.getJobId()") == "'app-7'"
    assert value(local, "mssparkutils.env.getUserId()") == repr(str(os.getuid()))
    context = value(local, "notebookutils.runtime.context")
    assert "'isReferenceRun': False" in context and "'clusterId': 'app-7'" in context
    cell = local.cell("mssparkutils.session.stop()")
    assert cell.status == "ok" and "%synapse stop ends it" in cell.text()
    cell = local.cell("notebookutils.help()\nmssparkutils.fs.help('cp')")
    assert "notebookutils.notebook.exit(value='')" in cell.text()
    assert "notebookutils.runtime.context" in cell.text()
    assert cell.text().endswith(
        "mssparkutils.fs.cp(src, dest, recurse=False): Copy a file, or with recurse a folder.\n")


def test_exit_ends_a_cell_well(local):
    cell = local.cell("print('before')\ntry:\n    mssparkutils.notebook.exit('done')\n"
                      "except Exception:\n    pass\nprint('after')")
    assert (cell.status, cell.text()) == ("ok", "before\nExitValue: done\n")
    assert value(local, "6 * 7") == "42"


def test_a_notebook_has_names_of_its_own(local, tmp_path):
    path = notebook(
        tmp_path / "inner.ipynb",
        ("parameters", "n = 1\nword = 'x'"),
        "mine = n + 1\n!echo shell",
        "about = notebookutils.runtime.context\nprint(about['currentNotebookName'])",
        "mssparkutils.notebook.exit('%s %d' % (word, mine))",
        "print('never')",
    )
    local.cell("mine = 'outer'")
    cell = local.cell("got = mssparkutils.notebook.run(%r, 60, {'n': 41})\n(got, mine)"
                      % path[: -len(".ipynb")])
    assert cell.value() == "('x 42', 'outer')" and cell.text() == "shell\ninner\n"
    assert value(local, "notebookutils.runtime.context['isReferenceRun']") == "False"
    plain = notebook(tmp_path / "plain.ipynb", "1")
    assert value(local, "mssparkutils.notebook.run(%r)" % plain) == "''"


def test_errors_of_notebook_run(local, tmp_path):
    assert "notebook.run: there is no file nothing.ipynb" in local.cell(
        "mssparkutils.notebook.run('nothing')").error["evalue"]
    path = notebook(tmp_path / "bad.ipynb", "1", "1 / 0")
    error = local.cell("mssparkutils.notebook.run(%r)" % path).error
    assert error["ename"] == "ZeroDivisionError"


def test_a_notebook_that_takes_too_long_is_ended(local, tmp_path):
    path = notebook(tmp_path / "slow.ipynb", "while True:\n    pass")
    cell = local.cell("try:\n    mssparkutils.notebook.run(%r, 1)\n"
                      "except TimeoutError as error:\n    print(error)" % path)
    assert cell.status == "ok" and "did not end within 1 s" in cell.text()
    assert value(local, "6 * 7") == "42"


def test_run_brings_them_for_the_notebook(tmp_path):
    path = notebook(tmp_path / "uses.ipynb", "pool = mssparkutils.env.getPoolName()")
    session = driver()
    try:
        assert value(session, "%%run %s\npool" % path) == "'local'"
    finally:
        session.close()
