"""The session from which the class-data archive is made: a bit of everything usual.

Runs in a driver whose JVM writes the archive when it ends.
"""

import os
import sys
from typing import Any

from .warm_up import Warmer

STATEMENTS = (
    ("pyspark", "frame = spark.read.csv(path, header=True, inferSchema=True)"),
    (
        "pyspark",
        "frame.filter('survived = 1').groupBy('age').count().orderBy('age').show()",
    ),
    ("pyspark", "frame.createOrReplaceTempView('people'); frame.cache().count()"),
    ("sql", "select name, avg(age) as age from people group by name having age > 0"),
    (
        "sql",
        "select a.name, count(*) from people a join people b on a.age = b.age group by 1",
    ),
    (
        "sql",
        "select *, row_number() over (partition by survived order by age) from people",
    ),
    ("pyspark", "frame.write.mode('overwrite').parquet(path + '.parquet')"),
    ("pyspark", "spark.read.parquet(path + '.parquet').describe().show()"),
    (
        "pyspark",
        "frame.coalesce(1).write.mode('overwrite').csv(path + '.out', header=True)",
    ),
    ("pyspark", "frame.write.mode('overwrite').json(path + '.json')"),
    ("pyspark", "spark.read.json(path + '.json').printSchema()"),
    ("pyspark", "frame.toPandas()"),
    ("pyspark", "spark.createDataFrame([(1, 'x'), (2, None)], ['id', 's']).show()"),
    ("pyspark", "from pyspark.sql import functions as F"),
    ("pyspark", "frame.select(F.udf(lambda v: v, 'string')('name')).collect()"),
    (
        "pyspark",
        "frame.withColumn('old', F.when(F.col('age') > 18, 1).otherwise(0)).show()",
    ),
    (
        "pyspark",
        "frame.select(F.upper('name'), F.to_date(F.lit('2020-01-02'))).collect()",
    ),
    (
        "pyspark",
        "sc.parallelize(range(10), 2).map(lambda v: (v % 2, v)).groupByKey().collect()",
    ),
    ("pyspark", "frame._collect_as_arrow()"),
    (
        "pyspark",
        "spark.sql('select * from people where age > :a', args={'a': 1}).toPandas()",
    ),
    ("pyspark", "frame.unpersist(); spark.catalog.listTables()"),
    ("pyspark", "spark.read.csv('/no/such/file.csv')"),
    ("spark", 'val x = 1\nspark.range(3).map(_ + x).show()\nprintln("x")'),
    ("spark", 'case class P(a: Int)\nSeq(P(1)).toDS().filter("a > 0").collect()'),
)


def run(driver: Any) -> None:
    """What fails here, say for want of pandas, is only missing in the archive."""
    warmer = Warmer(driver)
    warmer.run()
    driver.main.path = warmer.path
    for number, (kind, code) in enumerate(STATEMENTS):
        output = driver.execute(number, kind, code)
        if output["status"] != "ok":
            print("%s: %s" % (code, output["evalue"]), file=sys.__stderr__)
    driver.jvm.stdin.close()
    driver.jvm.wait()
    os._exit(0)
