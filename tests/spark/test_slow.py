"""A cell that took long says why, folded."""


def test_a_long_cell_says_why(spark):
    cell = spark.ok(
        "%%synapse\nimport time\n"
        "sc.parallelize(range(1), 1).map(lambda i: time.sleep(11)).count()"
    )
    text = [shown for shown in cell.data() if shown.startswith("Why slow: ")]
    assert len(text) == 1 and "one partition" in text[0]
    html = "".join(cell.data("text/html"))
    assert html.startswith("<details>") and "repartition(n)" in html


def test_python_that_takes_long_says_nothing_of_spark(spark):
    cell = spark.ok("%%synapse\nimport time\ntime.sleep(10.5)")
    assert not any(shown.startswith("Why slow") for shown in cell.data())
