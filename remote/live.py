# live: what a running cell printed and how far its Spark jobs are. Asked for beside the cell.

LIMIT = 512000  # characters of one answer, about; what is left comes with the next
JOBS, STAGES, THREADS = 20, 60, 2000  # that are looked at


def poll(n, at, group=None):
    """News of cell n since unit `at`, which acknowledges what is before it: {"outputs",
    "at", "is_more", "progress"}. Of a plain statement (n < 0), and of its job group, only
    progress."""
    answer = {}
    if n >= 0:
        with tools.capture.lock:
            tools.capture.drain()
            recorder = tools.capture.recorder
            if recorder.n != n:
                return answer
            recorder.acknowledge(at)
            outputs, at, is_more = recorder.news(LIMIT)
            group = kernel.group
        answer = {"outputs": outputs, "at": at, "is_more": is_more}
    context = tools.spark_context()
    if context is not None and group:
        answer["progress"] = progress(context, group)
    return answer


def progress(context, group):
    """Jobs of a group, and stages and tasks of those that run now."""
    tracker = context._jsc.statusTracker()
    text_of = context._jvm.java.util.Arrays.toString

    def numbers(array):  # one call, where a Java array costs one an element
        return [int(word) for word in text_of(array).strip("[]").split(",") if word.strip()]

    jobs = set(numbers(tracker.getJobIdsForGroup(group)))
    running = sorted(jobs.intersection(numbers(tracker.getActiveJobIds())))
    found = dict(jobs=len(jobs), jobs_done=len(jobs) - len(running))
    found.update(stages=0, stages_done=0, tasks=0, tasks_done=0)
    for job in running[:JOBS]:
        info = tracker.getJobInfo(job)
        stages = numbers(info.stageIds()) if info is not None else []
        for stage in sorted(stages)[-STAGES:]:
            info = tracker.getStageInfo(stage)
            if info is None:
                continue
            tasks, done = info.numTasks(), info.numCompletedTasks()
            found["stages"] += 1
            found["stages_done"] += tasks == done
            found["tasks"] += tasks
            found["tasks_done"] += done
    return found


def stop_scala():
    """Interrupt the JVM threads in which the Scala interpreter runs somebody's code: a
    server's cancel ends Spark jobs alone. How many there were."""
    context = tools.spark_context()
    jvm, count = context._jvm, 0
    group = jvm.java.lang.Thread.currentThread().getThreadGroup()
    while group.getParent() is not None:
        group = group.getParent()
    threads = context._gateway.new_array(jvm.java.lang.Thread, THREADS)
    for i in range(group.enumerate(threads)):
        dump = jvm.org.apache.spark.util.Utils.getThreadDumpForThread(threads[i].getId())
        stack = dump.toString()
        if "scala.tools.nsc.interpreter.IMain" in stack and "$line" in stack:
            threads[i].interrupt()
            count += 1
    return count
