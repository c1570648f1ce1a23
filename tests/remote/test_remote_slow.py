"""Why a cell took long: from the counts of real stages."""

import json
import pathlib

import pytest

SOURCE = (
    pathlib.Path(__file__).resolve().parents[2].joinpath("remote/slow.py").read_text("utf-8")
)


def why(spark, seconds):
    load = "str(__synapse_kernel__.load('slow', %r) and 1)" % SOURCE
    assert spark.job(load) == "1"
    arguments = json.dumps({"seconds": seconds, "least": 0})
    answer = json.loads(
        spark.job("__synapse_kernel__.ask('slow', 'why', %r)" % arguments)
    )
    return " ".join(reason["what"] for reason in answer["value"])


SLOW = "sc.parallelize(range(%d), %d).map(lambda i: time.sleep(%s)).count()"
CASES = [
    ("import time\n" + SLOW % (1, 1, 2), 2, "one partition"),
    ("import time\n" + SLOW % (8, 8, "6 if i == 7 else 0.01"), 6, "skew"),
    (
        "from pyspark.sql.functions import expr\n"
        "spark.range(9000).alias('a').join(spark.range(9000).alias('b'),"
        " expr('a.id * 7 < b.id')).selectExpr('sum(hash(a.id))').collect()",
        0.1,
        "without an equality",
    ),
    ("import time\n" + SLOW % (8, 8, 0.2), 60, ""),  # Spark is not why
    ("import time\ntime.sleep(0.5)", 0.5, ""),
]


@pytest.mark.parametrize("code, seconds, words", CASES)
def test_reasons(spark, code, seconds, words):
    for _ in range(3):  # a busy machine makes short tasks long
        spark.cell("import time\n" + SLOW % (2, 2, 0))  # the workers are up
        assert spark.cell(code).status == "ok"
        found = why(spark, seconds)
        if words in found if words else not found:
            return
    raise AssertionError(found)
