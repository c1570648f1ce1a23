"""The class-data archive: Spark's classes, parsed once, mapped by later JVMs.

One file for each Java and each Spark; the key names both, so that a stale or a foreign
one is never opened. The site's folder comes before the user's cache.
"""

import hashlib
import os
from typing import Optional

from . import VERSION
from .java import Java

SITE_VARIABLE = "SYNAPSE_KERNEL_ARCHIVE_DIR"
SITE_FOLDERS = ("/usr/share/synapse-kernel", "/var/cache/synapse-kernel")


def user_folder() -> str:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "synapse-kernel")


def site_folders() -> list:
    named = os.environ.get(SITE_VARIABLE)
    return ([named] if named else []) + list(SITE_FOLDERS)


def key_of(java: Java, spark_home: str) -> str:
    """Names this Java and these jars; any difference makes another archive."""
    digest = hashlib.sha256((VERSION + "\n" + java.key + "\n").encode())
    folder = os.path.join(spark_home, "jars")
    digest.update(os.path.realpath(folder).encode())
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda item: item.name):
            status = entry.stat()
            facts = "%s %d %d\n" % (entry.name, status.st_size, status.st_mtime_ns)
            digest.update(facts.encode())
    return "spark-%s.jsa" % digest.hexdigest()[:24]


def find(key: str) -> Optional[str]:
    for folder in site_folders() + [user_folder()]:
        path = os.path.join(folder, key)
        if is_trusted(path):
            return path
    return None


def is_trusted(path: str) -> bool:
    """A file of ours or of root's, that nobody else can write: the JVM runs it."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    private = not status.st_mode & 0o022
    return status.st_uid in (0, os.getuid()) and private and status.st_size > 0


def base_of(path: str) -> str:
    """Where the archive of Java's own classes is, when Java came without one."""
    return path.removesuffix(".jsa") + "-base.jsa"


def has_base(java: Java) -> bool:
    """Java from PyPI, and other trimmed ones, lack what ours is built upon."""
    library = os.path.join(java.home, "lib", "server")
    return any(
        os.path.exists(os.path.join(library, name))
        for name in ("classes.jsa", "classes_nocoops.jsa")
    )


def options(path: str) -> list:
    base = base_of(path)
    both = base + ":" + path if is_trusted(base) else path
    return ["-XX:SharedArchiveFile=" + both, "-Xshare:auto"]


def training_options(path: str, base: Optional[str] = None) -> list:
    found = ["-XX:SharedArchiveFile=" + base] if base else []
    return found + ["-XX:ArchiveClassesAtExit=" + path]
