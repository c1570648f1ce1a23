"""synapse_kernel - dataframes and values between a notebook's Python and its Spark session

    from synapse_kernel import get, put
    people = get("people")           # a Spark DataFrame as one of pandas
    put(people=people)               # and back

The same as `%synapse get` and `%synapse put`, as functions: names are visible to linters,
and they work inside of functions. Only in a notebook that synapse-kernel runs.
"""
import sys

__all__ = ["get", "put"]


def _shim():
    shim = sys.modules.get("_synapse_kernel_shim")
    if shim is None:
        raise RuntimeError("synapse_kernel works in notebooks that synapse-kernel runs, "
                           "not in another Python.")
    return shim


def get(name, rows=None, all=False):
    """The session's variable, table or view `name`: a dataframe as one of pandas, arrays
    and plain values as they are. `rows`: the first so many; `all`: over 1 GB too."""
    return _shim().get(name, rows, all)


def put(value=None, name=None, **values):
    """Send values to the session: put(df, "df") or put(df=df)."""
    if name is not None:
        values[name] = value
    elif value is not None:
        raise TypeError('put() wants a name: put(value, "name") or put(name=value)')
    for name, value in values.items():
        if not isinstance(name, str):
            raise TypeError('put() takes the value first: put(value, "name")')
        _shim().put(name, value)
