"""Which data frames a session has: told at the end of a cell, when that is news."""

import json

import pytest

pytestmark = pytest.mark.timeout(300)

# Told by its class alone, as a frame of pyspark's is.
FRAMES = """
asked = []
class DataFrame:
    __module__ = "pyspark.sql.dataframe"
    def __init__(self, *columns):
        self.columns = columns
    @property
    def dtypes(self):
        asked.append(self.columns)
        if not self.columns:
            raise RuntimeError("no plan")
        return [(name, "bigint") for name in self.columns]
"""


@pytest.fixture
def framed(fresh):
    fresh.cell(FRAMES)
    return fresh


def cell(session, text, known=0, method="run"):
    extra = ", " + json.dumps(json.dumps({"frames": known}))
    return session.cell(text, method, extra)


def shown(frames):
    return {frame["name"]: frame["schema"] for frame in frames["all"]}


def test_nothing_is_told_where_there_are_no_frames(fresh):
    assert "frames" not in fresh.cell("x = 1").raw


def test_frames_come_change_and_go(framed):
    first = cell(framed, "df = DataFrame('id', 'a b')").frames
    assert shown(first) == {"df": "id: bigint, a b: bigint"}
    assert "frames" not in cell(framed, "x = 1", first["at"]).raw
    second = cell(framed, "df = DataFrame('id')\nother = df", first["at"]).frames
    assert shown(second) == {"df": "id: bigint", "other": "id: bigint"}
    assert second["at"] != first["at"]
    assert "frames" not in cell(framed, "df = DataFrame('id')", second["at"]).raw
    third = cell(framed, "del df, other", second["at"]).frames
    assert shown(third) == {} and third["at"] != second["at"]


def test_a_failing_cell_tells_too(framed):
    failed = cell(framed, "df = DataFrame('id')\n1 / 0")
    assert failed.status == "error" and shown(failed.frames) == {"df": "id: bigint"}


def test_whoever_knows_an_older_report_or_none_is_told_all(framed):
    at = cell(framed, "df = DataFrame('id')").frames["at"]
    assert cell(framed, "1", at).frames is None
    assert shown(cell(framed, "1", 0).frames) == {"df": "id: bigint"}
    assert shown(cell(framed, "1").frames) == {"df": "id: bigint"}


def test_only_a_frame_that_is_new_is_asked_for_its_schema(framed):
    cell(framed, "df = DataFrame('id')\nsame = df")
    cell(framed, "x = df")
    cell(framed, "y = 1")
    assert framed.cell("len(asked)").value() == "3"  # a name each
    cell(framed, "del df\nsame = DataFrame('id')\nx = 1")
    assert framed.cell("len(asked)").value() == "4"


def test_a_frame_is_not_kept_alive(framed):
    cell(framed, "import weakref, gc\ndf = DataFrame('id')\nkept = weakref.ref(df)")
    cell(framed, "del df")
    assert framed.cell("gc.collect(); kept() is None").value() == "True"


def test_what_is_no_public_name_or_no_frame_is_left_out(framed):
    text = "_sqldf = DataFrame('a')\nglobals()['a b'] = DataFrame('a')\nkind = DataFrame\n"
    assert cell(framed, text + "class Trap:\n    def __getattr__(self, name):\n"
                "        raise SystemExit\ntrap = Trap()").frames is None


def test_a_frame_without_a_schema_is_left_out_and_the_cell_is_well(framed):
    done = cell(framed, "bad = DataFrame()\ngood = DataFrame('a')\n5")
    assert (done.status, done.value()) == ("ok", "5")
    assert shown(done.frames) == {"good": "a: bigint"}


def test_it_is_bounded_and_one_line(framed):
    many = cell(framed, "for i in range(70): globals()['f%d' % i] = DataFrame('x')").frames
    assert list(shown(many)) == ["f%d" % i for i in range(50)]
    cell(framed, "for i in range(70): del globals()['f%d' % i]")
    wide = cell(framed, "w = DataFrame(*['c%d' % i for i in range(900)])").frames
    assert len(shown(wide)["w"]) == 2001
    assert shown(cell(framed, "w = DataFrame('a\\nb\\x1b')").frames)["w"] == "a b : bigint"


def test_with_spark_and_sql(spark):
    text = "people = spark.createDataFrame([(1, 'a')], 'id bigint, name string')"
    at = cell(spark, text).frames
    assert shown(at)["people"] == "id: bigint, name: string"
    assert cell(spark, "select 1 as one", at["at"], "sql").frames is None
    jobs = "len(sc.statusTracker().getJobIdsForGroup(None))"
    before = spark.cell(jobs).value()
    rebound = cell(spark, "people = people.groupBy('name').count()", at["at"]).frames
    assert shown(rebound)["people"] == "name: string, count: bigint"
    assert spark.cell(jobs).value() == before, "no job runs for a schema"
    gone = cell(spark, "del people", rebound["at"]).frames
    assert "people" not in shown(gone)
