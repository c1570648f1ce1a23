"""frames - what Python makes of a transfer's bytes, and bytes of what Python has

Loaded into the child when the first transfer comes by; the driver's half is
remote/transfer.py, the kernel moves the bytes. A dataframe is an Arrow IPC file. From
Spark to pandas: numpy's types where nothing is lost, else pandas' nullable ones, else
Arrow's (docs/dataframes.md has the table). From pandas, pyarrow and what offers an Arrow
stream to Spark: every type that Spark has; what it has not is refused by the name of its
column.
"""
import base64
import io
import json
import os
import sys
import threading

PACKAGES = ("pandas", "pyarrow")
BATCH_BYTES = 4 << 20  # a batch is a partition in Spark, and travels with its task
NAN_KEY = "synapse_kernel_nan"  # in DataFrame.attrs: columns whose NaN are no nulls


class Refused(Exception):
    """Its text is the sentence that the user reads."""


def prepare():
    """What this Python lacks for dataframes, as a sentence; None when all is there. Then
    the packages are imported meanwhile, which takes a while once."""
    import importlib.util

    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        return ("Dataframes need %s in the notebook's Python, and there is no %s: run "
                "`%%pip install %s` in a plain cell."
                % (" and ".join(PACKAGES), " and no ".join(missing), " ".join(missing)))
    if "pyarrow.pandas_compat" not in sys.modules:
        threading.Thread(target=import_packages, daemon=True).start()
    return None


def import_packages():
    import pandas  # noqa: F401
    import pyarrow.ipc  # noqa: F401
    import pyarrow.pandas_compat  # noqa: F401


# --- from Spark ---------------------------------------------------------------


def load(path, told):
    """The value of a transfer: `told` is what the driver said of it."""
    kind = told["kind"]
    if kind == "arrow":
        return frame_of_arrow(path, told)
    if kind == "rows":
        return frame_of_rows(path)
    with open(path, "rb") as file:
        if kind == "json":
            return json.load(file)
        import numpy

        return numpy.load(file, allow_pickle=False)


def frame_of_arrow(path, told):
    import pyarrow as pa
    import pyarrow.ipc

    with pa.memory_map(path) as source:
        reader = pyarrow.ipc.open_file(source)
        order = told.get("order") or range(reader.num_record_batches)
        batches = [reader.get_batch(i) for i in order]
        table = pa.Table.from_batches(batches, reader.schema)
        del batches
        if told["source"] == "arrow":
            return table
        frame = (
            table.to_pandas() if told["source"] == "pandas"
            else frame_of_table(table, told["rows"])
        )
    if told.get("index"):
        count = len(told["index"])
        frame = frame.set_index(list(frame.columns[:count]))
        frame.index.names = told["index"]
    if "series" in told:
        frame = frame.iloc[:, 0].rename(told["series"])
    return frame


def frame_of_table(table, rows):
    """pandas, with the types of docs/dataframes.md."""
    import pandas

    names = table.column_names
    columns, kept = {}, []
    for i in range(len(names)):
        columns[i], has_nan = series_of(table.column(i))
        if has_nan:
            kept.append(names[i])
    frame = pandas.DataFrame(columns, index=pandas.RangeIndex(rows))
    frame.columns = pandas.Index(names, dtype=None if names else object)
    if kept:
        frame.attrs[NAN_KEY] = kept
    return frame


def series_of(column):
    """(a Series, does it hold NaN as numbers?)"""
    import pandas
    import pyarrow as pa

    kind, nulls = column.type, column.null_count
    types = pa.types
    if types.is_floating(kind):
        return floats_of(column)
    if types.is_integer(kind) or types.is_boolean(kind):
        name = "boolean" if types.is_boolean(kind) else str(kind).replace("i", "I", 1)
        return column.to_pandas(
            types_mapper={kind: pandas.api.types.pandas_dtype(name)}.get if nulls else None
        ), False
    if types.is_timestamp(kind) and kind.tz:
        return zoned(column), False
    if types.is_string(kind) and (nulls < len(column) or pandas.__version__ >= "3"):
        return column.to_pandas(deduplicate_objects=repeats(column)), False
    if types.is_timestamp(kind) or types.is_duration(kind) or types.is_null(kind):
        return column.to_pandas(), False
    return pandas.Series(pandas.arrays.ArrowExtensionArray(column), copy=False), False


def repeats(column):
    """Do texts come again? Looking for that is five times as slow as making them."""
    sample = column.slice(0, 10000)
    return len(sample.unique()) < len(sample) / 2


def floats_of(column):
    import pandas
    import pyarrow.compute

    has_nan = bool(pyarrow.compute.any(pyarrow.compute.is_nan(column)).as_py())
    if has_nan and column.null_count:
        return pandas.Series(pandas.arrays.ArrowExtensionArray(column), copy=False), False
    return column.to_pandas(), has_nan


def zoned(column):
    """Instants, shown in the session's zone; in UTC where Python does not know that."""
    import pyarrow as pa

    try:
        return column.to_pandas()
    except Exception:  # the zone's name: each library has its own error
        return column.cast(pa.timestamp(column.type.unit, "UTC")).to_pandas()


def frame_of_rows(path):
    """JSON lines, of a driver without pyarrow."""
    import pyarrow as pa

    with open(path, "rb") as file:
        head = json.loads(file.readline())
        rows = [json.loads(line) for line in file]
    fields = head["schema"]["fields"]
    arrays = []
    for i, field in enumerate(fields):
        kind = arrow_type(field["type"], head["zone"])
        arrays.append(pa.array([arrow_value(row[i], field["type"]) for row in rows], kind))
    table = pa.Table.from_arrays(arrays, [field["name"] for field in fields])
    return frame_of_table(table, len(rows))


def arrow_type(kind, zone):
    """The type of Arrow for one of Spark in JSON."""
    import pyarrow as pa

    if isinstance(kind, dict):
        if kind["type"] == "array":
            return pa.list_(arrow_type(kind["elementType"], zone))
        if kind["type"] == "map":
            return pa.map_(arrow_type(kind["keyType"], zone), arrow_type(kind["valueType"], zone))
        if kind["type"] == "struct":
            return pa.struct(
                [pa.field(f["name"], arrow_type(f["type"], zone)) for f in kind["fields"]])
        return arrow_type(kind["sqlType"], zone)
    if kind.startswith("decimal"):
        return pa.decimal128(*map(int, kind[8:-1].split(",")))
    if kind.startswith("interval"):
        return pa.duration("us")
    return {
        "byte": pa.int8(), "short": pa.int16(), "integer": pa.int32(), "long": pa.int64(),
        "float": pa.float32(), "double": pa.float64(), "boolean": pa.bool_(),
        "binary": pa.binary(), "date": pa.date32(), "void": pa.null(),
        "timestamp": pa.timestamp("us", zone), "timestamp_ntz": pa.timestamp("us"),
    }.get(kind, pa.string())


def arrow_value(value, kind):
    import datetime
    import decimal

    if value is None:
        return None
    name = kind["type"] if isinstance(kind, dict) else kind
    if name == "array":
        return [arrow_value(item, kind["elementType"]) for item in value]
    if name == "map":
        return [(arrow_value(k, kind["keyType"]), arrow_value(v, kind["valueType"]))
                for k, v in value]
    if name == "struct":
        return {f["name"]: arrow_value(v, f["type"]) for f, v in zip(kind["fields"], value)}
    if name in ("float", "double"):
        return float(value)
    if name == "binary":
        return base64.b64decode(value)
    if name == "date":
        return datetime.date.fromisoformat(value)
    if name.startswith("decimal"):
        return decimal.Decimal(value)
    return value


# --- to Spark -----------------------------------------------------------------


def offer(value, name, path, begun):
    """Write a value for the session into `path`. `begun`: what the driver said of itself.
    Says what it is."""
    notes = []
    if is_frame(value):
        table = table_of(value, name, notes)
        if begun["arrow"]:
            told = write_arrow(table, path, begun)
        else:
            told = write_rows(table, path)
            notes.append("The session's Python has no pyarrow: %s went as JSON, which is "
                         "slower." % name)
    else:
        told = write_value(value, name, path, begun)
    return dict(told, notes=notes, size=os.path.getsize(path))


def is_frame(value):
    kind = type(value).__module__.split(".")[0]
    return (kind == "pandas" and hasattr(value, "iloc")) or (
        hasattr(value, "__arrow_c_stream__"))


def table_of(value, name, notes):
    lacks = prepare()
    if lacks:
        raise Refused(lacks)
    import pyarrow as pa

    if type(value).__module__.startswith("pandas"):
        table = table_of_pandas(value, name, notes)
    elif isinstance(value, pa.RecordBatch):
        table = pa.Table.from_batches([value])
    elif isinstance(value, pa.Table):
        table = value
    else:
        table = pa.table(value)
    arrays, fields = [], []
    for field, column in zip(table.schema, table.columns):
        kind = spark_kind(field.type, "Column %s" % field.name)
        arrays.append(cast(column, kind, field.name, notes))
        fields.append(pa.field(field.name, kind))
    rows = {b"rows": str(table.num_rows).encode()}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, rows))


def table_of_pandas(frame, name, notes):
    import pandas
    import pyarrow as pa

    if not hasattr(frame, "columns"):
        frame = frame.to_frame("0" if frame.name is None else frame.name)
    index = frame.index
    if not (isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1):
        notes.append("The index of %s stayed here: %s.reset_index() makes columns of it."
                     % (name, name))
    kept = frame.attrs.get(NAN_KEY, ())
    arrays, names = [], []
    for i, label in enumerate(frame.columns):
        try:
            arrays.append(array_of(frame.iloc[:, i], label in kept))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise Refused("Column %s of %s has no type that Spark could give it: %s" % (
                label, name, " ".join(str(error).split())[:300]))
        names.append(label if isinstance(label, str) else str(label))
    return Columns(arrays, names, len(frame))


class Columns:
    """As much of a table as is needed here: one without columns has its rows too."""

    def __init__(self, columns, names, rows):
        import pyarrow as pa

        self.columns, self.num_rows = columns, rows
        self.schema = pa.schema([pa.field(n, c.type) for n, c in zip(names, columns)])


def array_of(series, keeps_nan):
    import pandas
    import pyarrow as pa

    if isinstance(series.dtype, pandas.SparseDtype):
        series = series.sparse.to_dense()
    if isinstance(series.dtype, pandas.PeriodDtype):
        raise TypeError("a period; .dt.to_timestamp() makes a time of it.")
    if isinstance(series.dtype, pandas.ArrowDtype):
        return pa.chunked_array(series.array.__arrow_array__())
    found = pa.array(series, from_pandas=not keeps_nan)
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def spark_kind(kind, where):
    """The nearest type of Arrow that Spark reads as it is."""
    import pyarrow as pa

    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return spark_kind(kind.storage_type, where)
    if types.is_dictionary(kind):
        return spark_kind(kind.value_type, where)
    if types.is_unsigned_integer(kind):
        wider = {8: pa.int16(), 16: pa.int32(), 32: pa.int64(), 64: pa.decimal128(20, 0)}
        return wider[kind.bit_width]
    if types.is_float16(kind):
        return pa.float32()
    if types.is_decimal(kind):
        if kind.precision > 38 or not 0 <= kind.scale <= kind.precision:
            raise Refused("%s has decimals of %d digits, %d of them behind the point; Spark "
                          "has 38 at most." % (where, kind.precision, kind.scale))
        return pa.decimal128(kind.precision, kind.scale)
    if types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if types.is_duration(kind):
        return pa.duration("us")
    if types.is_date(kind):
        return pa.date32()
    if types.is_struct(kind):
        return pa.struct([
            pa.field(f.name, spark_kind(f.type, "%s.%s" % (where, f.name)), f.nullable)
            for f in kind])
    if types.is_map(kind):
        item = kind.item_field
        return pa.map_(
            pa.field("key", spark_kind(kind.key_type, where), False),
            pa.field("value", spark_kind(kind.item_type, where), item.nullable))
    if hasattr(kind, "value_field"):  # every kind of list
        field = kind.value_field
        return pa.list_(pa.field("element", spark_kind(field.type, where), field.nullable))
    for is_it, plain in (("string", pa.string()), ("binary", pa.binary())):
        if any(getattr(types, "is_%s%s" % (way, is_it), lambda _: False)(kind)
               for way in ("", "large_", "fixed_size_")) or str(kind) == is_it + "_view":
            return plain
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or (
            types.is_null(kind)):
        return kind
    raise Refused("%s has the type %s, which Spark has not: make text of it, .astype(str)."
                  % (where, kind))


def cast(column, kind, name, notes):
    import pyarrow as pa

    if column.type == kind:
        return column
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array(
            [chunk.storage for chunk in column.chunks], column.type.storage_type)
    try:
        return column.cast(kind)
    except pa.ArrowInvalid as error:
        if not pa.types.is_timestamp(kind) and not pa.types.is_duration(kind):
            raise Refused("Column %s does not fit Spark's type: %s" % (name, error))
    notes.append("Column %s was cut to microseconds: Spark has no finer time." % name)
    return column.cast(kind, safe=False)


def write_arrow(table, path, begun):
    import pyarrow as pa
    import pyarrow.ipc

    size = max(1, table.nbytes)
    parts = max(begun["partitions"], -(-size // BATCH_BYTES))
    rows = max(1, -(-table.num_rows // parts))
    codec = "lz4" if begun["direct"] else begun["codec"]
    if codec and not pa.Codec.is_available(codec):
        codec = None
    options = pyarrow.ipc.IpcWriteOptions(compression=codec)
    with pyarrow.ipc.new_file(path, table.schema, options=options) as writer:
        for batch in table.combine_chunks().to_batches(rows) if table.num_columns else []:
            writer.write_batch(batch)
    return {"kind": "arrow", "rows": int(table.schema.metadata[b"rows"]),
            "columns": table.num_columns, "bytes": table.nbytes}


def write_rows(table, path):
    """JSON lines, for a driver without pyarrow: the schema as Spark writes it, then a line
    a row."""
    fields = [{"name": f.name, "type": spark_json(f.type), "nullable": True, "metadata": {}}
              for f in table.schema]
    columns = [[json_value(v, f.type) for v in c.to_pylist()] if not is_moment(f.type)
               else moments(c) for c, f in zip(table.columns, table.schema)]
    rows = int(table.schema.metadata[b"rows"])
    with open(path, "w", encoding="ascii") as file:
        json.dump({"schema": {"type": "struct", "fields": fields}}, file)
        for i in range(rows):
            file.write("\n" + json.dumps([column[i] for column in columns]))
    return {"kind": "rows", "rows": rows, "columns": len(fields), "bytes": table.nbytes}


def is_moment(kind):
    import pyarrow as pa

    return pa.types.is_timestamp(kind) or pa.types.is_duration(kind)


def moments(column):
    import pyarrow as pa

    return column.cast(pa.int64()).to_pylist()


def spark_json(kind):
    import pyarrow as pa

    types = pa.types
    if types.is_decimal(kind):
        return "decimal(%d,%d)" % (kind.precision, kind.scale)
    if types.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp_ntz"
    if types.is_duration(kind):
        return "interval day to second"
    if types.is_struct(kind):
        return {"type": "struct", "fields": [
            {"name": f.name, "type": spark_json(f.type), "nullable": f.nullable, "metadata": {}}
            for f in kind]}
    if types.is_map(kind):
        return {"type": "map", "keyType": spark_json(kind.key_type),
                "valueType": spark_json(kind.item_type), "valueContainsNull": True}
    if types.is_list(kind):
        return {"type": "array", "elementType": spark_json(kind.value_type),
                "containsNull": True}
    return {"null": "void", "bool": "boolean", "int8": "byte", "int16": "short",
            "int32": "integer", "int64": "long", "float": "float", "double": "double",
            "string": "string", "binary": "binary", "date32[day]": "date"}[str(kind)]


def json_value(value, kind):
    import datetime

    import pyarrow as pa

    types = pa.types
    if value is None:
        return None
    if types.is_floating(kind):
        return value if value - value == 0 else repr(value)
    if types.is_binary(kind):
        return base64.b64encode(value).decode("ascii")
    if types.is_decimal(kind) or types.is_date(kind):
        return str(value)
    if types.is_timestamp(kind):
        zone = datetime.timezone.utc if kind.tz else None
        return (value - datetime.datetime(1970, 1, 1, tzinfo=zone)) // (
            datetime.timedelta(microseconds=1))
    if types.is_duration(kind):
        return value // datetime.timedelta(microseconds=1)
    if types.is_struct(kind):
        return [json_value(value[f.name], f.type) for f in kind]
    if types.is_map(kind):
        return [[json_value(k, kind.key_type), json_value(v, kind.item_type)]
                for k, v in value]
    if types.is_list(kind):
        return [json_value(item, kind.value_type) for item in value]
    return value


# --- other values to Spark ----------------------------------------------------


def write_value(value, name, path, begun):
    kind = type(value).__module__.split(".")[0]
    if kind == "numpy" and not getattr(value, "ndim", 1):
        value = value.item()
    what = type(value).__name__
    if is_plain(value):
        data, form = json.dumps(value).encode("ascii"), "json"
        what = "None" if value is None else what
        if isinstance(value, (list, dict)):
            what += " of %d" % len(value)
    elif kind == "numpy" and hasattr(value, "dtype") and not value.dtype.hasobject:
        import numpy

        file = io.BytesIO()
        numpy.save(file, value, allow_pickle=False)
        data, form = file.getvalue(), "numpy"
        what = "array of %s, %s" % (" x ".join(map(str, value.shape)), value.dtype)
    else:
        data, form = pickled(value, name, begun["python"]), "pickle"
    with open(path, "wb") as file:
        file.write(data)
    return {"kind": form, "what": what, "bytes": len(data)}


def is_plain(value):
    """Does JSON hold it as it is?"""
    if value is None or type(value) in (bool, int, float, str):
        return True
    if type(value) is list:
        return all(is_plain(item) for item in value)
    return type(value) is dict and all(
        type(key) is str and is_plain(item) for key, item in value.items())


def pickled(value, name, python):
    """Another Python could read it wrong, or not at all."""
    what = type(value).__name__
    if list(sys.version_info[:2]) != list(python):
        raise Refused("`%s` is a %s, which goes as a pickle, and for that the session's "
                      "Python (%d.%d) must be that of the notebook (%d.%d). Dataframes, arrays "
                      "and plain values go in any case."
                      % ((name, what) + tuple(python) + tuple(sys.version_info[:2])))
    try:
        import cloudpickle as pickle
    except ImportError:
        import pickle
    try:
        return pickle.dumps(value, protocol=4)
    except Exception as error:  # anything can come from __reduce__
        raise Refused("`%s` is a %s, which can't be pickled: %s" % (name, what, error))
