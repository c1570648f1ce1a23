"""A reader beside a cell: all of its output, once, in order; what is lost comes again."""

import json
import pathlib
import time

REMOTE = pathlib.Path(__file__).resolve().parents[2] / "remote"
SOURCE = REMOTE.joinpath("live.py").read_text("utf-8")
LIMIT = 60  # seconds until a test gives up


def poll(shell, at, n=None):
    arguments = json.dumps({"n": shell.n if n is None else n, "at": at})
    ask = "__synapse_kernel__.ask('live', 'poll', %r)" % arguments
    answer = json.loads(shell.job(ask))
    if "needs" in answer:
        load = "str(__synapse_kernel__.load('live', %r) and 1)" % SOURCE
        assert shell.job(load) == "1"
        return poll(shell, at, n)
    return answer["value"]


def units(outputs):
    return sum(len(o["text"]) if "text" in o else 1 for o in outputs)


def cut(outputs, count):
    """What the kernel does with a result: less what it has shown."""
    rest = []
    for output in outputs:
        if count and "text" in output:
            text, count = output["text"][count:], max(0, count - len(output["text"]))
            if text:
                rest.append(dict(output, text=text))
        elif count:
            count -= 1
        else:
            rest.append(output)
    return rest


def merged(outputs):
    found = []
    for output in outputs:
        if found and "text" in output and found[-1].get("name") == output["name"]:
            found[-1] = dict(found[-1], text=found[-1]["text"] + output["text"])
        else:
            found.append(output)
    return found


class Reader:
    """Reads beside the running cell; some answers are `lost` on their way."""

    def __init__(self, shell):
        self.shell, self.at, self.outputs, self.asked = shell, 0, [], 0

    def read(self, is_lost=False):
        answer = poll(self.shell, self.at)
        self.asked += 1
        if not is_lost and answer:
            self.outputs += answer["outputs"]
            self.at = answer["at"]
        return answer

    def read_until(self, is_enough, is_lost=lambda count: False):
        end = time.monotonic() + LIMIT
        while not is_enough(self):
            assert time.monotonic() < end, self.outputs
            self.read(is_lost(self.asked))

    def text(self, name="stdout"):
        return "".join(o["text"] for o in self.outputs if o.get("name") == name)

    def finish(self):
        """All outputs of the cell: those read beside it, and the rest of its result."""
        outputs = self.shell.finish().outputs
        taken = 0
        if outputs and outputs[0]["output_type"] == "taken":
            taken = outputs.pop(0)["units"]
        self.sent = outputs
        assert units(self.outputs) == self.at >= taken
        return merged(self.outputs + cut(outputs, self.at - taken))


HOLD = """
import pathlib, time
def hold(path=%r):
    while not pathlib.Path(path).exists(): time.sleep(0.01)
"""


def held(gate, text):
    return HOLD % str(gate) + text


def test_text_is_there_while_the_cell_runs(shell, tmp_path):
    gate = tmp_path / "go"
    shell.start(held(gate, "print('one')\nhold()\nprint('two')\n3"))
    reader = Reader(shell)
    reader.read_until(lambda r: r.text() == "one\n")
    gate.touch()
    outputs = reader.finish()
    assert [o.get("text") for o in outputs[:-1]] == ["one\ntwo\n"]
    assert outputs[-1]["data"]["text/plain"] == "3"


def test_what_was_acknowledged_is_not_sent_again(shell, tmp_path):
    gate = tmp_path / "go"
    shell.start(held(gate, "print('x' * 1000)\ndisplay(1)\nhold()\nprint('end')"))
    reader = Reader(shell)
    reader.read_until(lambda r: r.at == 1002)
    reader.read()  # this one acknowledges
    gate.touch()
    outputs = reader.finish()
    assert units(reader.sent) == 4  # "end\n"
    kinds = [o.get("name") or o["output_type"] for o in outputs]
    assert kinds == ["stdout", "display_data", "stdout"]


def test_an_answer_that_is_lost_comes_again(shell, tmp_path):
    gate = tmp_path / "go"
    text = "import sys\nfor i in range(50):\n    print(i); print(i, file=sys.stderr)\nhold()"
    shell.start(held(gate, text))
    reader = Reader(shell)
    count = len("".join("%d\n" % i for i in range(50)))
    reader.read_until(lambda r: r.at == 2 * count, lambda asked: asked % 2 == 0)
    assert reader.text() == reader.text("stderr") == "".join("%d\n" % i for i in range(50))
    names = [o["name"] for o in reader.outputs]
    assert names[:4] == ["stdout", "stderr", "stdout", "stderr"]
    for _ in range(3):
        reader.read(is_lost=True)
    gate.touch()
    assert units(reader.finish()) == 2 * count


def test_a_flood_comes_in_pieces_and_whole(shell, tmp_path):
    gate = tmp_path / "go"
    shell.start(held(gate, "for i in range(300000): print(i)\nhold()"))
    reader = Reader(shell)
    expected = "".join("%d\n" % i for i in range(300000))
    pieces = []

    def is_all(r):
        pieces.append(r.at)
        return r.at >= len(expected)

    reader.read_until(is_all)
    assert max(b - a for a, b in zip(pieces, pieces[1:])) <= 600000
    gate.touch()
    reader.finish()
    assert reader.text() == expected


def test_the_rest_of_a_flood_comes_with_the_result(shell):
    shell.start("for i in range(200000): print(i)")
    reader = Reader(shell)
    reader.read_until(lambda r: r.at > 0)
    outputs = reader.finish()
    assert outputs[0]["text"] == "".join("%d\n" % i for i in range(200000))


def test_child_processes_and_carriage_returns(shell, tmp_path):
    gate = tmp_path / "go"
    text = (
        "import os, sys\nos.system('echo from a child')\n"
        "sys.stderr.write('\\r 10%'); sys.stderr.write('\\r 20%')\nhold()"
    )
    shell.start(held(gate, text))
    reader = Reader(shell)
    reader.read_until(lambda r: r.text("stderr") == "\r 10%\r 20%")
    assert reader.text() == "from a child\n"
    gate.touch()
    shell.finish()


def test_a_large_display_waits_for_the_result_and_keeps_its_place(shell, tmp_path):
    gate = tmp_path / "go"
    text = (
        "print('a')\ndisplay({'text/plain': 'x' * 5000000}, raw=True)\nprint('b')\nhold()"
    )
    shell.start(held(gate, text))
    reader = Reader(shell)
    reader.read_until(lambda r: r.at == 2)
    for _ in range(3):
        reader.read()
    gate.touch()
    outputs = reader.finish()
    assert [len(o.get("text", "")) for o in outputs] == [2, 0, 2]
    assert len(outputs[1]["data"]["text/plain"]) == 5000000


def test_halves_of_a_surrogate_pair_count_as_they_are_shown(shell, tmp_path):
    gate = tmp_path / "go"
    shell.start(held(gate, "print('\\ud83d\\ude00|\\ud800|\\x00|')\nhold()"))
    reader = Reader(shell)
    reader.read_until(lambda r: "\n" in r.text())
    assert reader.text().startswith("\U0001f600|") and reader.at == len(reader.text())
    gate.touch()
    assert units(reader.finish()) == reader.at


def test_another_number_gets_nothing_and_takes_nothing(shell, tmp_path):
    gate = tmp_path / "go"
    shell.start(held(gate, "print('mine')\nhold()"))
    reader = Reader(shell)
    reader.read_until(lambda r: r.text() == "mine\n")
    assert poll(shell, 5, shell.n - 1) == {} == poll(shell, 99, shell.n + 1)
    gate.touch()
    assert reader.finish()[0]["text"] == "mine\n"
    assert poll(shell, 0) == {}
