"""Packages of Maven: what is asked for, and why it can't be had; one is fetched."""

from types import SimpleNamespace

import pytest

from conftest import Server
from local_spark import packages
from local_spark.driver_start import StartFailed

OUT_OF_REACH = "no repository answers"
ASKED = "org.hamcrest:hamcrest-core:1.3"  # 44 kB, and needs nothing

NOT_FOUND = """\
:: problems summary ::
:::: WARNINGS
\tHost b.example not found. url=https://b.example/g/a/1/a-1.jar

\t\tmodule not found: g#a;1

\t==== local-m2-cache: tried

\t  file:/home/me/.m2/repository/g/a/1/a-1.pom

\t==== central: tried

\t  https://a.example/maven2/g/a/1/a-1.pom

\t==== spark-packages: tried

\t  https://b.example/g/a/1/a-1.pom

\t\t:: g#a;1: not found

Exception in thread "main" java.lang.RuntimeException: [unresolved dependency: g#a;1: \
not found, unresolved dependency: h#c_2.12;2: not found]
"""
REFUSED = (
    """\
\t  https://a.example/maven2/g/a/1/a-1.pom

\t  https://b.example/g/a/1/a-1.pom

:::: ERRORS
\tServer access error at url https://a.example/maven2/g/a/1/a-1.pom (java.net.Connect\
Exception: Connection refused)

\tServer access error at url https://b.example/g/a/1/a-1.pom (java.net.ConnectException\
: Connection refused)

"""
    'Exception in thread "main" java.lang.RuntimeException: [unresolved dependency: '
    "g#a;1: not found]\n"
)


@pytest.mark.parametrize(
    "said, begins, holds",
    [
        (NOT_FOUND, "There is no package g:a:1, h:c_2.12:2 in a.example.", "Check its"),
        (
            REFUSED,
            "The package g:a:1 could not be fetched: no repository answers (a.example, "
            "b.example).",
            "HTTPS_PROXY",
        ),
        ("", "Nothing came from the repositories of x:y:1 for 120 s.", "HTTPS_PROXY"),
        (
            "Error: Could not create the Java Virtual Machine.\n",
            "Spark could not fetch x:y:1; what it said is in this log.",
            "log",
        ),
    ],
)
def test_why_packages_can_not_be_had(said, begins, holds):
    text = packages.explanation("x:y:1", said.splitlines(keepends=True))
    assert text.startswith(begins) and holds in text


@pytest.mark.parametrize(
    "jars, version",
    [
        (["hadoop-client-api-3.3.4.jar", "hadoop-client-runtime-3.3.4.jar"], "3.3.4"),
        (["hadoop-common-2.7.4.jar", "hadoop-shaded-guava-1.1.1.jar"], "2.7.4"),
        (["parquet-hadoop-1.13.1.jar", "hadoop-shaded-guava-1.1.1.jar"], None),
        ([], None),
    ],
)
def test_the_version_of_hadoop_is_that_of_its_jar(jars, version):
    assert packages.hadoop_version(jars) == version


def test_a_version_that_is_left_open_is_filled_in(tmp_path):
    (tmp_path / "jars").mkdir()
    open_one = {packages.KEY: "g:a:{hadoop},g:b:{hadoop},g:c:1", "spark.x": "{hadoop}"}
    with pytest.raises(StartFailed, match="GROUP:ARTIFACT:VERSION"):
        packages.with_versions(open_one, str(tmp_path))
    assert packages.with_versions({"spark.x": "y"}, str(tmp_path)) == {"spark.x": "y"}
    (tmp_path / "jars" / "hadoop-client-api-3.3.4.jar").write_text("")
    filled = packages.with_versions(open_one, str(tmp_path))
    assert filled == {packages.KEY: "g:a:3.3.4,g:b:3.3.4,g:c:1", "spark.x": "{hadoop}"}


@pytest.mark.parametrize(
    "environment, options",
    [
        ({}, []),
        ({"NO_PROXY": "x"}, []),
        ({"HTTPS_PROXY": "http://[bad"}, []),
        (
            {"HTTPS_PROXY": "http://me:hush@p.example:3128/", "no_proxy": ".a.b, c"},
            [
                "-Dhttps.proxyHost=p.example",
                "-Dhttps.proxyPort=3128",
                "-Dhttp.nonProxyHosts=localhost|127.*|[::1]|a.b|*.a.b|c|*.c",
            ],
        ),
        (
            {"http_proxy": "p.example"},
            [
                "-Dhttp.proxyHost=p.example",
                "-Dhttp.proxyPort=80",
                "-Dhttp.nonProxyHosts=localhost|127.*|[::1]",
            ],
        ),
    ],
)
def test_proxies_of_the_environment_are_javas(environment, options):
    assert packages.proxy_options(environment) == options


def test_repositories_that_stay_silent_are_given_up(monkeypatch):
    said, written = [], ["wchar: 1"]
    monkeypatch.setattr(packages, "written_by", lambda pid: written[0])
    patience = packages.Patience(SimpleNamespace(pid=1), said)
    almost = packages.SILENCE - 1
    assert not patience.is_over(1000.0)
    assert not patience.is_over(1000.0 + almost)
    said.append("downloading\n")
    assert not patience.is_over(1000.0 + 2 * almost)
    written[0] = "wchar: 2"
    assert not patience.is_over(1000.0 + 3 * almost)
    assert not patience.is_over(1000.0 + 4 * almost)
    assert patience.is_over(1000.0 + 5 * almost)


# -- with real Spark


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    (folder / "server").mkdir(mode=0o700)
    server = Server(str(folder / "server"), "--no-lease-exit")
    server.conf = {"spark.jars.ivy": str(folder / "ivy")}
    yield server
    server.process.terminate()
    server.process.wait(30)


@pytest.mark.timeout(600)
def test_a_package_is_there_for_python_scala_and_tasks(server):
    client = server.client
    conf = dict(server.conf, **{packages.KEY: ASKED})
    view = client.start(conf=conf, driverMemory="512m")
    log = str(client.get("/sessions/%d/log" % view["id"]))
    if view["state"] != "idle" and OUT_OF_REACH in log:
        pytest.skip("Maven's repositories are out of reach")
    assert view["state"] == "idle", log
    number = view["id"]
    try:
        python = "sc._jvm.org.hamcrest.core.IsNull().matches(None)"
        assert client.text(number, python) == "True"
        scala = "new org.hamcrest.core.IsNull().matches(null)"
        assert "Boolean = true" in client.text(number, scala, "spark")
        task = (
            "sc.parallelize(Seq(1)).map(_ => "
            'Class.forName("org.hamcrest.core.IsNull").getName).first'
        )
        assert "org.hamcrest.core.IsNull" in client.text(number, task, "spark")
        setting = client.text(number, "sc.getConf().get('%s')" % packages.KEY)
        assert setting == repr(ASKED)
    finally:
        client.delete("/sessions/%d?standby=false" % number)


@pytest.mark.timeout(300)
def test_a_package_that_nobody_has_ends_the_start_with_a_sentence(server, tmp_path):
    """The repository is a folder of this machine: no network is needed."""
    settings = tmp_path / "ivysettings.xml"
    settings.write_text(
        '<ivysettings><settings defaultResolver="own"/><resolvers>'
        '<filesystem name="own"><artifact pattern="%s/[module]-[revision].[ext]"/>'
        "</filesystem></resolvers></ivysettings>" % tmp_path
    )
    conf = dict(server.conf, **{packages.KEY: "g.example:none:1"})
    conf["spark.jars.ivySettings"] = str(settings)
    view = server.client.start(conf=conf, driverMemory="512m")
    log = server.client.get("/sessions/%d/log?size=400" % view["id"])[1]["log"]
    assert view["state"] == "dead"
    assert log[log.index("\nstderr: ") + 1].startswith(
        "There is no package g.example:none:1 in the repositories that were asked."
    )
