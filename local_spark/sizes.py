"""What fits on this machine: memory and cores for a local session.

Order: the limits of the control group (v1 or v2), the site's share, else a quarter of
the machine's memory and at most 4 GB. Sizes asked for clusters (28g) are cut to that.
"""

import math
import os
import re
from typing import Callable, Optional

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30
DEFAULT_CEILING = 4 * GB
FLOOR = 512 * MB  # Spark refuses to start below 450 MB
SHARE_VARIABLE = "SYNAPSE_KERNEL_LOCAL_MEMORY"
UNITS = {"": 1, "b": 1, "k": KB, "m": MB, "g": GB, "t": GB << 10}


def parse_memory(text: str) -> int:
    """Bytes of a JVM-style size (`512m`, `4g`, `4gb`); ValueError when it is none."""
    match = re.fullmatch(r"\s*(\d+)\s*([bkmgt]?)b?\s*", text.lower())
    if not match or int(match.group(1)) == 0:
        raise ValueError("%r is not a memory size such as 512m or 4g" % text)
    return int(match.group(1)) * UNITS[match.group(2)]


def format_memory(size: int) -> str:
    return "%dg" % (size // GB) if size % GB == 0 else "%dm" % (size // MB)


def read_file(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Machine:
    """The files that say what this process may use; `read` is a test's door."""

    def __init__(
        self,
        read: Callable[[str], str] = read_file,
        cpus: Optional[int] = None,
        share: Optional[str] = None,
    ):
        self.read = read
        self.cpus = cpus or len(os.sched_getaffinity(0))
        self.share = share if share is not None else os.environ.get(SHARE_VARIABLE, "")

    def group_files(self, controller: str, name: str) -> list:
        """Candidate files of one setting, the process's own group and its parents."""
        found = []
        for line in self.read("/proc/self/cgroup").splitlines():
            number, names, path = (line.split(":", 2) + ["", ""])[:3]
            if number == "0" and names == "":
                roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
            elif controller in names.split(","):
                roots = ["/sys/fs/cgroup/" + names, "/sys/fs/cgroup/" + controller]
            else:
                continue
            parts = [part for part in path.split("/") if part]
            for root in roots:
                for depth in range(len(parts), -1, -1):
                    found.append("/".join([root] + parts[:depth] + [name]))
        return found

    def numbers(self, controller: str, name: str) -> list:
        texts = (self.read(path).split() for path in self.group_files(controller, name))
        return [words for words in texts if words]

    def memory_limit(self) -> Optional[int]:
        """Bytes the control group allows, None without a limit worth the name."""
        limits = [
            int(words[0])
            for name in ("memory.max", "memory.limit_in_bytes")
            for words in self.numbers("memory", name)
            if words[0].isdigit()
        ]
        total = self.memory_total()
        limits = [limit for limit in limits if 0 < limit < total]
        return min(limits) if limits else None

    def memory_total(self) -> int:
        return self.meminfo("MemTotal") or 4 * GB

    def memory_available(self) -> int:
        """Bytes that a new process may take now, as far as the kernel can say."""
        free = self.meminfo("MemAvailable")
        limit = self.memory_limit()
        if limit is not None:
            used = [
                int(words[0])
                for name in ("memory.current", "memory.usage_in_bytes")
                for words in self.numbers("memory", name)[:1]
                if words[0].isdigit()
            ]
            free = min(free, limit - max(used, default=0))
        return free

    def meminfo(self, key: str) -> int:
        match = re.search(r"^%s:\s+(\d+) kB" % key, self.read("/proc/meminfo"), re.M)
        return int(match.group(1)) * KB if match else 0

    def cores(self) -> int:
        quotas = [float(self.cpus)]
        for words in self.numbers("cpu", "cpu.max"):
            if len(words) == 2 and words[0].isdigit():
                quotas.append(int(words[0]) / int(words[1]))
        for quota_path in self.group_files("cpu", "cpu.cfs_quota_us"):
            quota = self.read(quota_path).strip()
            period = self.read(quota_path.replace("quota", "period")).strip()
            if quota.isdigit() and period.isdigit() and int(period):
                quotas.append(int(quota) / int(period))
        return max(1, math.ceil(min(quotas)))

    def memory(self) -> int:
        """The heap that fits: see the order at the head of this file."""
        limit = self.memory_limit()
        if self.share:
            try:
                share = parse_memory(self.share)
                return max(FLOOR, min(share, limit or self.memory_total()))
            except ValueError:
                pass
        part = limit // 2 if limit is not None else self.memory_total() // 4
        return max(FLOOR, min(DEFAULT_CEILING, part) // MB * MB)

    def oom_kills(self) -> int:
        """How often the kernel killed in this control group for want of memory."""
        count = 0
        for name in ("memory.events", "memory.oom_control"):
            for path in self.group_files("memory", name)[:1]:
                match = re.search(r"^oom_kill (\d+)", self.read(path), re.M)
                count += int(match.group(1)) if match else 0
        return count


def effective(memory: Optional[str], cores: Optional[int], machine: Machine) -> tuple:
    """(memory, cores) to use: what was asked, cut to what fits.

    A memory text that is no size is passed on: the JVM refuses it, and the session's
    log says why, as on any Livy.
    """
    fits = machine.memory()
    size = fits
    if memory:
        try:
            size = min(max(parse_memory(memory), FLOOR), fits)
        except ValueError:
            return memory, usable_cores(cores, machine)
    return format_memory(size), usable_cores(cores, machine)


def usable_cores(cores: Optional[int], machine: Machine) -> int:
    most = machine.cores()
    return min(cores, most) if cores and cores > 0 else most
