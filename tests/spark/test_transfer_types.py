"""Every type of Spark goes out to pandas, and what comes back is equal."""
import pytest
from transfer_types import TABLE

pytestmark = pytest.mark.timeout(600)

SETUP = """%%synapse
spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")

def of_rows(rows):
    return spark.sql(" union all ".join(
        "select %d as row, %s as value" % pair for pair in enumerate(rows)))

def bits(value):
    "A value with what == does not tell: NaN, -0.0, the type."
    import math, struct
    if isinstance(value, float):
        return struct.pack("d", value) if value == value else "nan"
    if isinstance(value, dict):
        return [[bits(k), bits(v)] for k, v in sorted(value.items())]
    if isinstance(value, (list, tuple)):
        return [bits(item) for item in value]
    return (type(value).__name__, value)

def plain(kind):
    "A type without the flags of nullability, which pandas can't tell."
    import re
    return kind.simpleString()

def equal(a, b):
    assert [plain(f.dataType) for f in a.schema] == [plain(f.dataType) for f in b.schema], (
        a.schema, b.schema)
    assert a.columns == b.columns
    left, right = ([bits(tuple(row)) for row in f.collect()] for f in (a, b))
    assert sorted(left, key=repr) == sorted(right, key=repr), (left, right)
    return "equal"
"""


@pytest.fixture(scope="module")
def ready(spark):
    spark.ok(SETUP)
    return spark


@pytest.mark.parametrize("name, rows, dtype", TABLE, ids=[row[0] for row in TABLE])
def test_a_type_goes_out_and_comes_back_equal(ready, name, rows, dtype):
    cell = ready.ok("%%%%synapse -o df\ndf = of_rows(%r)" % (rows,))
    assert "df: %d row" % len(rows) in cell.stdout
    shown = ready.ok("str(df['value'].dtype)").data()[-1]
    if dtype is not None:
        assert shown == repr(dtype)
    assert ready.ok("type(df).__module__.split('.')[0]").data() == ["'pandas'"]
    assert not ready.ok("%synapse put df as back").stream("stderr")
    assert ready.ok("%synapse equal(df, back)").data() == ["'equal'"]


FRAMES = {
    "an empty frame": "spark.range(5).where('id < 0').selectExpr('id', "
    "'cast(id as string) s', 'cast(id as decimal(9,3)) d', 'array(id) a', "
    "'cast(id as timestamp) t', 'cast(id as boolean) b')",
    "two columns of one name": "spark.sql('select 1 as a, \"x\" as a, true as b')",
    "a column with a point and a blank": "spark.range(3).toDF('a b.c')",
    "names that need care": "spark.sql('select 1 as `select`, 2 as `\U0001f600`, 3 as `<b>`, "
    "4 as `0`')",
    "1000 columns": "spark.sql('select ' + ', '.join('%d as c%d' % (i, i) "
    "for i in range(1000)))",
    "no columns": "spark.range(3).select()",
    "many partitions": "spark.range(0, 50000, 1, 23).selectExpr('id', 'id % 7 as k')",
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_goes_out_and_comes_back_equal(ready, name):
    ready.ok("%%%%synapse -o df\ndf = %s" % FRAMES[name])
    ready.ok("%synapse put df as back")
    assert ready.ok("%synapse equal(df, back)").data() == ["'equal'"]


def test_rows_keep_their_order(ready):
    ready.ok("%%synapse -o df\ndf = spark.range(0, 100000, 1, 23).sort('id')")
    assert ready.ok("df.id.is_monotonic_increasing, len(df)").data() == ["(True, 100000)"]


def test_intervals_that_python_has_not_come_as_text(ready):
    cell = ready.ok("%%synapse -o df\ndf = spark.sql(\"select interval '3' year as y\")")
    assert "Column y (interval year) came as text" in cell.stream("stderr")
    assert "INTERVAL" in ready.ok("df.y[0]").data()[-1]
