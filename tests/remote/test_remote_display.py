"""What is shown: tables for data explorers, charts, HTML; errors in a sentence."""

import base64
import xml.dom.minidom

import pytest
from remote_session import Session

EVIL = "<script>alert(1)</script>"
RESOURCE = "application/vnd.dataresource+json"

TABLE = """
import decimal, datetime
t = __synapse_kernel__.modules['display'].table
t([('%s', 'string'), ('n', 'bigint'), ('d', 'decimal(4,2)'), ('b', 'bigint'), ('f', 'double'),
   ('w', 'timestamp'), ('a', 'array<int>')],
  [('%s', 1, decimal.Decimal('1.50'), 2**60, float('nan'), datetime.datetime(2024, 5, 6), [1]),
   (None, None, None, None, None, None, None)], 20)
"""


@pytest.fixture(scope="module")
def bare():
    """A driver in which matplotlib is not installed."""
    session = Session(env={"SHELL_WITHOUT": "matplotlib"})
    yield session
    session.close()


def shown(session, value):
    """The bundle of an expression that makes one."""
    cell = session.cell(value.rstrip() + "\ndisplay(_x, raw=True)")
    assert cell.status == "ok", cell.trace()
    return cell.data("display_data")[0]


def table(session, **_):
    text = TABLE % (EVIL, EVIL)
    return shown(session, text.replace("\nt([", "\n_x = t(["))


def test_a_table_for_data_explorers_is_typed_and_exact(shell):
    resource = table(shell)[RESOURCE]
    fields = {f["name"]: f["type"] for f in resource["schema"]["fields"]}
    assert list(fields.values()) == [
        "string",
        "integer",
        "number",
        "string",
        "string",
        "datetime",
        "array",
    ]
    first, second = resource["data"]
    assert first["n"] == 1 and first["d"] == 1.5 and first["a"] == [1]
    assert first["b"] == str(2**60) and first["f"] == "NaN"
    assert first["w"] == "2024-05-06T00:00:00"
    assert set(second.values()) == {None}


def test_values_and_names_of_a_table_are_text(shell):
    data = table(shell)
    assert EVIL not in data["text/html"]
    assert data["text/html"].count("&lt;script&gt;") == 2
    assert "<small>decimal(4,2)</small>" in data["text/html"]
    assert "1.50" in data["text/html"] and data["text/plain"].endswith("2 rows")


def test_a_large_table_is_cut_and_says_so(shell):
    data = shown(
        shell,
        "_x = __synapse_kernel__.modules['display'].table("
        "[('s', 'string')], [('x' * 100000,)] * 100, 1000)",
    )
    assert "with more the table would be too large" in data["text/plain"]
    assert RESOURCE not in data and len(data["text/html"]) < 200000


def test_display_html_shows_html(shell):
    cell = shell.cell("displayHTML('<b>x</b>')")
    assert cell.data("display_data")[0]["text/html"] == "<b>x</b>"


def test_a_display_name_of_the_user_stays(fresh):
    fresh.cell("displayHTML = 5")
    fresh.add_prologue()
    assert fresh.cell("displayHTML").value() == "5"


FRAME = """
import pandas as pd
df = pd.DataFrame({"town": ["Bern", "%s", "Bern"], "n": [1, 2, 3], "m": [1.5, None, 4.0]})
""" % EVIL


def chart(session, words, options=True):
    """The bundle that --chart gives."""
    pytest.importorskip("pandas")
    extra = ", '{\"chart\": \"%s\"}'" % words
    cell = session.cell(FRAME + "df", extra=extra)
    assert cell.status == "ok", cell.trace()
    return cell.data("display_data")[0]


CHARTS = ["bar town n", "bar town", "bar town n m", "line n m", "area n m", "scatter n m"]
CHARTS += ["pie town n", "hist n", "box", "box n m", "bar", "line town n"]


@pytest.mark.parametrize("words", CHARTS)
def test_a_chart_without_matplotlib_is_an_escaped_svg(bare, words):
    data = chart(bare, words)
    text = data["image/svg+xml"]
    xml.dom.minidom.parseString(text)
    assert EVIL not in text and "nan" not in text
    assert data["text/plain"].startswith(words.split()[0])


@pytest.mark.parametrize("words", CHARTS)
def test_a_chart_with_matplotlib_is_a_png(shell, words):
    pytest.importorskip("matplotlib")
    data = chart(shell, words)
    assert base64.b64decode(data["image/png"])[1:4] == b"PNG"


def test_bars_of_repeated_values_are_sums(bare):
    assert "sum of n" in chart(bare, "bar town n")["text/plain"]
    assert "sum of" not in chart(bare, "line n m")["text/plain"]


def test_a_chart_that_is_cut_says_so(bare):
    pytest.importorskip("pandas")
    cell = bare.cell(
        "import pandas as pd\n"
        "display(pd.DataFrame({'a': range(9000), 'b': range(9000)}), chart='line a b')"
    )
    data = cell.data("display_data")[0]
    assert "first 5000 rows" in data["image/svg+xml"]
    assert "first 5000 rows" in data["text/plain"]


@pytest.mark.parametrize(
    "words, says",
    [
        ("cake town n", "bar, line, area"),
        ("bar village n", "no column 'village'"),
        ("bar town town", "column of numbers"),
        ("hist town", "column of numbers"),
    ],
)
def test_a_chart_that_can_not_be_is_one_sentence(bare, words, says):
    pytest.importorskip("pandas")
    extra = ", '{\"chart\": \"%s\"}'" % words
    cell = bare.cell(FRAME + "df", extra=extra)
    assert cell.status == "error" and cell.error["ename"] == "UsageError"
    assert says in cell.error["evalue"] and len(cell.error["traceback"]) == 1


def test_a_chart_of_what_is_no_frame_is_refused(bare):
    cell = bare.cell("5", extra=", '{\"chart\": \"bar\"}'")
    assert "is of type int" in cell.error["evalue"]


@pytest.mark.parametrize(
    "text, says",
    [
        ("import nowhere.at", "nowhere is not installed where the Spark driver runs"),
        (
            "from azureml.core import Workspace, Dataset\ndset = Dataset.get_by_name(ws, "
            "'blob_dset')\nspark_df = dset.to_spark_dataframe()",
            'read a dataset: spark_df = spark.read.csv("{azureml:blob_dset}", header=True).',
        ),
        ("import azureml.core", '"{azureml:NAME}"'),
        (
            "raise ValueError('No FileSystem for scheme \"abfss\"')",
            "can't read abfss:// addresses: it lacks hadoop-azure. End this session with "
            "%synapse stop, then %synapse start --packages azure has one that can.",
        ),
        ("raise ValueError('No FileSystem for scheme: wasbs')", "start --packages azure has"),
        ("raise ValueError('No FileSystem for scheme: s3a')", "start --packages aws has"),
        ("raise ValueError('No FileSystem for scheme: gs')", "packages GROUP:ARTIFACT:VERSION"),
        (
            "raise ValueError('Operation failed: 403, GET, https://acct1.dfs.core.windows.net/"
            "c?upn=false, AuthorizationPermissionMismatch, x')",
            "The storage account acct1 knows who asks",
        ),
        (
            "raise ValueError('abfss://c@acct1.dfs.core.windows.net: This request is not "
            "authorized to perform this operation using this permission.')",
            "Storage Blob Data Contributor",
        ),
        (
            "raise ValueError('Operation failed: 403, https://acct1.blob.core.windows.net/c, "
            "AuthorizationFailure')",
            "private endpoint",
        ),
        ("raise ValueError('java.lang.OutOfMemoryError: x')", "--driver-memory"),
        ("raise ValueError('Path does not exist: file:/x/y.csv')", "file:/x/y.csv"),
        ("raise ValueError('Cannot run multiple SparkContexts at once')", "getOrCreate"),
        ("raise ValueError('bigger than spark.driver.maxResultSize')", "df.limit"),
        ("raise ImportError('Pandas >= 1 must be installed')", "%pip install pandas"),
        ("breakpoint()", "breakpoint() can't stop here"),
        ("input()", "input() can't ask here"),
    ],
)
def test_an_error_says_what_to_do_next(shell, text, says):
    cell = shell.cell("print('before')\n" + text)
    assert cell.status == "error" and cell.text() == "before\n"
    assert says in cell.trace()


def test_a_java_stack_is_folded_away_and_escaped(shell):
    cell = shell.cell(
        "class Py4JJavaError(Exception): pass\n"
        "raise Py4JJavaError('call failed\\n: org.x.Err: %s\\n\\tat a.b(C.java:1)')" % EVIL
    )
    assert cell.kinds() == ["display_data", "error"]
    stack = cell.data("display_data")[0]
    assert stack["text/html"].startswith("<details><summary>Java stack, 2 lines")
    assert EVIL not in stack["text/html"] and "a.b(C.java:1)" in stack["text/html"]
    assert "\tat a.b" not in cell.trace()
    assert cell.error["evalue"] == "org.x.Err: " + EVIL
