"""Sessions for the tests of remote/prologue.py."""

import os

import pytest
from remote_session import Session

START_SPARK = """
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
         .config("spark.ui.showConsoleProgress", "false")
         .config("spark.sql.catalogImplementation", "in-memory")
         .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
         .config("spark.driver.host", "127.0.0.1")
         .config("spark.driver.bindAddress", "127.0.0.1")
         .config("spark.sql.warehouse.dir", %r).getOrCreate())
sc = spark.sparkContext
sc.setLogLevel("OFF")
"""


@pytest.fixture(scope="module", params=["IPython", "no IPython"])
def shell(request):
    """A driver without Spark, with IPython and as if there were none."""
    without = "" if request.param == "IPython" else "IPython"
    session = Session(env={"SHELL_WITHOUT": without})
    yield session
    session.close()


@pytest.fixture
def fresh():
    session = Session()
    yield session
    session.close()


@pytest.fixture(
    scope="module", params=["shell"] + ["livy"] * ("LIVY_URL" in os.environ)
)
def spark(request, tmp_path_factory):
    """A driver with Spark: our shell, and a real Livy where LIVY_URL names one."""
    if request.param == "livy":
        from remote_livy import LivySession

        session = LivySession()
    else:
        pytest.importorskip("pyspark")
        session = Session(env={"PYSPARK_PYTHON": ""}, prologue=False)
        warehouse = str(tmp_path_factory.mktemp("warehouse"))
        assert session.post(START_SPARK % warehouse, 120)["status"] == "ok"
        session.add_prologue()
    yield session
    session.close()
