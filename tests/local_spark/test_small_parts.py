"""The log, the wire, the configuration, the JVM's arguments, uploads, statements."""

import os
import socket
import subprocess
import sys

import pytest

from local_spark import archive, gateway, spark_conf, statements, uploads, wire
from local_spark.driver_process import Spec, describe_exit
from local_spark.java import Java
from local_spark.log_ring import LogRing, page


def test_a_log_has_livys_layout_and_keeps_the_last_lines():
    ring = LogRing(kept=3)
    assert ring.all() == ["stdout: ", "\nstderr: "]
    ring.feed("stdout", b"a\nb")
    ring.feed("stdout", b"c\nd\ne\nf\n")
    ring.feed("stderr", b"\xffx\n")
    assert ring.all() == ["stdout: ", "d", "e", "f", "\nstderr: ", "\ufffdx"]


def test_the_reason_heads_the_log_and_the_end_closes_it():
    ring = LogRing()
    ring.feed("stderr", b"noise\nhalf a line")
    ring.explain("why")
    ring.add("killed")
    assert ring.all() == [
        "stdout: ",
        "\nstderr: ",
        "why",
        "noise",
        "half a line",
        "killed",
    ]


@pytest.mark.parametrize(
    "start, size, expected",
    [
        (0, 2, (0, [0, 1])),
        (-1, 2, (3, [3, 4])),
        (2, -1, (2, [2, 3, 4])),
        (9, 5, (9, [])),
    ],
)
def test_pages_of_a_log(start, size, expected):
    assert page(list(range(5)), start, size) == expected


def test_messages_survive_the_wire():
    ours, theirs = socket.socketpair()
    left, right = wire.Channel(ours), wire.Channel(theirs)
    sent = {"text": "é\ud800\n", "big": "x" * 200000, "nan": [float("nan"), 1.5]}
    assert left.send({"a": 1})
    assert right.receive() == {"a": 1}
    import threading

    threading.Thread(target=left.send, args=(sent,)).start()
    assert right.receive() == dict(sent, nan=[None, 1.5])
    left.close()
    assert right.receive() is None
    assert not left.send({"late": 1})


def conf(asked):
    return spark_conf.properties(asked, "/private", "2g", 3, "/py")


def test_a_session_is_local_loopback_and_private():
    result = conf({"spark.master": "yarn", "spark.driver.host": "0.0.0.0"})
    assert result["spark.master"] == "local[3]"
    assert result["spark.driver.host"] == "127.0.0.1"
    assert result["spark.authenticate"] == "true"
    assert result["spark.local.dir"].startswith("/private/")
    assert result["spark.sql.warehouse.dir"].startswith("/private/")
    assert result["spark.pyspark.python"] == "/py"
    assert result["spark.ui.enabled"] == "false"


def test_a_users_conf_is_text_and_wins_over_defaults():
    result = conf({"spark.ui.enabled": True, "spark.sql.shuffle.partitions": 7})
    assert result["spark.ui.enabled"] == "true"
    assert result["spark.sql.shuffle.partitions"] == "7"


def test_files_of_the_request_become_properties():
    request = {
        "jars": ["/a.jar"],
        "pyFiles": ["b.py", "c.zip"],
        "files": [],
        "archives": [],
    }
    result = spark_conf.with_files({"spark.jars": "/z.jar"}, request)
    assert result == {
        "spark.jars": "/z.jar,/a.jar",
        "spark.submit.pyFiles": "b.py,c.zip",
    }


def test_another_sparks_environment_is_left_out():
    base = {
        "SPARK_HOME": "/other",
        "SPARK_CONF_DIR": "/other/conf",
        "PYSPARK_SUBMIT_ARGS": "--master yarn",
        "PATH": "/bin",
        "LANG": "de_DE.UTF-8",
    }
    result = spark_conf.environment(base, "/py")
    assert "SPARK_HOME" not in result and "PYSPARK_SUBMIT_ARGS" not in result
    assert result["PATH"] == "/bin" and result["LANG"] == "de_DE.UTF-8"
    assert result["PYSPARK_PYTHON"] == result["PYSPARK_DRIVER_PYTHON"] == "/py"
    assert result["SPARK_LOCAL_IP"] == "127.0.0.1"


def test_without_a_utf8_locale_java_gets_one():
    assert spark_conf.environment({"LC_ALL": "C"}, "/py")["LC_CTYPE"] == "C.UTF-8"
    assert "LC_ALL" not in spark_conf.environment({"LC_ALL": "C"}, "/py")


def test_spark_defaults_are_read():
    text = "# c\nspark.a  1 2\nspark.b=x=y\nother 3\n"
    assert spark_conf.parse_defaults(text) == {"spark.a": "1 2", "spark.b": "x=y"}


def test_jars_that_lie_elsewhere_are_fetched_by_spark_and_local_ones_are_not():
    assert not gateway.needs_submit({"spark.jars.packages": "a:b:1"})
    assert gateway.needs_submit({"spark.jars": "hdfs://x/a.jar"})
    assert not gateway.needs_submit({"spark.jars": "/a.jar,file:///b.jar"})
    jars = {"spark.jars": "/a.jar, file:///b.jar,hdfs://x/c.jar"}
    assert gateway.local_jars(jars) == [
        "/a.jar",
        "/b.jar",
    ]


def test_a_users_java_options_come_last():
    asked = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=4 -Da='b c'"}
    options = gateway.java_options(asked, "1g", True, "/private")
    assert options[0] == "-Xmx1g"
    assert "-XX:TieredStopAtLevel=1" in options
    assert options[-2:] == ["-XX:TieredStopAtLevel=4", "-Da=b c"]


def test_the_class_path_starts_with_sparks_jars_in_order(tmp_path):
    jars = tmp_path / "jars"
    jars.mkdir()
    for name in ("b.jar", "a.jar", "readme"):
        (jars / name).write_text("")
    path = gateway.class_path(str(tmp_path), "/classes", {"spark.jars": "/u.jar"})
    assert path == ":".join(
        [str(jars / "a.jar"), str(jars / "b.jar"), "/classes", "/u.jar"]
    )


def test_java_reads_its_arguments_as_they_were_meant(tmp_path):
    path = str(tmp_path / "arguments")
    arguments = ['-Da=b "c"\\d', "-Dempty=", "-Dline=x\ny", "-version"]
    assert gateway.write_arguments(path, arguments) == "@" + path
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path) as file:
        lines = file.read().splitlines()
    assert lines == [
        '"-Da=b \\"c\\"\\\\d"',
        '"-Dempty="',
        '"-Dline=x\\ny"',
        '"-version"',
    ]


def test_properties_files_are_private_and_escaped(tmp_path):
    path = str(tmp_path / "properties")
    gateway.write_properties(path, {"spark.a": "x y:é", "spark.b": "plain"})
    with open(path) as file:
        assert file.read() == "spark.a=x\\u0020y\\u003a\\u00e9\nspark.b=plain\n"
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_an_archive_is_for_one_java_and_one_set_of_jars(tmp_path):
    jars = tmp_path / "jars"
    jars.mkdir()
    (jars / "a.jar").write_text("1")
    first = archive.key_of(Java("/jdk", "17.0.1"), str(tmp_path))
    assert archive.key_of(Java("/jdk", "17.0.1"), str(tmp_path)) == first
    assert archive.key_of(Java("/jdk", "17.0.2"), str(tmp_path)) != first
    (jars / "a.jar").write_text("12")
    assert archive.key_of(Java("/jdk", "17.0.1"), str(tmp_path)) != first


def test_the_sites_archive_comes_first_and_an_open_one_is_not_trusted(
    tmp_path, monkeypatch
):
    site, cache = tmp_path / "site", tmp_path / "cache" / "synapse-kernel"
    site.mkdir()
    cache.mkdir(parents=True)
    monkeypatch.setenv(archive.SITE_VARIABLE, str(site))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert archive.find("k.jsa") is None
    for folder in (site, cache):
        (folder / "k.jsa").write_text("x")
        os.chmod(folder / "k.jsa", 0o644)
    assert archive.find("k.jsa") == str(site / "k.jsa")
    os.chmod(site / "k.jsa", 0o666)
    assert archive.find("k.jsa") == str(cache / "k.jsa")


def test_a_part_of_a_form_is_found():
    body = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="../a.py"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\nx = 1\r\n\r\n--B--\r\n"
    )
    part = uploads.find("multipart/form-data; boundary=B", body, "file")
    assert (part.name, part.data) == ("a.py", b"x = 1\r\n")
    assert uploads.find("multipart/form-data; boundary=B", body, "jar") is None
    assert uploads.find("text/plain", body, "file") is None


def test_an_upload_stays_in_its_folder(tmp_path):
    path = uploads.store(uploads.Part("..", b"x"), str(tmp_path))
    assert os.path.dirname(path) == str(tmp_path / "uploads")


def test_states_of_a_statement():
    statement = statements.Statement(4, "1", "pyspark")
    assert statement.view() == {
        "id": 4,
        "code": "1",
        "state": "waiting",
        "output": None,
        "progress": 0.0,
        "started": 0,
        "completed": 0,
    }
    statement.begin()
    assert statement.state == "running" and statement.started > 0
    statement.finish({"status": "ok", "data": {"text/plain": "1"}})
    assert statement.state == "available" and statement.progress == 1.0
    assert statement.output == {
        "status": "ok",
        "execution_count": 4,
        "data": {"text/plain": "1"},
    }


def test_a_waiting_statement_is_cancelled_at_once():
    statement = statements.Statement(0, "1", "pyspark")
    assert not statement.cancel()
    view = statement.view()
    assert (view["state"], view["progress"], view["output"]) == ("cancelled", 1.0, None)
    assert (view["started"], view["completed"]) == (0, 0)


def test_a_running_statement_is_cancelling_until_the_driver_answers():
    statement = statements.Statement(0, "1", "pyspark")
    statement.begin()
    assert statement.cancel()
    assert not statement.cancel(), "the driver is told once"
    assert statement.state == "cancelling"
    statement.finish({"status": "error", "ename": "E", "evalue": "", "traceback": []})
    assert statement.state == "cancelled"


def test_drivers_are_alike_when_everything_that_matters_is():
    values = {"memory": "1g", "conf": {"a": "1", "b": "2"}}
    other = {"conf": {"b": "2", "a": "1"}, "memory": "1g"}
    assert Spec("/x", "/p", {}, **values).key() == Spec("/x", "/p", {}, **other).key()
    assert Spec("/x", "/p", {}, **values).key() != Spec("/y", "/p", {}, **values).key()


def test_exits_are_described():
    assert describe_exit(3) == "exit code 3"
    assert describe_exit(-9) == "killed by signal 9 (SIGKILL)"


def test_the_folder_runs_as_a_program_and_keeps_its_names_off_the_path():
    folder = os.path.dirname(os.path.abspath(archive.__file__))
    help_text = subprocess.run(
        [sys.executable, folder, "--help"], capture_output=True, text=True, timeout=30
    ).stdout
    assert "serve" in help_text and "archive" in help_text
