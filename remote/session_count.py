# How many variables a session has, for the line that a notebook shows when it comes back.
import types

GIVEN = {"spark", "sc", "sqlContext", "sqlCtx", "display", "SparkSession", "SparkContext"}


def is_variable(name, value):
    """Made in a cell: not a module, not what the session itself brings along."""
    if name.startswith("_") or name in GIVEN or isinstance(value, types.ModuleType):
        return False
    if type(value).__module__.startswith("__synapse_kernel__"):
        return False
    is_definition = isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType))
    home = str(getattr(value, "__module__", None)) if is_definition else "__main__"
    return home == "__main__"


def count():
    names = list(kernel.user.items())  # noqa: F821
    return sum(is_variable(name, value) for name, value in names)
