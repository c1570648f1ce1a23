"""`archive`: makes the class-data archive, or finds that a good one is there."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Optional

from . import archive, gateway, java, sizes
from .driver_process import DriverProcess, Spec
from .driver_start import StartFailed, find_pyspark

ROOM = 400 * sizes.MB  # what the folder has to have free
TIME_LIMIT = 300.0


class CannotBuild(Exception):
    """The text says why."""


def build_now(folder: Optional[str] = None, quiet: bool = False) -> int:
    """0 when a good archive is there at the end. Prints progress unless `quiet`."""

    def say(text: str) -> None:
        if not quiet:
            print(text, flush=True)

    try:
        return build(folder, say)
    except (CannotBuild, StartFailed, java.JavaMissing) as problem:
        print("No class-data archive: %s" % problem, file=sys.stderr)
        return 1


def build(folder: Optional[str], say) -> int:
    home = find_pyspark()
    found = java.find(dict(os.environ))
    key = archive.key_of(found, home)
    there = archive.find(key) if folder is None else None
    if there:
        say("The class-data archive is there: %s" % there)
        return 0
    folder = folder or os.environ.get(archive.SITE_VARIABLE) or archive.user_folder()
    lock = prepare(folder)
    try:
        target = os.path.join(folder, key)
        if archive.is_trusted(target):
            say("The class-data archive is there: %s" % target)
            return 0
        say("Building the class-data archive of Spark (once, 10 to 30 seconds) …")
        begun = time.monotonic()
        remove_leftovers(folder)
        if not archive.has_base(found):
            dump_base(found, archive.base_of(target))
        size = train(target, found, home, say)
        text = "Built %s (%d MB) in %.0f s."
        say(text % (target, size // sizes.MB, time.monotonic() - begun))
        return 0
    finally:
        os.close(lock)


def prepare(folder: str) -> int:
    """The folder, made if need be, and the lock that lets one builder in at a time."""
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder)
            os.chmod(folder, 0o755)  # nothing secret in it, and a site's is for all
        path = os.path.join(folder, "archive.lock")
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        text = "%s can't be written (%s)." % (folder, problem.strerror)
        raise CannotBuild(text) from None
    fcntl.flock(lock, fcntl.LOCK_EX)
    if shutil.disk_usage(folder).free < ROOM:
        os.close(lock)
        raise CannotBuild("%s has less than %d MB free." % (folder, ROOM // sizes.MB))
    return lock


def remove_leftovers(folder: str) -> None:
    """Half-made ones of builders that were killed (we hold the lock), and old ones."""
    month_ago = time.time() - 30 * 86400
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.endswith(".part"):
            os.unlink(path)
        elif name.endswith(".jsa") and os.stat(path).st_atime < month_ago:
            os.unlink(path)


def dump_base(found: java.Java, base: str) -> None:
    """Java's own classes first, which a JDK has an archive of and a trimmed one not."""
    part = base + ".part"
    command = [found.binary, "-Xshare:dump", "-XX:SharedArchiveFile=" + part]
    run = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    if run.returncode != 0 or not os.path.exists(part):
        raise CannotBuild("Java can't make one: " + (run.stdout + run.stderr)[-300:])
    os.chmod(part, 0o644)
    os.rename(part, base)


def train(target: str, found: java.Java, home: str, say) -> int:
    """Runs the training session; the size of the archive that came out of it."""
    part = target + ".part"
    private = tempfile.mkdtemp(prefix="synapse-kernel-archive-")
    machine = sizes.Machine()
    values = dict(memory="1g", cores=2, small=True, conf={}, jars=[], pyFiles=[])
    values.update(files=[], archives=[], train=part, umask=0o077)
    base = archive.base_of(target)
    values["base"] = base if os.path.exists(base) else None
    spec = Spec(private, sys.executable, {}, **values)
    process = DriverProcess(spec, os.path.join(private, "driver"), machine)
    try:
        process.start()
        deadline = time.monotonic() + TIME_LIMIT
        while not process.ended.wait(5):
            say("  …")
            if time.monotonic() > deadline:
                raise CannotBuild("the training session took too long.")
        if process.failed or not os.path.exists(part):
            last = "\n".join(process.log.all()[-15:])
            raise CannotBuild("the JVM wrote none. Its last words:\n" + last)
        verify(part, values["base"], found, home)
        os.chmod(part, 0o644)
        os.rename(part, target)
        return os.stat(target).st_size
    finally:
        process.end()
        shutil.rmtree(private, ignore_errors=True)
        if os.path.exists(part):
            os.unlink(part)


def verify(part: str, base: Optional[str], found: java.Java, home: str) -> None:
    """Java itself says whether it would take the archive."""
    both = base + ":" + part if base else part
    command = [found.binary, "-Xshare:on", "-XX:SharedArchiveFile=" + both, "-cp"]
    command += [gateway.class_path(home, "", {}), "-version"]
    run = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    if run.returncode != 0:
        raise CannotBuild("Java refuses it: " + (run.stdout + run.stderr).strip()[:300])
