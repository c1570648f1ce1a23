import pytest

from local_spark import sizes
from local_spark.sizes import GB, MB, Machine, effective, format_memory, parse_memory

MEMINFO = "MemTotal:       32768000 kB\nMemAvailable:   16384000 kB\n"


def machine(files=None, cpus=8, share=""):
    table = {"/proc/meminfo": MEMINFO, **(files or {})}
    return Machine(lambda path: table.get(path, ""), cpus, share)


@pytest.mark.parametrize(
    "text, size",
    [("512m", 512 * MB), ("4g", 4 * GB), ("4GB", 4 * GB), (" 1024k ", MB), ("7", 7)],
)
def test_memory_sizes_are_read_as_the_jvm_reads_them(text, size):
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["28x", "", "g", "-1g", "0g", "1.5g", "1 g g"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError):
        parse_memory(text)


def test_sizes_are_written_in_whole_units():
    assert format_memory(4 * GB) == "4g"
    assert format_memory(1536 * MB) == "1536m"


def test_without_limits_a_quarter_of_the_machine_fits_and_at_most_4_gb():
    assert machine().memory() == 4 * GB
    small = machine({"/proc/meminfo": "MemTotal: 8388608 kB\n"})
    assert small.memory() == 2 * GB


def test_a_v2_control_group_limits_memory_and_cores():
    files = {
        "/proc/self/cgroup": "0::/user/me\n",
        "/sys/fs/cgroup/user/me/memory.max": "max\n",
        "/sys/fs/cgroup/user/memory.max": str(3 * GB),
        "/sys/fs/cgroup/user/me/cpu.max": "150000 100000\n",
    }
    assert machine(files).memory() == 1536 * MB
    assert machine(files).cores() == 2


def test_a_v1_control_group_limits_memory_and_cores():
    files = {
        "/proc/self/cgroup": "4:memory:/box\n1:cpu,cpuacct:/box\n",
        "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": str(2 * GB),
        "/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "300000",
        "/sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000",
    }
    assert machine(files).memory() == GB
    assert machine(files).cores() == 3


def test_a_v1_group_without_limit_says_a_huge_number_that_means_none():
    files = {
        "/proc/self/cgroup": "4:memory:/\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
    }
    assert machine(files).memory_limit() is None
    assert machine(files).cores() == 8


def test_the_site_may_give_more_than_the_default():
    assert machine(share="16g").memory() == 16 * GB
    assert machine(share="nonsense").memory() == 4 * GB


def test_what_is_asked_is_cut_to_what_fits():
    assert effective("28g", 4, machine(cpus=2)) == ("4g", 2)
    assert effective("1g", 1, machine()) == ("1g", 1)
    assert effective(None, None, machine(cpus=3)) == ("4g", 3)


def test_less_than_spark_can_start_with_is_raised():
    assert effective("100m", 1, machine())[0] == "512m"


def test_a_bad_size_is_passed_on_so_that_the_log_can_say_why():
    assert effective("28x", None, machine(cpus=2)) == ("28x", 2)


def test_kills_for_want_of_memory_are_counted():
    files = {
        "/proc/self/cgroup": "0::/me\n",
        "/sys/fs/cgroup/me/memory.events": "low 0\noom 3\noom_kill 2\n",
    }
    assert machine(files).oom_kills() == 2
    assert machine().oom_kills() == 0


def test_available_memory_respects_the_limit():
    files = {
        "/proc/self/cgroup": "0::/me\n",
        "/sys/fs/cgroup/me/memory.max": str(4 * GB),
        "/sys/fs/cgroup/me/memory.current": str(3 * GB),
    }
    assert machine(files).memory_available() == GB
    assert machine().memory_available() == 16384000 * 1024


def test_this_very_machine_has_an_answer():
    real = sizes.Machine()
    assert real.memory() >= sizes.FLOOR
    assert real.cores() >= 1
