"""What a driver finds before Spark is there: its `__main__`, and pyspark."""

import importlib.util
import os
import sys
import types


class StartFailed(Exception):
    """The session can't start; the text is for the user, and heads its log."""


class MainModule(types.ModuleType):
    """`__main__` of a session: the user's variables are its attributes.

    `global_dict` is where Livy keeps them, and where its clients look; a class that
    a cell defines is found by pickle as an attribute of `__main__`.
    """

    @property
    def global_dict(self) -> dict:
        return self.__dict__


def new_main() -> MainModule:
    module = MainModule("__main__")
    module.__dict__.update(__builtins__=__builtins__, __doc__=None)
    sys.modules["__main__"] = module
    return module


def find_pyspark() -> str:
    """The folder of pyspark, not imported yet; StartFailed says how to get it."""
    try:
        spec = importlib.util.find_spec("pyspark")
    except (ImportError, ValueError):
        spec = None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if os.path.isdir(os.path.join(folder, "jars")):
            return folder
    if spec is None:
        raise StartFailed(
            "PySpark is not installed for %s. Install it there: "
            '`%s -m pip install "pyspark==3.5.*"`.' % (sys.executable, sys.executable)
        )
    raise StartFailed(
        "The pyspark of %s has no Spark in it (%s is databricks-connect's, or a "
        'source tree). Install the real one: `%s -m pip install "pyspark==3.5.*"`.'
        % (sys.executable, spec.origin, sys.executable)
    )
