"""`make install` takes every Python file that the kernel needs at run time."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_every_python_file_is_installed():
    text = (ROOT / "Makefile.am").read_text()
    installed = set(re.findall(r"\b(?:local_spark|remote|kernel)/\w+\.py", text))
    folders = ("local_spark", "remote", "kernel")
    there = {p.relative_to(ROOT).as_posix() for f in folders for p in (ROOT / f).glob("*.py")}
    assert there == installed
