"""The Spark configuration of a local session: theirs, ours, and what is not theirs.

Pure: from what was asked to the properties that the context starts with.
"""

import os

# Not for a user to change here: who may connect, and where the session's files lie.
FORCED = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.authenticate": "true",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.killEnabled": "false",
}
DEFAULTS = {
    "spark.app.name": "synapse-kernel",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A cancelled task's Python worker gives its slot back after this (2 s otherwise).
    "spark.python.task.killTimeout": "200ms",
    # Spark's 200 are for clusters; the adaptive planner makes fewer of small data.
    "spark.sql.shuffle.partitions": "{shuffle}",
}
# Taken out of the environment: another Spark's settings would end up in ours.
SCRUBBED = ("SPARK_", "PYSPARK_", "_PYSPARK_", "HIVE_CONF_DIR", "LIVY_")


def properties(asked: dict, private: str, memory: str, cores: int, python: str) -> dict:
    """All properties of the context; `private` is the session's own folder."""
    conf = {k: v.format(shuffle=max(2 * cores, 8)) for k, v in DEFAULTS.items()}
    conf.update({key: text_of(value) for key, value in asked.items()})
    conf.update(FORCED)
    conf.update(
        {
            "spark.master": "local[%d]" % cores,
            "spark.driver.memory": memory,
            "spark.driver.cores": str(cores),
            "spark.local.dir": os.path.join(private, "spill"),
            "spark.sql.warehouse.dir": os.path.join(private, "warehouse"),
            "spark.sql.artifact.isolation.enabled": "false",
            "spark.pyspark.python": python,
            "spark.pyspark.driver.python": python,
        }
    )
    conf.setdefault("spark.jars.ivy", os.path.expanduser("~/.ivy2"))
    return conf


def text_of(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def with_files(conf: dict, request: dict) -> dict:
    """The request's `jars`, `pyFiles`, `files`, `archives` as Spark's properties."""
    result = dict(conf)
    for field, key in (
        ("jars", "spark.jars"),
        ("pyFiles", "spark.submit.pyFiles"),
        ("files", "spark.files"),
        ("archives", "spark.archives"),
    ):
        listed = [text_of(result[key])] if result.get(key) else []
        listed += [str(item) for item in request.get(field) or []]
        if listed:
            result[key] = ",".join(listed)
    return result


def environment(base: dict, python: str, spark_home: str = "") -> dict:
    """The driver's environment: loopback only, this Python, and no other Spark."""
    result = {
        key: value
        for key, value in base.items()
        if not key.startswith(SCRUBBED) and key != "DATABRICKS_RUNTIME_VERSION"
    }
    result["PYSPARK_PYTHON"] = result["PYSPARK_DRIVER_PYTHON"] = python
    result["SPARK_LOCAL_IP"] = "127.0.0.1"
    if spark_home:
        result["SPARK_HOME"] = spark_home
    locale = result.get("LC_ALL") or result.get("LC_CTYPE") or result.get("LANG") or ""
    if "utf" not in locale.lower():
        # Java takes the names of files and its standard output for ASCII otherwise.
        result.pop("LC_ALL", None)
        result["LC_CTYPE"] = "C.UTF-8"
    return result


def parse_defaults(text: str) -> dict:
    """`spark-defaults.conf`: key and value parted by blanks or `=`, `#` comments."""
    conf = {}
    for line in text.splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            key, _, value = line.replace("=", " ", 1).partition(" ")
            if key.startswith("spark."):
                conf[key] = value.strip()
    return conf
