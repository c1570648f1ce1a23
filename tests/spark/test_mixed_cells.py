"""After a child process wrote to the driver's own stdout, many mixed cells give the
right answers. (Livy's protocol is on that pipe: plain statements answer off by one then.)

LIVY_URL: on that server too.
"""
import os
import random

import pytest

pytestmark = pytest.mark.timeout(900)

CELLS = 100 if os.environ.get("SYNAPSE_TEST_LONG") else 40


def is_printed(cell, word):
    assert cell.stdout == word + "\n"


def is_on_stderr(cell, word):
    assert (cell.stdout, cell.stream("stderr")) == ("", word + "\n")


def is_value(cell, word):
    assert (cell.data(), cell.stdout) == (["'%s'" % word], "")


def is_html(cell, word):
    assert cell.data("text/html") == ["<b>%s</b>" % word]


def is_displayed(cell, word):
    assert cell.data() == ["'%s'" % word, "'%s'" % word]


def is_table(cell, word):
    assert len(cell.data("text/html")) == 1
    assert "<td" in cell.data("text/html")[0] and word in cell.data("text/html")[0]


def is_error(cell, word):
    assert (cell.error["ename"], cell.error["evalue"]) == ("ValueError", word)
    assert cell.stdout == "before %s\n" % word


def is_sql_error(cell, word):
    assert "TABLE_OR_VIEW_NOT_FOUND" in cell.error["evalue"]
    assert word in cell.error["evalue"]


def is_scala(cell, word):
    assert word in cell.text


# The cell, WORD another one each time, and what it shows.
KINDS = [
    ("print('WORD')", is_printed),
    ("'WORD'", is_value),
    ("import os\n_ = os.system('echo WORD')", is_printed),
    ("import subprocess\n_ = subprocess.run(['echo', 'WORD'])", is_printed),
    ("import os\n_ = os.write(1, b'WORD\\n')", is_printed),
    ("import os\n_ = os.write(2, b'WORD\\n')", is_on_stderr),
    (
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "_ = libc.printf(b'%s\\n', b'WORD')",  # it stays in stdio's buffer
        is_printed,
    ),
    ("import sys\nprint('WORD', file=sys.stderr)", is_on_stderr),
    (
        "import threading\n"
        "thread = threading.Thread(target=print, args=('WORD',))\n"
        "thread.start()\n"
        "thread.join()",
        is_printed,
    ),
    ("import asyncio\nawait asyncio.sleep(0.01, 'WORD')", is_value),
    ("display('WORD')\n'WORD'", is_displayed),
    (
        "class Bold:\n    def _repr_html_(self):\n        return '<b>WORD</b>'\nBold()",
        is_html,
    ),
    ("print('before WORD')\nraise ValueError('WORD')", is_error),
    ("sc.parallelize(['WORD'] * 3, 2).distinct().collect()[0]", is_value),
    ("spark.sql(\"select 'WORD' as w\").first().w", is_value),
    ("display(spark.createDataFrame([('WORD',)], 'w string'))", is_table),
    ("%%synapse sql\nselect 'WORD' as w", is_table),
    ("%%synapse sql\nselect * from no_WORD", is_sql_error),
    ("%%synapse scala\nprintln(\"WORD\")", is_scala),
]


def some_cells():
    """(number, text, check) of each cell: every kind behind different ones."""
    order = random.Random(4)
    kinds = []
    while len(kinds) < CELLS:
        kinds += order.sample(KINDS, len(KINDS))
    for number, (text, check) in enumerate(kinds[:CELLS]):
        is_whole = text.startswith("%%")
        yield number, text if is_whole else "%%synapse\n" + text, check


def test_many_mixed_cells_give_the_right_answers(spark):
    assert spark.ok("%%synapse\nimport os\nos.system('echo x')").stdout == "x\n"
    for number, text, check in some_cells():
        word = "word%d" % number
        cell = spark.run(text.replace("WORD", word))
        is_meant_to_fail = check in (is_error, is_sql_error)
        assert (cell.status == "error") == is_meant_to_fail, (number, text, cell.text)
        check(cell, word)
    assert spark.ok("%%synapse\n40 + 2").data() == ["42"]
