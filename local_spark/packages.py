"""Maven packages of a session: fetched before its JVM starts, then on its class path.

Spark's SparkSubmit resolves them (Ivy, the user's ~/.ivy2) in a JVM of its own that
ends with that. In the session's JVM it would add their jars to a class loader below the
class path, where classes of Scala cells can't see them.
"""

import os
import re
import subprocess
import sys
import threading
from typing import Any, Callable, Optional
from urllib.parse import urlsplit

from . import archive, gateway
from .driver_start import StartFailed
from .java import Java

KEY = "spark.jars.packages"
HADOOP = "{hadoop}"  # stands for the version of the Hadoop that is here
FOUND = ("spark.jars", "spark.submit.pyFiles")  # where SparkSubmit leaves them
MEMORY = "512m"
SILENCE = 120.0  # seconds without a word or a byte from any repository
GOODBYE = 2.0
LINES_KEPT = 2000

MIRROR = (
    "or name a repository that %s in the settings below %%synapse start: "
    '{"spark.jars.repositories": "https://…"}.'
)


# -- what is asked for


def with_versions(conf: dict, home: str) -> dict:
    """`conf` with Hadoop's version where a package leaves that open."""
    listed = conf.get(KEY, "")
    if HADOOP not in listed:
        return conf
    version = hadoop_version(os.listdir(os.path.join(home, "jars")))
    if version is None:
        raise StartFailed(
            "Which Hadoop the Spark in %s has can't be told from its jars: name the "
            "packages with their version, as --packages GROUP:ARTIFACT:VERSION." % home
        )
    return dict(conf, **{KEY: listed.replace(HADOOP, version)})


def hadoop_version(jars: list) -> Optional[str]:
    for name in ("hadoop-client-api", "hadoop-common"):
        for jar in jars:
            match = re.fullmatch(name + r"-(\d[\w.]*)\.jar", jar)
            if match:
                return match.group(1)
    return None


def proxy_options(environment: dict) -> list:
    """The proxies of the environment as Java knows them."""
    options = []
    for scheme, port in (("http", 80), ("https", 443)):
        name = scheme + "_proxy"
        address = environment.get(name) or environment.get(name.upper()) or ""
        try:
            parts = urlsplit(address if "://" in address else "//" + address)
            host, port = parts.hostname, parts.port or port
        except ValueError:
            continue  # no address: others ignore it as well
        if host:
            options.append("-D%s.proxyHost=%s" % (scheme, host))
            options.append("-D%s.proxyPort=%d" % (scheme, port))
    without = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if options:
        options.append("-Dhttp.nonProxyHosts=" + "|".join(not_proxied(without)))
    return options


def not_proxied(listed: str) -> list:
    """NO_PROXY's `.example.org` is `*.example.org` here, `example.org` both."""
    patterns = ["localhost", "127.*", "[::1]"]
    for word in re.split(r"[\s,]+", listed):
        name = word.lstrip("*").lstrip(".")
        if word == "*":
            patterns.append("*")
        elif name:
            patterns += [name, "*." + name]
    return patterns


# -- fetching


def fetched(java: Java, home: str, conf: dict, private: str) -> dict:
    """`conf` with the packages' jars in it; StartFailed says why that can't be."""
    said: list = []
    info = os.path.join(private, "packages")
    properties = info + ".properties"
    gateway.write_properties(properties, conf)
    options = gateway.java_options(conf, MEMORY, True, private)
    found = archive.find(archive.key_of(java, home))
    options += archive.options(found) if found else []
    options[1:1] = proxy_options(dict(os.environ))
    path = gateway.class_path(home, "", conf)
    arguments = gateway.jvm_arguments(options, path, properties)
    written = gateway.write_arguments(info + ".arguments", arguments)
    try:
        jvm = gateway.start_jvm(
            [java.binary, written], dict(os.environ), info, stderr=subprocess.PIPE
        )
    except OSError as problem:
        raise StartFailed("Java did not start: %s." % problem) from None
    reader = threading.Thread(target=pass_on, args=(jvm, said), daemon=True)
    reader.start()
    try:
        where = gateway.wait_for_port(jvm, info, Patience(jvm, said).is_over)
        result = conf if where is None else with_jars(conf, where)
    finally:
        end(jvm)
    if where is None:
        reader.join(5)
        raise StartFailed(explanation(conf[KEY], said))
    return result


def end(jvm: subprocess.Popen) -> None:
    """It ends by itself when its input does, once it is up."""
    jvm.stdin.close()
    try:
        jvm.wait(GOODBYE)
    except subprocess.TimeoutExpired:
        jvm.kill()
        jvm.wait()


def pass_on(jvm: subprocess.Popen, said: list) -> None:
    """Its words into the log as they come, and to whom explains them."""
    with jvm.stderr as stream:
        for line in stream:
            text = line.decode("utf-8", "replace")
            sys.__stderr__.write(text)
            sys.__stderr__.flush()
            if len(said) < LINES_KEPT:
                said.append(text)


class Patience:
    """Is over when neither a line nor a byte on disk has come for `SILENCE`."""

    def __init__(self, jvm: subprocess.Popen, said: list):
        self.jvm = jvm
        self.said = said
        self.seen: tuple = ()
        self.since = 0.0

    def is_over(self, now: float) -> bool:
        seen = (len(self.said), written_by(self.jvm.pid))
        if seen != self.seen:
            self.seen, self.since = seen, now
        return now - self.since > SILENCE


def written_by(pid: int) -> str:
    try:
        with open("/proc/%d/io" % pid) as file:
            return next((line for line in file if line.startswith("wchar")), "")
    except OSError:
        return ""


def with_jars(conf: dict, where: tuple) -> dict:
    connected: Any = gateway.connect(*where)
    value_of: Callable = connected.jvm.java.lang.System.getProperty
    values = {key: value_of(key) for key in FOUND}
    connected.shutdown()
    return dict(conf, **{key: value for key, value in values.items() if value})


# -- why it failed


def explanation(asked: str, said: list) -> str:
    """What Ivy's words mean: nobody has the package, or no repository answers."""
    text = "".join(said)
    missing = re.findall(r"unresolved dependency: (\S+?)#(\S+?);(\S+?): ", text)
    names = ", ".join(":".join(name) for name in dict.fromkeys(missing)) or asked
    tried = hosts_in(r"^\s*(https?://\S+)\s*$", text)
    failed = hosts_in(r"Server access error at url (https?://[^\s]+)", text)
    failed |= set(re.findall(r"Host (\S+) not found", text))
    reached = sorted(tried - failed)
    if missing and (reached or not failed):
        where = ", ".join(reached) or "the repositories that were asked"
        return (
            "There is no package %s in %s. Check its group, artifact and version, %s"
            % (names, where, MIRROR % "has it")
        )
    if failed:
        return (
            "The package %s could not be fetched: no repository answers (%s). Check "
            "the network and HTTPS_PROXY, %s"
            % (names, ", ".join(sorted(failed)), MIRROR % "does")
        )
    if "Exception" in text or "Error" in text:
        return "Spark could not fetch %s; what it said is in this log." % names
    return (
        "Nothing came from the repositories of %s for %d s. Check the network and "
        "HTTPS_PROXY, %s" % (names, SILENCE, MIRROR % "answers")
    )


def hosts_in(pattern: str, text: str) -> set:
    return {urlsplit(url).hostname or url for url in re.findall(pattern, text, re.M)}
