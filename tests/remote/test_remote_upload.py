"""remote/upload.py without Spark: where a file goes, pieces, what is refused."""
import ast
import base64
import hashlib
import json
import os
import pathlib

import pytest
from remote_session import parse

SOURCE = pathlib.Path(__file__).resolve().parents[2].joinpath("remote", "upload.py")


class Driver:
    """The module in a session whose folder is `folder`."""

    def __init__(self, session, folder):
        self.session, self.folder = session, folder
        session.post(
            "__synapse_kernel__.load('upload', %s)" % json.dumps(SOURCE.read_text("utf-8"))
        )
        session.cell("import os\nos.chdir(%r)" % str(folder))

    def call(self, function, **args):
        """As a cell: its value, or the sentence of its error."""
        self.session.n += 1
        code = "# synapse-kernel 0\n__synapse_kernel__.call_cell(%d, 'c', 'upload', %r, %r)"
        posted = code % (self.session.n, function, json.dumps(dict(args, key="k")))
        result = parse(self.session.post(posted)["text"])[1]
        if result["status"] == "ok":
            return result["value"]
        return "refused: " + result["outputs"][-1]["evalue"]

    def begin(self, name, path="/nowhere", file="", size=3, py=False):
        return self.call("begin", name=name, path=path, file=file, size=size, py=py)

    def piece(self, data, at=0, sha256=None):
        sha256 = sha256 or hashlib.sha256(data).hexdigest()
        data = base64.b64encode(data).decode()
        return self.call("piece", at=at, data=data, sha256=sha256)


@pytest.fixture
def driver(shell, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return Driver(shell, folder)


def names(driver):
    return sorted(os.listdir(driver.folder))


def identity(path):
    about = os.stat(path)
    return "%d:%d:%d:%d" % (
        about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)


def test_the_module_is_ascii_and_python_3_8():
    text = SOURCE.read_text("utf-8")
    assert text.isascii()
    ast.parse(text, feature_version=(3, 8))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/tmp/x", "..", "", "out/x"])
def test_nothing_is_written_outside_of_the_folder(driver, name):
    (driver.folder / "out").symlink_to(driver.folder.parent)
    assert "no name within the session's working folder" in driver.begin(name)
    assert names(driver) == ["out"]


def test_a_folder_in_the_way_and_what_python_can_not_import(driver):
    (driver.folder / "there").mkdir()
    assert "is a folder" in driver.begin("there")
    assert "--py takes a module" in driver.begin("x.csv", py=True)
    assert "there is room for" in driver.begin("x", size=1 << 60)
    assert names(driver) == ["there"]


def test_pieces_become_a_file_when_all_is_there(driver):
    (driver.folder / "x.txt").write_text("old")
    assert driver.begin("x.txt", size=6) is False
    for _ in range(2):  # a piece that comes again
        assert driver.piece(b"abc") is None
    assert driver.piece(b"def", 3) is None
    assert (driver.folder / "x.txt").read_text() == "old"
    assert "open('x.txt')" in driver.call("finish", name="x.txt", size=6, py=False)
    assert (driver.folder / "x.txt").read_text() == "abcdef"
    assert names(driver) == ["x.txt"]


def test_damaged_missing_and_dropped_pieces_leave_nothing(driver):
    driver.begin("x.txt")
    assert "not what was sent" in driver.piece(b"abc", sha256="0")
    assert "not all that was sent" in driver.call("finish", name="x.txt", size=3, py=False)
    driver.begin("x.txt")
    driver.piece(b"abc")
    driver.call("drop")
    assert names(driver) == []


def test_a_file_of_this_machine_is_copied_at_once(driver, tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("abc")
    assert driver.begin("x.txt", str(source), identity(source)) is True
    assert "in the session now" in driver.call("finish", name="x.txt", size=3, py=False)
    assert (driver.folder / "x.txt").read_text() == "abc"
    other = identity(source).replace(":3:", ":4:")
    assert driver.begin("y.txt", str(source), other) is False
    driver.call("drop")


def test_the_file_itself_stays(driver):
    path = driver.folder / "mine_of_upload.py"
    path.write_text("x = 5")
    assert driver.begin(path.name, str(path), identity(path), py=True) is True
    told = driver.call("finish", name=path.name, size=5, py=True)
    assert "already" in told and "can be imported" in told
    cell = driver.session.cell("import sys\nsys.modules.pop('mine_of_upload', 0)\n"
                               "import mine_of_upload\nmine_of_upload.x")
    assert cell.value() == "5"
