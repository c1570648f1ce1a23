"""%%sql, %%local and the other magics of Synapse and sparkmagic in a Python notebook."""
import pytest

pytestmark = pytest.mark.timeout(300)


def test_the_languages_by_their_names(spark):
    spark.ok("%%pyspark\nspark.range(4).createOrReplaceTempView('four')")
    cell = spark.ok("%%sql -n 2 -m take -c false\nselect id from four order by id")
    assert cell.data()[-1].endswith("first 2 rows")
    assert "4" in spark.ok('%%spark\nprintln(spark.table("four").count())').stdout
    assert " 4 |" in spark.ok("%%spark -c sql\nselect count(*) from four").data()[-1]


def test_local_is_this_python(spark):
    assert spark.ok("%%local\nhere = 1\nhere + 1").data() == ["2"]
    assert "----> 3 1 / 0" in spark.fails("%%local\n\n1 / 0").traceback


def test_magics_that_need_no_body(spark):
    assert "%synapse start" in spark.ok("%%help").text
    assert "1 row" in spark.ok("%%info").text
    assert spark.ok("%%logs").status == "ok"
    assert "`%synapse sessions` lists all" in spark.fails("%%delete -s 3").text


def test_send_to_spark_puts_a_dataframe(spark):
    spark.ok("import pandas; few = pandas.DataFrame({'a': [1, 2]})")
    spark.ok("%%send_to_spark -i few -t df -n sent")
    assert spark.ok("%%synapse\nsent.count()").data()[-1] == "2"


@pytest.mark.parametrize(
    "cell, words",
    [
        ("%%sql -r 0.1\nselect 1", "takes no sample"),
        ("%%sparkr\nx <- 1", "not R"),
        ("%%csharp\nvar x = 1;", "not C#"),
        ("%%pretty\ndf.show()", "display(df)"),
        ("%%configure\n{\"driverMemory\": \"1g\"}", "`%%configure -f` ends it"),
        ("%%sql --ouput x\nselect 1", "did you mean `--output`?"),
    ],
)
def test_what_is_told(spark, cell, words):
    failed = spark.fails(cell)
    assert failed.reply["ename"] == "UsageError" and words in failed.text


def test_magics_and_commands_within_a_spark_cell(spark):
    cell = spark.ok("%%synapse\n%matplotlib inline\n!echo from the driver\n%pwd")
    assert cell.stdout == "from the driver\n" and cell.data()
    assert "Wall time:" in spark.ok("%%synapse\n%%time\nspark.range(9).count()").stdout
    assert spark.ok("%%synapse -q\n1 + 1").data() == []


def test_a_magic_of_that_name_that_is_there_wins(spark):
    spark.ok(
        "get_ipython().register_magic_function("
        "lambda line, cell: print('mine', cell), 'cell', 'sql')"
    )
    assert "mine select 1" in spark.ok("%%sql\nselect 1").stdout
