"""Spark frames among the variables of the notebook's Python: a line each, no data.

Loaded by shim.py when a session has its first one. Standard library only.
"""
import builtins


class SparkFrameError(AttributeError, TypeError):
    """A frame of the Spark session was used in the notebook's Python. It has no attribute
    here and is of no use to an operator: whoever probes for either goes on."""


def _refuse(frame, *_):
    raise SparkFrameError(frame._remedy)


class SparkDataFrame:
    """Stands for a frame of the session: its schema, and where to use it."""

    __slots__ = ("_name", "_schema", "_remedy")

    def __init__(self, name, schema, remedy):
        for slot, text in zip(self.__slots__, (name, schema, remedy)):
            object.__setattr__(self, slot, text)

    def __repr__(self):
        return "Spark DataFrame[%s] in the session" % self._schema

    def _repr_mimebundle_(self, include=None, exclude=None):
        text = "%r\n`%%%%synapse` cells use it; `%%synapse get %s` brings its rows here"
        return {"text/plain": text % (self, self._name)}

    def __getattr__(self, name):
        if name.startswith("_"):  # somebody asks what kind of object this is
            raise AttributeError("'SparkDataFrame' object has no attribute '%s'" % name)
        raise SparkFrameError(self._remedy)

    __setattr__ = __delattr__ = __getitem__ = __setitem__ = __delitem__ = _refuse
    __len__ = __iter__ = __contains__ = __call__ = _refuse

    def __bool__(self):
        return True

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        raise SparkFrameError("It can't be pickled here. " + self._remedy)


def _is_free(names, name):
    if name in names:
        return type(names[name]) is SparkDataFrame
    return not hasattr(builtins, name)


def show(names, frames):
    """Have `names`, the variables of the notebook, stand for `frames` ({"name", "schema",
    "remedy"} each) and for no others. What is bound to anything else stays."""
    wanted = {frame["name"]: frame for frame in frames if _is_free(names, frame["name"])}
    for name, value in list(names.items()):
        is_ours = type(value) is SparkDataFrame and value._name == name
        if is_ours and name not in wanted:
            del names[name]
    for name, frame in wanted.items():
        shown = names.get(name)
        if shown is None or (shown._name, shown._schema) != (name, frame["schema"]):
            names[name] = SparkDataFrame(name, frame["schema"], frame["remedy"])
