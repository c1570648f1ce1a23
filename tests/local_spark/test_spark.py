"""With real Spark: what only a real driver can show. Livy's dialect as a whole is
checked by the conformance suite; here are the parts that are this server's own."""

import base64
import os
import pickle
import signal
import subprocess
import sys
import time

import pytest

from conftest import Client, Lease, Server, private_folders, wait
from local_spark.driver_process import session_members

pytestmark = pytest.mark.timeout(180)

# A Python of the system's has no pyspark.
BARE_PYTHON = os.path.join(sys.base_prefix, "bin", "python3")


def job(client, session, expression):
    """What an expression gives in the driver, beside whatever runs there."""
    text = "lambda ctx:(%s)" % expression
    pickled = b"cbuiltins\neval\n(V" + text.encode("unicode_escape") + b"\ntR."
    body = {"job": base64.b64encode(pickled).decode(), "jobType": "pyspark"}
    status, view = client.post("/sessions/%d/submit-job" % session, body)
    assert (status, view["state"]) == (201, "SENT")
    path = "/sessions/%d/jobs/%d" % (session, view["id"])
    view = wait(
        lambda: client.get(path)[1], lambda v: v["state"] not in ("SENT", "STARTED")
    )
    if view["state"] != "SUCCEEDED":
        return view
    return pickle.loads(base64.b64decode(base64.b64decode(view["result"])))


def post(client, session, code, kind="pyspark"):
    body = {"code": code, "kind": kind}
    return client.post("/sessions/%d/statements" % session, body)[1]["id"]


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_trivial_statement_is_over_in_the_posts_own_reply(spark):
    client, session = spark
    client.text(session, "0")
    over = [
        client.post("/sessions/%d/statements" % session, {"code": "1+1"})[1]["state"]
        for _ in range(10)
    ]
    assert "available" in over  # not all of them on a busy machine


def test_the_session_object_says_what_is_in_effect(spark):
    client, session = spark
    view = client.get("/sessions/%d" % session)[1]
    assert view["driverMemory"].endswith(("g", "m")) and view["driverCores"] >= 1
    assert (view["executorMemory"], view["executorCores"], view["numExecutors"]) == (
        None,
        0,
        0,
    )
    cores = client.text(session, "sc.defaultParallelism")
    assert cores == str(view["driverCores"])


def test_the_users_variables_are_where_livy_keeps_them(spark):
    client, session = spark
    client.text(session, "kept = 42")
    assert job(
        client, session, "__import__('sys').modules['__main__'].global_dict['kept']"
    )
    code = "import pickle\nclass Own: pass\ntype(pickle.loads(pickle.dumps(Own()))).__name__"
    assert client.text(session, code) == "'Own'"


def test_jobs_run_beside_a_statement_and_see_its_output(spark):
    client, session = spark
    code = "import time\nfor i in range(200):\n    print('tick'); time.sleep(0.05)"
    number = post(client, session, code)
    seen = wait(
        lambda: job(client, session, "__import__('sys').stdout.getvalue()"), bool, 10
    )
    assert seen.startswith("tick\n")
    client.post("/sessions/%d/statements/%d/cancel" % (session, number))
    assert client.result(session, number)["state"] == "cancelled"


def test_a_job_that_fails_says_why_and_harms_nothing(spark):
    client, session = spark
    view = job(client, session, "1/0")
    assert view["state"] == "FAILED" and "ZeroDivisionError" in view["error"]
    assert job(client, session, "ctx.spark.range(3).count()") == 3


@pytest.mark.parametrize(
    "code, kind",
    [
        ("while True: pass", "pyspark"),
        ("import time\ntime.sleep(60)", "pyspark"),
        (
            "sc.parallelize(range(8), 8).map(lambda v: __import__('time').sleep(30)).count()",
            "pyspark",
        ),
        ("Thread.sleep(60000)", "spark"),
        ("select count(*) from range(1e12) where id % 7 = 3 and rand() < 0.5", "sql"),
    ],
)
def test_a_cancel_ends_the_statement_and_the_session_goes_on(spark, code, kind):
    client, session = spark
    client.run(session, {"spark": "1", "sql": "select 1"}.get(kind, "1"), kind)
    number = post(client, session, code, kind)
    path = "/sessions/%d/statements/%d" % (session, number)
    wait(lambda: client.get(path)[1]["state"], lambda state: state == "running", 10)
    time.sleep(0.3)
    begun = time.monotonic()
    assert client.post(path + "/cancel") == (200, {"msg": "canceled"})
    assert client.result(session, number)["state"] == "cancelled"
    assert time.monotonic() - begun < 5
    assert client.text(session, "spark.range(5).count()") == "5"


def test_a_late_cancel_interrupts_nothing(spark):
    client, session = spark
    for _ in range(30):
        number = post(client, session, "import time\ntime.sleep(0.02)")
        time.sleep(0.018)
        client.post("/sessions/%d/statements/%d/cancel" % (session, number))
        assert client.text(session, "2+2") == "4"


def test_an_interrupt_while_idle_does_nothing(spark):
    client, session = spark
    expression = (
        "__import__('signal').pthread_kill("
        "__import__('threading').main_thread().ident, __import__('signal').SIGINT)"
    )
    job(client, session, expression)
    assert client.text(session, "1+1") == "2"


def test_an_interrupt_in_a_spark_job_does_not_shift_later_answers(spark):
    client, session = spark
    code = "sc.parallelize(range(4), 4).map(lambda v: __import__('time').sleep(20)).count()"
    number = post(client, session, code)
    time.sleep(0.7)
    expression = (
        "__import__('signal').pthread_kill("
        "__import__('threading').main_thread().ident, __import__('signal').SIGINT)"
    )
    job(client, session, expression)
    assert client.result(session, number)["output"]["ename"] == "KeyboardInterrupt"
    for size in (3, 4, 5):
        assert client.text(session, "spark.range(%d).count()" % size) == str(size)


def test_the_guards_of_standard_streams_are_harmless(spark):
    client, session = spark
    guard = (
        "import os, sys\n"
        "sys.__stdout__.__init__(open(os.dup(1), 'wb'), encoding='utf-8')\n"
        "reader, writer = os.pipe()\n"
        "os.dup2(writer, 1)\n"
        "os.dup2(os.open(os.devnull, os.O_RDONLY), 0)"
    )
    client.text(session, guard)
    for value in range(5):
        client.text(session, "os.system('echo noise')")
        assert client.text(session, "%d" % value) == str(value)


def test_scala_prints_shows_and_makes_data_sets_of_its_own_classes(spark):
    client, session = spark
    assert client.text(session, 'println("hi")', "spark") == "hi\n"
    assert client.text(session, 'System.out.println("hi")', "spark") == "hi\n"
    code = (
        "case class Person(name: String, age: Int)\n"
        'val people = Seq(Person("A", 1), Person("B", 30)).toDS()\n'
        "people.filter(_.age > 18).map(p => p.copy(age = p.age + 1)).show()"
    )
    assert "|   B| 31|" in client.text(session, code, "spark")
    client.run(session, 'people.createOrReplaceTempView("people")', "spark")
    assert client.text(session, "spark.table('people').count()") == "2"
    rows = client.run(session, "select max(age) from people", "sql")["data"]
    assert rows["application/json"]["data"] == [[30]]


def test_text_printed_before_a_scala_error_is_not_its_message(spark):
    client, session = spark
    output = client.run(session, 'println("before"); 1/0', "spark")
    assert output["evalue"] == "java.lang.ArithmeticException: / by zero"


def test_completion_of_python_and_scala(spark):
    client, session = spark
    for kind in ("pyspark", "spark"):
        body = {"code": "spark.re", "kind": kind, "cursor": 8}
        names = client.post("/sessions/%d/completion" % session, body)[1]["candidates"]
        assert {"read", "readStream"} <= set(names)


def test_only_loopback_is_listened_on(spark):
    client, session = spark
    pids = set(session_members(int(client.text(session, "import os\nos.getsid(0)"))))
    inodes = set()
    for pid in pids:
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                target = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in inodes:
                    listening.append(fields[1].split(":")[0])
    loopback = ("0100007F", "0000000000000000FFFF00000100007F", "0" * 24 + "01000000")
    assert listening and set(listening) <= set(loopback)


def test_no_secret_is_on_a_command_line(spark):
    client, session = spark
    for pid in session_members(int(client.text(session, "import os\nos.getsid(0)"))):
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            assert b"secret" not in file.read().lower()


def test_files_jars_and_modules_come_with_a_session(spark_server, tmp_path):
    (tmp_path / "brought.py").write_text("value = 7\n")
    (tmp_path / "data.txt").write_text("hello")
    client = Client(spark_server.path)
    view = client.start(
        pyFiles=[str(tmp_path / "brought.py")], files=[str(tmp_path / "data.txt")]
    )
    session = view["id"]
    assert client.text(session, "import brought; brought.value") == "7"
    code = "from pyspark import SparkFiles\nopen(SparkFiles.get('data.txt')).read()"
    assert client.text(session, code) == "'hello'"
    code = "sc.parallelize([1], 1).map(lambda v: __import__('brought').value).collect()"
    assert client.text(session, code) == "[7]"
    form = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="late.py"\r\n\r\n'
        b"value = 8\r\n--B--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    path = "/sessions/%d/upload-pyfile" % session
    assert client.request("POST", path, form, headers)[0] == 200
    assert client.text(session, "import late; late.value") == "8"
    uri = {"uri": "file://" + str(tmp_path / "data.txt")}
    assert client.post("/sessions/%d/add-file" % session, uri)[0] == 200
    client.delete("/sessions/%d" % session)


def test_a_session_runs_in_its_leases_folder_and_leaves_nothing_there(
    spark_server, tmp_path
):
    (tmp_path / "helper.py").write_text("where = 'beside the notebook'\n")
    (tmp_path / "t.csv").write_text("a\n1\n2\n")
    environment = {"SYNAPSE_TEST": "x", "SPARK_HOME": "/no/such/spark"}
    lease = Lease(spark_server.path, "place", str(tmp_path), environment=environment)
    client = Client(spark_server.path, "place")
    view = client.start(driverMemory="28g", driverCores=64)
    assert view["state"] == "idle", view["log"]
    assert view["driverMemory"] != "28g" and view["driverCores"] <= os.cpu_count()
    session = view["id"]
    assert client.text(session, "import os\nos.getcwd()") == repr(str(tmp_path))
    assert (
        client.text(session, "import helper; helper.where") == "'beside the notebook'"
    )
    assert client.text(session, "os.environ['SYNAPSE_TEST']") == "'x'"
    count = "spark.read.csv('t.csv', header=True).count()"
    assert client.text(session, count) == "2"
    code = "spark.sql('create table kept as select 1 as a using parquet')"
    client.run(session, "spark.range(3).write.saveAsTable('kept')")
    assert client.text(session, "spark.table('kept').count()") == "3", code
    worker = (
        "sc.parallelize([1], 1).map(lambda v: __import__('sys').executable).first()"
    )
    assert client.text(session, worker) == repr(sys.executable)
    client.text(session, "open('mine.txt', 'w').close()")
    left = set(os.listdir(tmp_path)) - {"__pycache__"}
    assert left == {"helper.py", "t.csv", "mine.txt"}
    mask = os.umask(0o022)
    os.umask(mask)
    assert os.stat(tmp_path / "mine.txt").st_mode & 0o777 == 0o666 & ~mask
    members = session_members(int(client.text(session, "os.getsid(0)")))
    assert len(members) >= 2
    assert client.delete("/leases/place")[0] == 200
    lease.drop()
    wait(lambda: [pid for pid in members if is_alive(pid)], lambda pids: not pids, 5)


def test_a_standby_takes_over_in_no_time_and_stop_now_leaves_nothing(
    spark_server, tmp_path
):
    lease = Lease(spark_server.path, "warm", str(tmp_path))
    client = Client(spark_server.path, "warm")
    cold = client.start()
    first = cold["id"]
    assert cold["start"] == "cold"
    assert cold["sparkVersion"] == client.text(first, "sc.version").strip("'")
    pid = int(client.text(first, "import os\nos.getpid()"))
    assert client.delete("/sessions/%d" % first)[0] == 200
    assert not is_alive(pid)
    listed = wait(lambda: client.get("/standby")[1], bool, 10)
    assert (
        listed[0]["folder"] == str(tmp_path) and listed[0]["python"] == sys.executable
    )
    assert 590 <= listed[0]["seconds_left"] <= 600
    listed = wait(lambda: client.get("/standby")[1], lambda found: found[0]["ready"])
    assert listed[0]["memory"] > 200 << 20
    second = client.post("/sessions", {"kind": "pyspark"})[1]
    assert second["state"] == "idle", "it is up in the reply already"
    assert second["start"] == "warm"
    assert client.get("/standby")[1] == []
    assert client.text(second["id"], "spark.range(4).count()") == "4"
    assert "NameError" in client.run(second["id"], "first")["ename"]
    pid = int(client.text(second["id"], "import os\nos.getpid()"))
    assert client.delete("/sessions/%d?standby=false" % second["id"])[0] == 200
    assert client.get("/standby")[1] == [] and not is_alive(pid)
    client.delete("/leases/warm")
    lease.drop()


def test_a_session_that_idled_too_long_leaves_a_warm_driver(spark_server, tmp_path):
    lease = Lease(spark_server.path, "idler", str(tmp_path))
    client = Client(spark_server.path, "idler")
    session = client.start(idleTimeout="1s")["id"]
    wait(lambda: client.get("/sessions/%d" % session)[0], lambda status: status == 404)
    listed = wait(lambda: client.get("/standby")[1], bool, 10)
    assert 590 <= listed[0]["seconds_left"] <= 600
    client.delete("/leases/idler")
    lease.drop()


def test_a_standby_of_another_size_is_not_used(spark_server, tmp_path):
    lease = Lease(spark_server.path, "sizes", str(tmp_path))
    client = Client(spark_server.path, "sizes")
    first = client.start(driverCores=1)["id"]
    client.delete("/sessions/%d" % first)
    wait(lambda: client.get("/standby")[1], bool, 10)
    status, view = client.post(
        "/sessions", {"kind": "pyspark", "conf": {"spark.x": "1"}}
    )
    assert view["state"] == "starting"
    client.delete("/leases/sizes")
    lease.drop()
    assert client.get("/standby")[1] == []


@pytest.mark.parametrize(
    "code, kind, reason",
    [
        ("import os\nos.kill(os.getpid(), 9)", "pyspark", "signal 9 (SIGKILL)"),
        ("import os\nos._exit(3)", "pyspark", "exit code 3"),
        ("System.exit(4)", "spark", "exit code 4"),
        (
            "import os, signal\n"
            "pid = sc._jvm.java.lang.ProcessHandle.current().pid()\n"
            "os.kill(pid, 9)\nimport time\ntime.sleep(20)",
            "pyspark",
            "JVM ended: killed by signal 9 (SIGKILL)",
        ),
    ],
)
def test_a_driver_that_dies_leaves_a_dead_session_with_the_reason(
    spark_server, code, kind, reason
):
    client = Client(spark_server.path)
    session = client.start()["id"]
    members = session_members(int(client.text(session, "import os\nos.getsid(0)")))
    assert len(members) >= 2
    body = {"code": code, "kind": kind}
    client.post("/sessions/%d/statements" % session, body)
    path = "/sessions/%d" % session
    view = wait(lambda: client.get(path)[1], lambda view: view["state"] == "dead", 40)
    assert reason in view["log"][-1], view["log"]
    assert client.post(path + "/statements", {"code": "1"}) == (
        500,
        "java.lang.IllegalStateException: Session is in state dead",
    )
    assert client.get(path + "/statements/0")[0] == 400
    wait(lambda: [pid for pid in members if is_alive(pid)], lambda pids: not pids, 5)
    assert client.delete(path)[0] == 200


def test_a_driver_killed_while_it_starts(spark_server):
    client = Client(spark_server.path)
    before = set(children_of(spark_server.process.pid))
    view = client.post("/sessions", {"kind": "pyspark"})[1]
    path = "/sessions/%d" % view["id"]
    new = wait(lambda: set(children_of(spark_server.process.pid)) - before, bool, 20)
    os.kill(new.pop(), signal.SIGKILL)
    dead = wait(lambda: client.get(path)[1], lambda view: view["state"] == "dead", 10)
    assert "signal 9" in dead["log"][-1]
    client.delete(path)


def children_of(pid):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as file:
                if int(file.read().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(name))
        except OSError:
            pass
    return found


@pytest.mark.parametrize(
    "python, words",
    [
        ("/no/such/python", "/no/such/python can't be run"),
        (BARE_PYTHON, '-m pip install "pyspark==3.5.*"'),
    ],
)
def test_a_python_that_wont_do_is_told_in_a_sentence(
    spark_server, tmp_path, python, words
):
    if python == BARE_PYTHON:
        look = [python, "-c", "import pyspark"]
        if subprocess.run(look, capture_output=True).returncode == 0:
            pytest.skip("the system's Python has pyspark")
    lease = Lease(spark_server.path, "odd", str(tmp_path), python)
    client = Client(spark_server.path, "odd")
    view = client.start()
    assert view["state"] == "dead"
    assert view["log"][:2] == ["stdout: ", "\nstderr: "]
    assert words in view["log"][2] and python in view["log"][2]
    client.delete("/leases/odd")
    lease.drop()


def test_a_wrong_java_is_told_in_a_sentence(spark_server, tmp_path, monkeypatch):
    """The driver sees a machine whose only Java is 8."""
    old = tmp_path / "java8"
    (old / "bin").mkdir(parents=True)
    (old / "bin" / "java").write_text("#!/bin/sh\n")
    (old / "bin" / "java").chmod(0o755)
    (old / "release").write_text('JAVA_VERSION="1.8.0_292"\n')
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'local_spark.gateway':\n"
        "            import local_spark.java as java\n"
        "            java.FOLDERS = ()\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    environment = {
        "JAVA_HOME": str(old),
        "PATH": "/nowhere",
        "PYTHONPATH": str(tmp_path),
    }
    lease = Lease(spark_server.path, "old", str(tmp_path), environment=environment)
    client = Client(spark_server.path, "old")
    view = client.start()
    assert view["state"] == "dead"
    assert "1.8.0_292" in view["log"][2] and "openjdk-17-jre-headless" in view["log"][2]
    client.delete("/leases/old")
    lease.drop()


def test_a_bad_size_ends_dead_with_the_jvms_own_words(spark_server):
    client = Client(spark_server.path)
    view = client.start(driverMemory="28x")
    assert view["state"] == "dead"
    assert any("28x" in line for line in view["log"])
    client.delete("/sessions/%d" % view["id"])


@pytest.mark.parametrize("field", ["idleTimeout", "ttl"])
def test_a_sessions_time_can_be_limited(spark_server, field):
    client = Client(spark_server.path)
    view = client.post("/sessions", {"kind": "pyspark", field: "1s"})[1]
    path = "/sessions/%d" % view["id"]
    wait(lambda: client.get(path)[0], lambda status: status == 404, 30)


def test_a_busy_session_is_not_idle(spark_server):
    client = Client(spark_server.path)
    session = client.start(idleTimeout="1500ms")["id"]
    code = "import time\ntime.sleep(3)\n'still here'"
    assert client.text(session, code) == "'still here'"
    path = "/sessions/%d" % session
    wait(lambda: client.get(path)[0], lambda status: status == 404, 30)


def test_a_session_without_heartbeats_ends(spark_server):
    client = Client(spark_server.path)
    session = client.start(heartbeatTimeoutInSecond=1)["id"]
    time.sleep(3)
    assert client.get("/sessions/%d" % session)[0] == 404


def test_a_stopped_session_can_be_made_again_with_the_same_settings(spark_server):
    client = Client(spark_server.path)
    session = client.start()["id"]
    client.text(session, "spark.stop()")
    code = (
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "spark.sparkContext.master, spark.conf.get('spark.driver.host')"
    )
    assert "127.0.0.1" in client.text(session, code)
    assert client.text(session, "spark.range(6).count()") == "6"
    rows = client.run(session, "select 1", "sql")["data"]["application/json"]["data"]
    assert rows == [[1]]
    assert job(client, session, "ctx.spark.range(2).count()") == 2
    client.delete("/sessions/%d" % session)


def test_a_killed_driver_is_noticed_though_its_children_live(spark_server):
    client = Client(spark_server.path)
    session = client.start()["id"]
    code = (
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    time.sleep(30)\n"
        "    os._exit(0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    client.post("/sessions/%d/statements" % session, {"code": code})
    path = "/sessions/%d/state" % session
    wait(lambda: client.get(path)[1]["state"], lambda state: state == "dead", 10)
    client.delete("/sessions/%d" % session)


def test_the_last_goodbye_is_answered_before_the_server_goes(short_folder):
    server = Server(os.path.join(short_folder, "run"))
    lease = Lease(server.path, "a", short_folder)
    client = Client(server.path, "a")
    session = client.start()["id"]
    pids = session_members(int(client.text(session, "import os\nos.getsid(0)")))
    assert client.delete("/leases/a") == (200, {"msg": "deleted"})
    assert server.process.wait(10) == 0
    assert not [pid for pid in pids if is_alive(pid)]
    assert os.listdir(server.folder) == []
    lease.drop()


def test_a_killed_server_takes_its_drivers_along(short_folder):
    server = Server(os.path.join(short_folder, "run"))
    lease = Lease(server.path, "a", short_folder)
    client = Client(server.path, "a")
    session = client.start()["id"]
    client.text(session, "sc.parallelize([1], 1).map(lambda v: v).count()")
    pids = session_members(int(client.text(session, "import os\nos.getsid(0)")))
    assert len(pids) >= 3
    server.process.kill()
    server.process.wait()
    wait(lambda: [pid for pid in pids if is_alive(pid)], lambda left: not left, 10)
    lease.drop()
    again = Server(os.path.join(short_folder, "run"), "--no-lease-exit")
    again.stop()
    assert not server.private & private_folders()
