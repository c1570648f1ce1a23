# sentinel: lets a server's cancel reach Python. For servers whose driver can't be asked
# while it is busy: their cancel ends Spark jobs and nothing else. So a cell that runs for
# long gets a job of our own in its group; where that is cancelled, the cell is interrupted.

import threading
import time
import uuid

AFTER = 1.0  # seconds that a cell runs before it has one
CORES = 2  # at least: the job keeps one busy, as long as nothing else wants it
DAY = 86400000  # milliseconds
PATIENCE = 10  # seconds for the first query of a session


def install():
    """Also runs such a query: a session's first one takes seconds, in which no cancel would
    reach a cell. Where the cluster is busy it is not waited for."""
    if not isinstance(kernel.guard, Guard):
        kernel.guard = Guard()
        ready = threading.Thread(target=get_ready, daemon=True)
        ready.start()
        ready.join(PATIENCE)


def get_ready():
    try:
        if tools.spark_context() is not None:
            nap(1).collect()
    except Exception:
        pass  # the first cell that runs for long tries again


def nap(milliseconds):
    """A frame whose one task sleeps."""
    from pyspark.sql import SparkSession

    text = "java_method('java.lang.Thread', 'sleep', %dL)" % milliseconds
    return SparkSession.builder.getOrCreate().range(0, 1, 1, 1).selectExpr(text)


def cores(context):
    spark = context._jsc.sc()
    if spark.isLocal():
        return spark.defaultParallelism()
    each = int(context.getConf().get("spark.executor.cores", "1"))
    return each * (spark.getExecutorMemoryStatus().size() - 1)


class Guard:
    """Called by the runner at the beginning and at the end of each cell."""

    watch = None

    def begin(self, n):
        self.watch = Watch(n, kernel.group)
        self.watch.start()

    def end(self):
        watch, self.watch = self.watch, None
        if watch is not None:
            watch.is_over.set()


class Watch(threading.Thread):
    """One cell's: waits, then holds a job until it is cancelled or the cell is over."""

    def __init__(self, n, group):
        threading.Thread.__init__(self, name="synapse-kernel-sentinel", daemon=True)
        self.n, self.group = n, group
        self.mark = "synapse-kernel sentinel " + uuid.uuid4().hex
        self.is_over = threading.Event()

    def run(self):
        if self.is_over.wait(AFTER) or not self.group:
            return
        context = tools.spark_context()
        try:
            if context is None or cores(context) < CORES:
                return
            threading.Thread(target=self.remove, args=(context,), daemon=True).start()
            self.hold(context)
        except Exception as error:
            if "cancel" in tools.message_of(error).lower() and not self.is_over.is_set():
                kernel.interrupt(self.n)

    def hold(self, context):
        frame = nap(DAY)
        own = {
            "spark.jobGroup.id": self.group,
            "spark.job.description": self.mark,
            "spark.job.interruptOnCancel": "true",
        }
        try:
            for key, value in own.items():
                context.setLocalProperty(key, value)
            if not self.is_over.is_set():
                frame.collect()
        finally:
            for key in own:
                context.setLocalProperty(key, None)

    def remove(self, context):
        """When the cell is over, cancel the job; it may only just come to be there."""
        self.is_over.wait()
        wait = 0.02
        while self.is_alive() and wait < 60:
            try:
                self.cancel_job(context)
            except Exception:
                pass  # a context that was stopped took the job with it
            time.sleep(wait)
            wait *= 1.1

    def cancel_job(self, context):
        spark, text_of = context._jsc.sc(), context._jvm.java.util.Arrays.toString
        for job in text_of(context._jsc.statusTracker().getActiveJobIds())[1:-1].split(","):
            told = spark.statusStore().job(int(job)).description() if job else None
            if told is not None and told.isDefined() and told.get() == self.mark:
                spark.cancelJob(int(job))
