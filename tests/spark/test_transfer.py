"""Dataframes and values between the session and Python, on a whole kernel."""
import glob
import os
import time

import pytest

pytestmark = pytest.mark.timeout(300)

FRAME = """%%synapse
from pyspark.sql import functions as F
df = spark.range(1000).select("id", (F.col("id") / 100).cast("decimal(18,2)").alias("d"))
"""
# The driver can't open the kernel's file, as on another machine.
FAR_AWAY = """%%synapse
_module = __synapse_kernel__.modules["transfer"]
_module.is_reachable = lambda path: False
"""


@pytest.fixture(scope="module")
def ready(spark):
    spark.ok(FRAME)
    spark.ok("%synapse get df")
    return spark


@pytest.fixture
def far(ready):
    ready.ok(FAR_AWAY + "_old = dict(vars(_module))")
    yield ready
    ready.ok("%%synapse\nvars(_module).update(_old)")


def files_of(kernel):
    """What lies in the private folders of the kernel under test."""
    runtime = kernel.environment["XDG_RUNTIME_DIR"]
    return glob.glob(os.path.join(runtime, "**", "frame-*"), recursive=True)


def spools_of(kernel):
    text = "%synapse len(__synapse_kernel__.modules['transfer'].spools)"
    return int(kernel.ok(text).data()[-1])


def nothing_is_left(kernel):
    return files_of(kernel) == [] and spools_of(kernel) == 0


def test_a_frame_arrives_with_one_line(ready):
    cell = ready.ok("%%synapse -o df\nprint('ran')")
    assert cell.stdout == "ran\ndf: 1,000 rows × 2 columns, 23 kB, in Python now\n"
    assert cell.data() == []
    assert ready.ok("len(df), str(df.d.dtype)").data() == [
        "(1000, 'decimal128(18, 2)[pyarrow]')"
    ]
    assert nothing_is_left(ready)


def test_two_names_and_a_limit(ready):
    cell = ready.ok("%%synapse -o one,two -n 3\none = df\ntwo = df.select('id')")
    assert [line[:12] for line in cell.stdout.splitlines()] == [
        "one: 3 rows ", "two: 3 rows "
    ]
    assert ready.ok("len(one), list(two.id)").data() == ["(3, [0, 1, 2])"]


def test_code_that_fails_brings_nothing(ready):
    ready.ok("kept = 1")
    assert ready.fails("%%synapse -o kept\nkept = df\n1/0").error["ename"] == "ZeroDivisionError"
    assert ready.ok("kept").data() == ["1"]


def test_get_as_another_name_and_as_a_value(ready):
    ready.ok("%synapse get df as other -n 2")
    assert ready.ok("len(other)").data() == ["2"]
    cell = ready.ok("mine = %synapse get df\nlen(mine)")
    assert (cell.data(), cell.stdout) == (["1000"], "")
    assert ready.ok("def f():\n    g = %synapse get df -n 4\n    return len(g)\nf()").data() == ["4"]


def test_the_package_in_python(ready):
    ready.ok("from synapse_kernel import get, put\nlocal = get('df', rows=10)")
    assert ready.ok("len(local)").data() == ["10"]
    ready.ok("def g(frame):\n    put(again=frame)\n    put(3, 'three')\ng(local)")
    assert ready.ok("%synapse again.count() + three").data() == ["13"]
    assert "the value first" in ready.fails("put('three', 3)").text


@pytest.mark.parametrize(
    "value",
    ["7", "2**70", "1.5", "float('inf')", "'t\\u00e4xt\\0'", "None", "True",
     "{'a': [1, None, {'b': 'c'}]}", "[{'x': 1}, {'x': 2}]"],
)
def test_plain_values_go_both_ways_as_they_are(ready, value):
    ready.ok("v = %s" % value)
    ready.ok("%synapse put v as w")
    assert ready.ok("%%synapse w == %s and type(w) is type(%s)" % (value, value)).data() == ["True"]
    ready.ok("%synapse get w")
    assert ready.ok("w == v and type(w) is type(v)").data() == ["True"]


def test_other_objects(ready):
    ready.ok("from synapse_kernel import put\nimport numpy, fractions, threading, pandas\na = numpy.arange(6.).reshape(2, 3)\n"
             "put(a=a, third=fractions.Fraction(1, 3), s=pandas.Series([1, 2], name='n'))")
    assert ready.ok("%synapse a.shape, str(third), s.columns").data() == [
        "((2, 3), '1/3', ['n'])"
    ]
    ready.ok("%synapse get a")
    assert ready.ok("float(a.sum())").data() == ["15.0"]
    ready.ok("lock = threading.Lock()")
    assert "can't be pickled" in ready.fails("%synapse put lock").error["evalue"]
    assert "is a Fraction" in ready.fails("%synapse get third").error["evalue"]
    assert nothing_is_left(ready)


def test_frames_of_pandas_in_the_session(ready):
    ready.ok("%%synapse -o p\nimport pandas\n"
             "p = pandas.DataFrame({'a': pandas.array([1, None], 'Int64'), 'c': ['x', None]},"
             " index=['r1', 'r2'])")
    assert ready.ok("list(p.index), str(p.a.dtype), p.a.isna().tolist()").data() == [
        "(['r1', 'r2'], 'Int64', [False, True])"
    ]


def test_pandas_frames_become_typed_ones_of_spark(ready):
    ready.ok(
        "import pandas, decimal, datetime, pyarrow\n"
        "frame = pandas.DataFrame({'i': pandas.array([1, None], 'Int64'),\n"
        " 'd': [decimal.Decimal('1.50'), None], 'on': [datetime.date(2024, 2, 29), None],\n"
        " 'at': pandas.to_datetime(['2024-01-01', None]).tz_localize('UTC'),\n"
        " 'wall': pandas.to_datetime(['2024-01-01', None]), 'l': [[1], None],\n"
        " 'c': pandas.Categorical(['x', None]), 'u': pandas.array([1, 2], 'uint64'),\n"
        " 'f': [1.5, float('nan')]})\n"
        "table = pyarrow.table({'x': pyarrow.array([1, 2], pyarrow.int8())})"
    )
    ready.ok("%%synapse -i frame,table\nframe.createOrReplaceTempView('f')")
    types = ready.ok("%synapse frame.schema.simpleString(), table.dtypes").data()[-1]
    assert types.replace("\n", "").replace("  ", " ") == (
        "('struct<i:bigint,d:decimal(3,2),on:date,at:timestamp,wall:timestamp_ntz,"
        "l:array<bigint>,c:string,u:decimal(20,0),f:double>', [('x', 'tinyint')])"
    )
    assert ready.ok("%synapse frame.where('f is null and i is null').count()").data() == ["1"]


def test_what_does_not_fit_is_named(ready):
    ready.ok("import pandas\nmixed = pandas.DataFrame({'ok': [1, 2], 'bad': [1, 'x']})\n"
             "named = pandas.DataFrame({'a': [1]}, index=['r'])\n"
             "import datetime\nclock = pandas.DataFrame({'t': [datetime.time(1)]})")
    assert "Column bad of mixed" in ready.fails("%synapse put mixed").error["evalue"]
    assert "Column t has the type time64" in ready.fails("%synapse put clock").error["evalue"]
    assert "The index of named stayed here" in ready.ok("%synapse put named").stream("stderr")
    assert "not defined in the Spark session" in ready.fails("%synapse get nope").error["evalue"]
    assert "not defined in the notebook's Python" in ready.fails("%synapse put nope").error["evalue"]
    assert "can't be the name" in ready.fails("%synapse put named as spark").error["evalue"]
    assert ready.fails("%synapse get").error["ename"] == "UsageError"


def test_sql_and_scala(ready):
    ready.ok("%%synapse sql -o result\nselect 1 as a, cast(2.50 as decimal(5,2)) as b")
    assert ready.ok("str(result.b[0])").data() == ["'2.50'"]
    ready.ok("import pandas\nsmall = pandas.DataFrame({'k': [1, 2, 3]})")
    assert "6" in ready.ok("%%synapse sql -i small\nselect sum(k) from small").text
    ready.ok("%%synapse scala -o numbers\nval numbers = spark.range(4).toDF(\"n\")")
    assert ready.ok("numbers.n.tolist()").data() == ["[0, 1, 2, 3]"]
    failed = ready.fails("%%synapse scala -o word\nval word = 5")
    assert "must be a DataFrame or a Dataset" in failed.error["evalue"]


def test_pieces_when_the_driver_is_elsewhere(far):
    far.ok("%%synapse\nimport numpy\nblock = numpy.random.default_rng(1).bytes(20 << 20)\n"
           "big = spark.createDataFrame([(bytearray(block[i << 20:(i + 1) << 20]),)"
           " for i in range(20)], 'b binary')\n"
           "import hashlib\ndigest = hashlib.sha256(b''.join(bytes(r.b) for r in big.collect()))"
           ".hexdigest()")
    far.ok("%synapse get big")
    far.ok("%synapse get digest")
    assert far.ok("import hashlib\nhashlib.sha256(b''.join(big.b)).hexdigest() == digest"
                  ).data() == ["True"]
    far.ok("%synapse put big as again")
    assert far.ok("%synapse hashlib.sha256(b''.join(bytes(r.b) for r in again.collect()))"
                  ".hexdigest() == digest").data() == ["True"]
    assert nothing_is_left(far)


def test_over_the_budget_nothing_is_transferred(far):
    far.ok("%%synapse\n_module.collect = lambda budget=None, **more: "
           "_old['collect'](budget=budget and 2000, **more)")
    error = far.fails("%synapse get df as heavy").error
    assert error["ename"] == "UsageError"
    assert "`df` has 1,000 rows, about 23 kB of Arrow" in error["evalue"]
    assert "would take about" in error["evalue"] and "-n 100000" in error["evalue"]
    assert "heavy" not in far.ok("dir()").text
    assert far.ok("%synapse get df as heavy --all").stdout.startswith("heavy: 1,000 rows")
    assert far.ok("%synapse get df as heavy -n 5").stdout.startswith("heavy: 5 rows")
    assert nothing_is_left(far)


def interrupted(kernel, code, after=1.5):
    """Run, interrupt; the cell must end soon and the session go on."""
    message = kernel.send(code)
    time.sleep(after)
    kernel.interrupt()
    cell = kernel.finish(message, 20)
    assert cell.status == "error" and cell.error["ename"] == "KeyboardInterrupt", cell.text
    assert kernel.ok("%synapse 6 * 7").data() == ["42"]
    assert kernel.ok("6 * 7").data() == ["42"]
    assert nothing_is_left(kernel)
    return cell


SLOW_FRAME = """%%synapse
import time
slow = df.repartition(4).rdd.map(lambda row: (time.sleep(0.2), row.id)[1:]).toDF('id long')
"""


def test_an_interrupt_while_spark_collects(ready):
    ready.ok(SLOW_FRAME)
    interrupted(ready, "%synapse get slow")
    interrupted(ready, "%%synapse -o slow\npass")
    interrupted(ready, "n = %synapse get slow")


def test_an_interrupt_between_pieces(far):
    far.ok("%%synapse\nimport time\n_module.chunk = lambda **more: "
           "(time.sleep(1), _old['chunk'](**dict(more, size=1000)))[1]\n"
           "_module.receive = lambda **more: time.sleep(60)")
    interrupted(far, "%synapse get df as never", 2.5)
    interrupted(far, "x = %synapse get df as never", 2.5)
    interrupted(far, "%synapse put df as never")
    assert "never" not in far.ok("dir()").text


def test_an_interrupt_while_python_loads(ready):
    ready.ok("import sys, time\nframes = sys.modules['_synapse_kernel_frames']\n"
             "old = frames.load\nframes.load = lambda *a: time.sleep(60)")
    interrupted(ready, "%synapse get df as never")
    interrupted(ready, "x = %synapse get df as never")
    ready.ok("frames.load = old")
    assert "never" not in ready.ok("dir()").text


def test_an_error_of_spark_is_shown_as_one(ready):
    ready.ok("%%synapse\nbroken = df.selectExpr(\"raise_error('no ' || id) as x\")")
    failed = ready.fails("%synapse get broken")
    assert "no 0" in failed.traceback or "no " in failed.error["evalue"]
    assert nothing_is_left(ready)


def test_a_session_without_pyarrow_sends_json_and_says_so(far):
    far.ok("%%synapse\n_module.arrow = lambda: None\n"
           "typed = spark.sql(\"select 1Y as t, 1.50BD as d, date'2024-02-29' as o, "
           "timestamp'2024-01-01 00:00:00.000001 UTC' as moment, timestamp_ntz'2024-01-01' as n, "
           "double('nan') as f, X'00ff' as b, array(1, null) as l, map('k', 1.5D) as m, "
           "named_struct('x', 1L) as s, '\u00fc' as u, interval '1 00:00:01' day to second as i, true as ok\")")
    cell = far.ok("%synapse get typed")
    assert "came as JSON" in cell.stream("stderr")
    assert far.ok("str(typed.d.dtype), str(typed.moment[0]), bytes(typed.b[0])").data() == [
        "('decimal128(3, 2)[pyarrow]', '%s', b'\\x00\\xff')" % far.ok(
            "import pandas\nstr(pandas.Timestamp('2024-01-01 00:00:00.000001Z')"
            ".tz_convert(typed.moment.dt.tz))").data()[-1].strip("'")
    ]
    assert "went as JSON" in far.ok("%synapse put typed as back").stream("stderr")
    assert far.ok("%%synapse\nback.dtypes == typed.dtypes, "
                  "str(back.collect()) == str(typed.collect())").data() == ["(True, True)"]
