# slow: why a cell took long, as far as Spark's own counts of its stages say so. Asked for after
# it. No times and no numbers of jobs in the words: they stay in a notebook that is compared.

import math

SHARE = 0.3  # of the cell's time: what took less is not why
LEAST = 8  # seconds, nor is this: a busy machine makes small things take long
STAGES, QUERIES = 200, 20  # that are looked at
MEGABYTE = 1024 * 1024
PLANS = (
    (
        "CartesianProduct",
        "a join without an equality pairs every row with every row",
        "Give the join a condition with `==` on columns.",
    ),
    (
        "BroadcastNestedLoopJoin",
        "a join without an equality compares every row with every row",
        "Give the join a condition with `==` on columns.",
    ),
)


def why(seconds, least=LEAST):
    """Reasons, the weightiest first: [{"what", "advice"}]; of the cell that ended last, which
    took so many seconds."""
    least = max(least, SHARE * seconds)
    context = tools.spark_context()
    if context is None or not kernel.group:
        return []
    jobs = numbers(context, context._jsc.statusTracker().getJobIdsForGroup(kernel.group))
    stages = [stage for stage in stages_of(context, jobs) if stage.wall >= least]
    stages.sort(key=lambda stage: -stage.wall)
    found = []
    for stage in stages[:3]:
        found += stage.reasons(context.defaultParallelism)
    if stages:
        found += plans_of(context, jobs)
    told = []
    for what, advice in found:
        if all(reason["what"] != what for reason in told):
            told.append({"what": what, "advice": advice})
    return told


def numbers(context, array):
    text = context._jvm.java.util.Arrays.toString(array)
    return [int(word) for word in text.strip("[]").split(",") if word.strip()]


def stages_of(context, jobs):
    tracker, store = context._jsc.statusTracker(), context._jsc.sc().statusStore()
    ids = set()
    for job in jobs:
        info = tracker.getJobInfo(job)
        ids.update(numbers(context, info.stageIds()) if info is not None else [])
    for number in sorted(ids)[-STAGES:]:
        try:
            data = store.lastStageAttempt(number)
        except Exception:  # it was skipped, or forgotten
            continue
        if data.submissionTime().isDefined() and data.completionTime().isDefined():
            yield Stage(context, store, data)


class Stage:
    def __init__(self, context, store, data):
        self.context, self.store, self.data = context, store, data
        ended, began = data.completionTime().get(), data.submissionTime().get()
        self.wall = (ended.getTime() - began.getTime()) / 1000.0

    def reasons(self, cores):
        data, tasks = self.data, self.data.numTasks()
        found = []
        if tasks == 1 and cores > 1:
            found.append(
                (
                    "one partition, so one core did the work of all",
                    "df.repartition(n) spreads it; an order without partitionBy, a single "
                    "file that can't be split or coalesce(1) brings it about.",
                )
            )
        elif tasks > 1 and self.is_skewed():
            found.append(
                (
                    "one partition holds most of the data (skew), and its task ran alone",
                    "Look for a key that most rows have (null?); repartition by another "
                    "column, or set spark.sql.adaptive.skewJoin.enabled.",
                )
            )
        if data.diskBytesSpilled() > 64 * MEGABYTE:
            found.append(
                (
                    "data did not fit into memory and was spilled to disk",
                    "More partitions (spark.sql.shuffle.partitions, repartition) or more "
                    "memory (`%synapse start --executor-memory`; on this machine "
                    "--driver-memory).",
                )
            )
        if data.resultSize() > 100 * MEGABYTE:
            found.append(
                (
                    "much data was brought to the driver (collect, toPandas)",
                    "Aggregate or limit first, or fetch it with `%synapse get`, which comes in "
                    "chunks.",
                )
            )
        if data.jvmGcTime() > 0.3 * max(1, data.executorRunTime()):
            found.append(
                (
                    "a large part of the time went into freeing memory (garbage collection)",
                    "More memory, more partitions, or unpersist() what is cached and not "
                    "needed.",
                )
            )
        return found

    def is_skewed(self):
        quantiles = self.context._gateway.new_array(self.context._jvm.double, 2)
        quantiles[0], quantiles[1] = 0.5, 1.0
        summary = self.store.taskSummary(
            self.data.stageId(), self.data.attemptId(), quantiles
        )
        if not summary.isDefined():
            return False
        times = summary.get().executorRunTime()
        middle, longest = times.apply(0), times.apply(1)
        if math.isnan(middle) or math.isnan(longest):
            return False
        return longest > 4 * middle and longest > 500 * self.wall


def plans_of(context, jobs):
    """What Spark SQL planned for these jobs."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    queries = session._jsparkSession.sharedState().statusStore().executionsList()
    found = []
    for i in range(max(0, queries.size() - QUERIES), queries.size()):
        query = queries.apply(i)
        if not any(query.jobs().contains(job) for job in jobs):
            continue
        plan = query.physicalPlanDescription()
        found += [(what, advice) for name, what, advice in PLANS if name in plan]
    return found
