"""transfer - dataframes and small values on their way out of the session, and into it

A module of the prologue (see "modules" there); the kernel's half is kernel/transfer.c, and
what Python makes of the bytes is kernel/frames.py. A dataframe travels as an Arrow IPC
file, compressed. Its batches are written in the order in which they arrive, and the order
in which they belong goes along, so no more than one batch is held here.

The bytes wait in a file without a name, which nobody has to remove. When the kernel's own
file can be opened here, this is its machine, and they go there at once.
"""
import base64
import hashlib
import json
import keyword
import mmap
import os
import sys
import tempfile
import time

FORGET_S = 1800  # what nobody fetched for so long is let go of
RESERVED = ("spark", "sc", "sqlContext", "display")
WAYS = "Add `-n 100000` for the first rows, or `--all` for all of them."
spools = {}  # key -> Spool


class Spool:
    """The bytes of one transfer."""

    def __init__(self, path=None):
        self.used = time.monotonic()
        self.is_direct = is_reachable(path)
        if self.is_direct:
            self.file = open(path, "r+b")
        else:
            self.file = tempfile.TemporaryFile(prefix="synapse-kernel-")

    def size(self):
        self.file.flush()
        return os.fstat(self.file.fileno()).st_size

    def read(self, at, size):
        self.used = time.monotonic()
        return os.pread(self.file.fileno(), size, at)

    def write(self, at, data):
        self.used = time.monotonic()
        while data:
            written = os.pwrite(self.file.fileno(), data, at)
            at, data = at + written, data[written:]

    def close(self):
        self.file.close()


def is_reachable(path):
    """Is the kernel's file one of ours, on this machine?"""
    try:
        return bool(path) and os.stat(path).st_uid == os.getuid() and os.access(path, os.W_OK)
    except (OSError, AttributeError):
        return False


def drop(key):
    spool = spools.pop(key, None)
    if spool is not None:
        spool.close()
    for other, spool in list(spools.items()):
        if time.monotonic() - spool.used > FORGET_S:
            drop(other)


# ---- what is there -----------------------------------------------------------------------


def arrow():
    """pyarrow, or None."""
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError:
        return None
    return pyarrow


def codec():
    for name in ("zstd", "lz4"):
        if arrow() is not None and arrow().Codec.is_available(name):
            return name
    return None


def spark_session():
    session = kernel.user.get("spark")
    if hasattr(session, "_jsparkSession"):
        return session
    if tools.spark_context() is None:
        raise tools.Refused("The Spark session has ended: there is no SparkContext any more. "
                            "`%synapse session restart` brings a fresh one.")
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def module_of(value):
    return type(value).__module__.split(".")[0]


# ---- out of the session ------------------------------------------------------------------


def collect(key, name, path=None, rows=None, budget=None, view=None, lacks=None):
    """Write variable `name` into a spool; with `view`, the frame behind that temporary
    view, which is dropped. At most `rows` rows; more than `budget` bytes are refused.
    `lacks`: a sentence that says why the other side can't take dataframes. The answer
    says what it is, and its size in bytes."""
    drop(None)
    spool = Spool(path)
    try:
        value = frame_of_view(view) if view else find(name)
        told = Writer(name, spool, rows, budget, lacks).write(value)
        told.update(size=spool.size(), direct=spool.is_direct)
    except BaseException as error:
        spool.close()
        if isinstance(error, OSError) and error.errno == 28:
            raise tools.Refused("There is no room for %s in %s on the driver's machine."
                                % (name, path or tempfile.gettempdir()))
        raise
    spools[key] = spool
    if spool.is_direct or not told["size"]:
        drop(key)
    return told


def chunk(key, at, size):
    """A piece of a spool, which goes with its last byte."""
    if key not in spools:
        raise tools.Refused("The session no longer holds what was to be fetched.")
    spool = spools[key]
    data = spool.read(at, size)
    if at + len(data) >= spool.size():
        drop(key)
    return {"data": base64.b64encode(data).decode("ascii"),
            "sha256": hashlib.sha256(data).hexdigest()}


def find(name):
    if name in kernel.user:
        return kernel.user[name]
    try:
        session = spark_session()
        if session.catalog.tableExists(name):
            return session.table(name)
    except tools.Refused:
        pass
    raise tools.Refused("`%s` is not defined in the Spark session: neither a variable of its "
                        "Python nor a table or view. `%%synapse vars` lists what is; a frame "
                        "of Scala comes with `%%%%synapse scala -o %s`." % (name, name))


def frame_of_view(view):
    session = spark_session()
    frame = session.table(view)
    session.catalog.dropTempView(view)
    return frame


class Writer:
    """Writes one value into a spool."""

    def __init__(self, name, spool, rows, budget, lacks):
        self.name, self.spool, self.rows, self.budget = name, spool, rows, budget
        self.lacks = lacks
        self.notes = []
        self.bytes = 0
        self.begun = time.monotonic()

    def write(self, value):
        kind = module_of(value)
        if self.lacks and (tools.is_frame(value) or hasattr(value, "iloc")):
            raise tools.Refused(self.lacks)
        if tools.is_frame(value):
            told = self.spark(value)
        elif kind == "pyspark" and hasattr(value, "to_spark"):
            told = self.pandas_on_spark(value)
        elif kind == "pandas" and hasattr(value, "iloc"):
            told = self.pandas(value)
        elif kind == "pyarrow" and hasattr(value, "to_batches"):
            told = self.table(value)
        elif hasattr(value, "__arrow_c_stream__"):
            told = self.stream(value)
        elif kind == "numpy" and hasattr(value, "dtype") and getattr(value, "ndim", 0):
            told = self.numpy(value)
        else:
            told = self.plain(value)
        return dict(told, notes=self.notes, bytes=self.bytes)

    # -- Spark --

    def spark(self, frame):
        frame = self.readable(frame)
        if self.rows is not None:
            frame = frame.limit(self.rows)
        if not hasattr(frame, "_jdf"):  # Spark Connect
            return self.pandas(frame.toPandas())
        if arrow() is None:
            return self.json_rows(frame)
        return self.batches_of_spark(frame)

    def readable(self, frame):
        """Types that Arrow can't hold become text."""
        fields = [f for f in frame.schema.fields if needs_text(f.dataType)]
        if not fields:
            return frame
        from pyspark.sql.functions import col

        names = frame.columns
        places = ["c%d" % i for i in range(len(names))]
        columns = [
            col(place).cast("string").alias(name) if needs_text(field.dataType)
            else col(place).alias(name)
            for place, name, field in zip(places, names, frame.schema.fields)
        ]
        for field in fields:
            self.notes.append("Column %s (%s) came as text: Python has no such type."
                              % (field.name, field.dataType.simpleString()))
        return frame.toDF(*places).select(*columns)

    def batches_of_spark(self, frame):
        from pyspark.java_gateway import local_connect_and_auth
        from pyspark.serializers import read_int

        port, secret, server = frame._jdf.collectAsArrowToPython()
        source, connection = local_connect_and_auth(port, secret)
        connection.settimeout(None)
        try:
            reader = arrow().ipc.open_stream(source)
            is_within = self.batches(reader.schema, reader)
            if is_within:
                count = read_int(source)
                if count < 0:  # the job failed: this raises its exception
                    server.getResult()
                    raise RuntimeError("Spark did not say why the rows could not be read.")
                order = [read_int(source) for _ in range(count)]
                server.getResult()
        finally:
            source.close()
            connection.close()
        if not is_within:
            self.refuse_frame(frame)
        return self.told("spark", order=order)

    def refuse_frame(self, frame):
        context = tools.spark_context()
        if context is not None and kernel.group:
            context.cancelJobGroup(kernel.group)
        seconds = time.monotonic() - self.begun
        seen_rows, seen_bytes = self.count, self.bytes
        rows = frame.count()
        share = max(1.0, rows / max(1, seen_rows))
        self.refuse(rows, seen_bytes * share, seconds * share)

    def refuse(self, rows, size, seconds):
        raise tools.Refused(
            "`%s` has %s rows, about %s of Arrow, which is more than the %s that a transfer "
            "takes by itself; all of it would take about %s and that much memory in Python. "
            "Nothing was transferred. %s"
            % (self.name, "{:,}".format(rows), size_text(size), size_text(self.budget),
               seconds_text(seconds), WAYS))

    def pandas_on_spark(self, value):
        is_series = not hasattr(value, "columns")
        name = value.name if is_series else None
        frame = value.to_frame() if is_series else value
        levels = list(frame.index.names)
        places = ["__index_level_%d__" % i for i in range(len(levels))]
        told = self.spark(frame.to_spark(index_col=places))
        told["index"] = [str(level) if level is not None else None for level in levels]
        if is_series:
            told["series"] = name
        return told

    # -- what is in memory already --

    def pandas(self, value):
        is_series = not hasattr(value, "columns")
        if self.rows is not None:
            value = value.iloc[: self.rows]
        if arrow() is None:
            raise tools.Refused("The session's Python has no pyarrow, which a pandas frame "
                                "needs on its way. In the session, "
                                "`%s = spark.createDataFrame(%s)` makes it one of Spark."
                                % (self.name, self.name))
        frame = value.to_frame("0" if value.name is None else value.name) if is_series else value
        try:
            table = arrow().Table.from_pandas(frame)
        except Exception as error:  # arrow's kinds, TypeError, ValueError
            raise tools.Refused("`%s` does not fit Arrow: %s"
                                % (self.name, tools.message_of(error)))
        told = self.table(table, "pandas")
        told["columns"] = frame.shape[1]
        if is_series:
            told["series"] = value.name if isinstance(value.name, str) else None
        return told

    def stream(self, value):
        if arrow() is None:
            raise tools.Refused("The session's Python has no pyarrow, which `%s` needs on "
                                "its way." % self.name)
        return self.table(arrow().table(value))

    def table(self, table, source="arrow"):
        if not hasattr(table, "slice") or not hasattr(table, "num_rows"):
            table = arrow().Table.from_batches([table])
        if self.rows is not None:
            table = table.slice(0, self.rows)
        if self.budget is not None and table.nbytes > self.budget:
            self.refuse(table.num_rows, table.nbytes, table.nbytes / 2e8)
        self.budget = None
        self.batches(table.schema, table.to_batches())
        return self.told(source)

    def numpy(self, value):
        import numpy

        if value.dtype.hasobject:
            raise tools.Refused("`%s` is an array of Python objects, which is not taken "
                                "apart on its way: make a list of it." % self.name)
        if self.rows is not None:
            value = value[: self.rows]
        self.bytes = value.nbytes
        if self.budget is not None and value.nbytes > self.budget:
            self.refuse(len(value), value.nbytes, value.nbytes / 2e8)
        numpy.save(self.spool.file, value, allow_pickle=False)
        return {"kind": "numpy", "what": "array of %s, %s" % (
            " x ".join(map(str, value.shape)), value.dtype)}

    def plain(self, value):
        if module_of(value) == "numpy" and hasattr(value, "item"):
            value = value.item()
        if not is_plain(value):
            raise tools.Refused(
                "`%s` is a %s. What can come to Python: dataframes, series, arrays, and plain "
                "values (text, numbers, true and false, lists and dicts of them)."
                % (self.name, type(value).__name__))
        text = json.dumps(value).encode("ascii")
        self.bytes = len(text)
        if self.budget is not None and self.bytes > self.budget:
            self.refuse(1, self.bytes, self.bytes / 1e8)
        self.spool.file.write(text)
        return {"kind": "json", "what": what_of(value)}

    # -- Arrow --

    def batches(self, schema, batches):
        """Write batches; False when they are more than the budget."""
        self.count, self.schema = 0, schema
        options = arrow().ipc.IpcWriteOptions(
            compression="lz4" if self.spool.is_direct and arrow().Codec.is_available("lz4")
            else codec())
        with arrow().ipc.new_file(self.spool.file, schema, options=options) as writer:
            for batch in batches:
                self.count += batch.num_rows
                self.bytes += batch.nbytes
                if self.budget is not None and self.bytes > self.budget:
                    return False
                writer.write_batch(batch)
        return True

    def told(self, source, **more):
        return dict(more, kind="arrow", source=source, rows=self.count,
                    columns=len(self.schema))

    # -- without pyarrow --

    def json_rows(self, frame):
        """A line with the schema, then a line a row, as an array."""
        self.notes.append("The session's Python has no pyarrow: %s came as JSON, which is "
                          "slower." % self.name)
        schema = frame.schema
        types = [field.dataType for field in schema.fields]
        zone = frame.sparkSession.conf.get("spark.sql.session.timeZone")
        head = {"schema": json.loads(schema.json()), "zone": zone}
        self.spool.file.write(json.dumps(head).encode("ascii") + b"\n")
        self.count = 0
        for row in frame.toLocalIterator(prefetchPartitions=True):
            line = json.dumps([plain_of(v, t) for v, t in zip(row, types)]).encode("ascii")
            self.bytes += len(line)
            self.count += 1
            if self.budget is not None and self.bytes > self.budget:
                self.refuse_frame(frame)
            self.spool.file.write(line + b"\n")
        return {"kind": "rows", "source": "spark", "rows": self.count,
                "columns": len(types)}


def needs_text(kind):
    """Is there an interval in it that has no Arrow type in pyarrow?"""
    if type(kind).__name__ in ("YearMonthIntervalType", "CalendarIntervalType"):
        return True
    inner = [getattr(kind, name, None) for name in ("elementType", "keyType", "valueType")]
    inner += [field.dataType for field in getattr(kind, "fields", [])]
    return any(needs_text(item) for item in inner if item is not None)


def is_plain(value):
    """Does JSON hold it as it is?"""
    if value is None or type(value) in (bool, int, float, str):
        return True
    if type(value) is list:
        return all(is_plain(item) for item in value)
    return type(value) is dict and all(
        type(key) is str and is_plain(item) for key, item in value.items())


def what_of(value):
    name = "None" if value is None else type(value).__name__
    return "%s of %d" % (name, len(value)) if isinstance(value, (list, dict)) else name


def size_text(size):
    for unit in ("B", "kB", "MB"):
        if size < 1024:
            return "%d %s" % (size, unit)
        size /= 1024.0
    return "%.1f GB" % size


def seconds_text(seconds):
    return "%d s" % max(1, seconds) if seconds < 120 else "%d min" % (seconds / 60 + 0.5)


# ---- into the session --------------------------------------------------------------------


def begin(key, path=None):
    """What the kernel needs to know before it sends something."""
    drop(None)
    context = tools.spark_context()
    return {"direct": is_reachable(path), "arrow": arrow() is not None, "codec": codec(),
            "python": list(sys.version_info[:2]),
            "partitions": context.defaultParallelism if context is not None else 1}


def receive(key, at, data, sha256):
    """The next piece. A piece that comes again does no harm."""
    piece = base64.b64decode(data)
    if hashlib.sha256(piece).hexdigest() != sha256:
        raise tools.Refused("What arrived in the session is not what was sent.")
    if at == 0:
        drop(key)
        spools[key] = Spool()
    if key not in spools or spools[key].size() < at:
        raise tools.Refused("A piece of what was sent to the session is missing.")
    spools[key].write(at, piece)


def bind(key, name, kind, size, path=None, view=False):
    """Make variable `name` of what arrived, or lies in the kernel's file; with `view`, a
    temporary view of a dataframe too."""
    if not name.isidentifier() or keyword.iskeyword(name) or name in RESERVED:
        raise tools.Refused("`%s` can't be the name of a variable in the Spark session." % name)
    file = open(path, "rb") if path else getattr(spools.get(key), "file", None)
    if file is None and size:
        raise tools.Refused("The session no longer holds what was sent.")
    try:
        if size and os.fstat(file.fileno()).st_size != size:
            raise tools.Refused("What arrived in the session is not all that was sent.")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        value = READERS[kind](data)
        if view and tools.is_frame(value):
            value.createOrReplaceTempView(name)
        kernel.user[name] = value
    finally:
        if path and file is not None:
            file.close()
        drop(key)


def read_arrow(data):
    """A Spark DataFrame, a partition a batch."""
    source = arrow().ipc.open_file(arrow().py_buffer(data))
    session = spark_session()
    schema = spark_type(source.schema)
    count = source.num_record_batches
    rows = int(source.schema.metadata[b"rows"])
    if not len(schema.fields):
        return session.range(rows).select()
    if not rows:
        return session.createDataFrame([], schema)
    return frame_of_batches(
        session, schema, (source.get_batch(i) for i in range(count)))


def frame_of_batches(session, schema, batches):
    """By the way that createDataFrame(pandas) takes, without its detour over pandas."""
    from pyspark.serializers import Serializer
    from pyspark.sql import DataFrame

    context = session.sparkContext
    jvm = context._jvm

    class Stream(Serializer):
        def dump_stream(self, batches, stream):
            writer = None
            for batch in batches:
                if writer is None:
                    writer = arrow().RecordBatchStreamWriter(stream, batch.schema)
                writer.write_batch(batch)
            writer.close()

    iterator = context._serialize_to_jvm(
        batches, Stream(), jvm.PythonSQLUtils.readArrowStreamFromFile, jvm.ArrowIteratorServer)
    frame = DataFrame(
        jvm.PythonSQLUtils.toDataFrame(iterator, schema.json(), session._jsparkSession), session)
    return frame


def spark_type(kind):
    """The type of Spark for one of Arrow, or for a schema. frames.py has seen to it that
    there are no others."""
    from pyspark.sql import types as spark

    pa = arrow()
    if isinstance(kind, (pa.Schema, pa.StructType)):
        return spark.StructType([
            spark.StructField(field.name, spark_type(field.type), field.nullable)
            for field in kind])
    if pa.types.is_decimal(kind):
        return spark.DecimalType(kind.precision, kind.scale)
    if pa.types.is_map(kind):
        return spark.MapType(spark_type(kind.key_type), spark_type(kind.item_type),
                             kind.item_field.nullable)
    if pa.types.is_list(kind):
        return spark.ArrayType(spark_type(kind.value_type), kind.value_field.nullable)
    if pa.types.is_timestamp(kind):
        return spark.TimestampType() if kind.tz else spark.TimestampNTZType()
    if pa.types.is_duration(kind):
        return spark.DayTimeIntervalType()
    names = {"null": "Null", "bool": "Boolean", "int8": "Byte", "int16": "Short",
             "int32": "Integer", "int64": "Long", "float": "Float", "double": "Double",
             "string": "String", "binary": "Binary", "date32[day]": "Date"}
    return getattr(spark, names[str(kind)] + "Type")()


def read_rows(data):
    """A Spark DataFrame of JSON lines."""
    from pyspark.sql.types import StructType

    lines = bytes(data).splitlines()
    schema = StructType.fromJson(json.loads(lines[0])["schema"])
    types = [field.dataType for field in schema.fields]
    rows = [[value_of(v, t) for v, t in zip(json.loads(line), types)] for line in lines[1:]]
    return spark_session().createDataFrame(rows, schema)


def read_json(data):
    return json.loads(bytes(data))


def read_numpy(data):
    import io

    import numpy

    return numpy.load(io.BytesIO(data), allow_pickle=False)


def read_pickle(data):
    from pyspark import cloudpickle

    return cloudpickle.loads(bytes(data))


READERS = {"arrow": read_arrow, "rows": read_rows, "json": read_json, "numpy": read_numpy,
           "pickle": read_pickle}


# ---- values in JSON, where there is no Arrow -----------------------------------------------


def epoch():
    import datetime

    return datetime.datetime(1970, 1, 1)


def plain_of(value, kind):
    """A value of Spark in JSON: numbers that JSON can't hold, decimals and dates as text,
    times as microseconds, bytes as base64."""
    import datetime

    if value is None:
        return None
    name = type(kind).__name__
    if name in ("FloatType", "DoubleType"):
        return value if value - value == 0 else repr(value)
    if name == "ArrayType":
        return [plain_of(item, kind.elementType) for item in value]
    if name == "MapType":
        return [[plain_of(k, kind.keyType), plain_of(v, kind.valueType)]
                for k, v in value.items()]
    if name == "StructType":
        return [plain_of(item, f.dataType) for item, f in zip(value, kind.fields)]
    if name == "BinaryType":
        return base64.b64encode(bytes(value)).decode("ascii")
    if name == "TimestampType":
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if name in ("TimestampType", "TimestampNTZType"):
        return (value - epoch()) // datetime.timedelta(microseconds=1)
    if name == "DayTimeIntervalType":
        return value // datetime.timedelta(microseconds=1)
    if name in ("DecimalType", "DateType"):
        return str(value)
    return value


def value_of(value, kind):
    """The way back."""
    import datetime
    import decimal

    if value is None:
        return None
    name = type(kind).__name__
    if name in ("FloatType", "DoubleType"):
        return float(value)
    if name == "ArrayType":
        return [value_of(item, kind.elementType) for item in value]
    if name == "MapType":
        return {value_of(k, kind.keyType): value_of(v, kind.valueType) for k, v in value}
    if name == "StructType":
        return tuple(value_of(item, f.dataType) for item, f in zip(value, kind.fields))
    if name == "BinaryType":
        return bytearray(base64.b64decode(value))
    if name == "TimestampType":
        when = epoch() + datetime.timedelta(microseconds=value)
        return when.replace(tzinfo=datetime.timezone.utc)
    if name == "TimestampNTZType":
        return epoch() + datetime.timedelta(microseconds=value)
    if name == "DayTimeIntervalType":
        return datetime.timedelta(microseconds=value)
    if name == "DecimalType":
        return decimal.Decimal(value)
    if name == "DateType":
        return datetime.date.fromisoformat(value)
    return value
