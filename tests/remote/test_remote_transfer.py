"""remote/transfer.py without Spark: spools, pieces, values, what is refused."""
import ast
import base64
import hashlib
import json
import os
import pathlib

import pytest
from remote_session import parse

SOURCE = pathlib.Path(__file__).resolve().parents[2].joinpath("remote", "transfer.py")


class Driver:
    """The module in a session, called as the kernel does."""

    def __init__(self, session):
        self.session = session

    def text(self, function, args):
        source = json.dumps(SOURCE.read_text("utf-8"))
        return "__synapse_kernel__.load('transfer', %s)" % source if not function else (
            "'transfer', %r, %r" % (function, json.dumps(args)))

    def load(self):
        self.session.post(self.text(None, None))
        return self

    def call(self, function, **args):
        """As a cell: its value, or its error's name and sentence."""
        self.session.n += 1
        code = "# synapse-kernel 0\n__synapse_kernel__.call_cell(%d, 'c', %s)" % (
            self.session.n, self.text(function, args))
        result = parse(self.session.post(code)["text"])[1]
        if result["status"] == "ok":
            return result["value"]
        return result["outputs"][-1]["ename"], result["outputs"][-1]["evalue"]

    def ask(self, function, **args):
        """Beside what runs."""
        return json.loads(
            self.session.job("__synapse_kernel__.ask(%s)" % self.text(function, args)))


@pytest.fixture(scope="module")
def driver(shell):
    return Driver(shell).load()


def test_the_module_is_small_ascii_and_python_3_8():
    text = SOURCE.read_text("utf-8")
    assert text.isascii() and len(text) <= 60000
    ast.parse(text, feature_version=(3, 8))


def test_a_value_is_fetched_in_pieces_and_forgotten(driver):
    driver.session.cell("value = {'key': ['text'] * 100, 'n': 2**70, 'f': float('inf')}")
    told = driver.call("collect", key="k1", name="value", budget=10**6)
    assert (told["kind"], told["what"], told["direct"]) == ("json", "dict of 3", False)
    data = b""
    while len(data) < told["size"]:
        piece = driver.ask("chunk", key="k1", at=len(data), size=500)["value"]
        part = base64.b64decode(piece["data"])
        assert 0 < len(part) <= 500
        assert hashlib.sha256(part).hexdigest() == piece["sha256"]
        data += part
    value = json.loads(data)
    assert value == {"key": ["text"] * 100, "n": 2**70, "f": float("inf")}
    again = driver.ask("chunk", key="k1", at=0, size=500)
    assert "no longer holds" in again["refused"]


def test_a_file_that_can_be_opened_is_written_at_once(driver, tmp_path):
    path = tmp_path / "frame"
    path.touch(0o600)
    driver.session.cell("value = [1, 2]")
    told = driver.call("collect", key="k2", name="value", path=str(path))
    assert told["direct"] and json.loads(path.read_text()) == [1, 2]
    told = driver.call("collect", key="k2", name="value", path=str(tmp_path / "none"))
    assert not told["direct"] and not (tmp_path / "none").exists()
    assert driver.ask("drop", key="k2") == {"value": None}


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("{1: 2}", "is a dict. What can come"),
        ("object()", "is a object. What can come"),
        ("[1, (2,)]", "is a list. What can come"),
        ("__import__('array').array('i', [1])", "is a array"),
    ],
)
def test_what_json_would_change_is_refused(driver, text, sentence):
    driver.session.cell("value = " + text)
    name, said = driver.call("collect", key="k3", name="value")
    assert name == "UsageError" and sentence in said


def test_a_value_over_the_budget_is_refused_before_it_goes(driver):
    driver.session.cell("value = 'x' * 5000")
    name, said = driver.call("collect", key="k4", name="value", budget=1000)
    assert name == "UsageError" and "more than the 1000 B" in said and "--all" in said
    assert "no longer holds" in driver.ask("chunk", key="k4", at=0, size=9)["refused"]


def send(driver, key, data, size=7):
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        answer = driver.ask("receive", key=key, at=at, sha256=hashlib.sha256(piece).hexdigest(),
                            data=base64.b64encode(piece).decode())
        assert answer == {"value": None}


def test_a_value_arrives_in_pieces(driver):
    data = json.dumps({"a": [1, None, "\u00e4"]}).encode()
    send(driver, "k5", data)
    assert driver.call("bind", key="k5", name="mine", kind="json", size=len(data)) is None
    assert driver.session.cell("mine").value() == "{'a': [1, None, 'ä']}"


def test_pieces_that_are_damaged_or_missing_are_told(driver):
    wrong = driver.ask("receive", key="k6", at=0, data="eHl6", sha256="0")
    assert "is not what was sent" in wrong["refused"]
    lost = driver.ask("receive", key="k6", at=9, data="eHl6",
                      sha256=hashlib.sha256(b"xyz").hexdigest())
    assert "is missing" in lost["refused"]
    send(driver, "k6", b"12")
    assert "not all that was sent" in driver.call(
        "bind", key="k6", name="mine", kind="json", size=3)[1]


@pytest.mark.parametrize("name", ["spark", "a b", "1a", "import", ""])
def test_names_that_can_not_be(driver, name):
    assert "can't be the name" in driver.call(
        "bind", key="k7", name=name, kind="json", size=0)[1]


def test_a_file_of_the_kernel_is_read_where_it_lies(driver, tmp_path):
    path = tmp_path / "frame"
    path.write_bytes(b"[1, 2]")
    assert driver.ask("begin", key="k8", path=str(path))["value"]["direct"] is True
    driver.call("bind", key="k8", name="mine", kind="json", size=6, path=str(path))
    assert driver.session.cell("mine").value() == "[1, 2]" and os.path.exists(path)
