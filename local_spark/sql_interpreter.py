"""`sql` statements: one query, its schema and its first 1,000 rows as JSON.

Values take the shapes that Livy's JSON library gives them: decimals as numbers,
timestamps in UTC, dates as text, maps with their keys as text.
"""

import datetime
import decimal
import json
from typing import Any

from .python_interpreter import error, error_of, ok

ROWS = 1000


class SqlInterpreter:
    def __init__(self, driver: Any):
        self.driver = driver

    def execute(self, code: str) -> dict:
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            frame = self.driver.spark.sql(code)
            schema = json.loads(frame.schema.json())
            rows = [[cell(value) for value in row] for row in frame.take(ROWS)]
        except PySparkException as problem:
            origin = getattr(problem, "_origin", None)
            return java_error(origin) if origin is not None else error_of(problem)
        except Py4JJavaError as problem:
            return java_error(problem.java_exception)
        except BaseException as problem:
            return error_of(problem)
        return ok({"application/json": {"schema": schema, "data": rows}})

    def complete(self, code: str, cursor: int) -> list:
        return []


def java_error(problem: Any) -> dict:
    """A Java exception as Livy words it: its message, and its frames as lines."""
    frames = [frame.toString() for frame in problem.getStackTrace()[:100]]
    return error("Error", problem.getMessage() or problem.toString(), frames)


def cell(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.astimezone()
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if hasattr(value, "asDict"):
        return {name: cell(item) for name, item in value.asDict().items()}
    if isinstance(value, dict):
        return {str(name): cell(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cell(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return [byte - 256 if byte > 127 else byte for byte in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
