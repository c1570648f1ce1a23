"""What a cell prints, by whatever way, and what it displays."""

import base64
import json
import time

import pytest
from remote_session import call, parse, with_module


def test_print_and_child_processes_keep_their_order(shell):
    cell = shell.cell("""
import os, subprocess, sys
for i in range(20):
    print("print", i)
    os.system("echo system %d" % i)
    subprocess.run(["echo", "run", str(i)])
    os.write(1, b"write %d\\n" % i)
    sys.stdout.buffer.write(b"buffer %d\\n" % i)
""")
    want = "".join(
        "%s %d\n" % (w, i)
        for i in range(20)
        for w in ("print", "system", "run", "write", "buffer")
    )
    assert cell.outputs == [{"output_type": "stream", "name": "stdout", "text": want}]


def test_later_answers_are_right_after_writes_to_fd_1(shell):
    shell.cell(
        "import os, subprocess\nos.system('echo a'); subprocess.run('echo b', shell=True)\n"
        "os.write(1, b'{\"no\": 1}\\n');"
    )
    for i in range(20):
        assert shell.cell("%d + 1" % i).value() == str(i + 1)
        assert shell.post("%d + 2" % i)["text"] == str(i + 2)
    assert shell.post("import os; os.system('echo between')")["text"] == "0"


def test_child_processes_do_not_get_the_servers_pipes(shell):
    cell = shell.cell(
        "import subprocess\nsubprocess.run(['cat'])\n"
        "subprocess.run('ls -l /proc/self/fd', shell=True, capture_output=True).returncode"
    )
    assert cell.value() == "0"
    targets = shell.cell(
        "import os\n[os.readlink('/proc/self/fd/%d' % f) for f in (0, 1, 2)]"
    ).value()
    assert "/dev/null" in targets
    open_fds = shell.cell(
        "print(subprocess.run(['ls', '/proc/self/fd'], capture_output=True, text=True).stdout)"
    )
    assert len(open_fds.text().split()) == 4  # 0 1 2 and that of ls itself


def test_stdout_and_stderr_apart(shell):
    cell = shell.cell(
        "import sys, os\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)\nos.system('echo 4 >&2')\n"
        "print(5, file=sys.stderr)"
    )
    assert cell.kinds() == ["stdout", "stderr", "stdout", "stderr"]
    assert cell.text() == "1\n3\n" and cell.text("stderr") == "2\n4\n5\n"


def test_fd_2_goes_to_the_log_between_cells(fresh):
    fresh.cell("1")
    fresh.post("import os; os.system('echo for the log >&2')")
    cell = fresh.cell("import os; os.system('echo for the cell >&2');")
    assert cell.text("stderr") == "for the cell\n"
    assert "for the log" in fresh.log_text() and "cell" not in fresh.log_text()


def test_a_crash_is_told_in_the_log(fresh):
    fresh.start("import ctypes; ctypes.string_at(0)")
    fresh.process.wait(20)
    assert "Segmentation fault" in fresh.log_text()


def test_c_stdio_is_shown_in_its_cell(shell):
    assert (
        shell.cell("import ctypes\nctypes.CDLL(None).puts(b'from C');").text()
        == "from C\n"
    )


def test_streams_look_like_streams(shell):
    cell = shell.cell(
        "import sys\nsys.stdout.encoding, sys.stdout.isatty(), sys.stdout.fileno(), "
        "sys.stderr.fileno(), sys.stdout.writable(), sys.stdout.flush()"
    )
    assert cell.value() == "('utf-8', False, 1, 2, True, None)"
    assert shell.cell("import sys\nsys.stdout.write(5)").error["ename"] == "TypeError"


def test_logging_set_up_in_one_cell_writes_into_later_ones(fresh):
    fresh.cell(
        "import logging\nlogging.basicConfig(level='INFO', format='%(message)s')"
    )
    assert fresh.cell("logging.info('here')").text("stderr") == "here\n"


def test_redirected_output_is_left_alone(shell):
    cell = shell.cell(
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as f:\n"
        "    print('inner')\nf.getvalue()"
    )
    assert cell.kinds() == ["execute_result"] and cell.value() == r"'inner\n'"


def test_threads_print_into_their_cell_or_the_next(fresh):
    cell = fresh.cell(
        "import threading, time\ndef f():\n    for i in range(4):\n        print('t', i); time.sleep(0.2)\n"
        "t = threading.Thread(target=f); t.start(); time.sleep(0.3)"
    )
    assert cell.text() == "t 0\nt 1\n"
    time.sleep(1)
    cell = fresh.cell("5")
    assert (
        cell.text() == "[printed after the end of cell 1]\nt 2\nt 3\n"
        and cell.value() == "5"
    )
    assert cell.stray == "" and fresh.cell("6").kinds() == ["execute_result"]


def test_a_background_process_prints_into_the_next_cell(fresh):
    fresh.cell(
        "import subprocess\nsubprocess.Popen('sleep 0.3; echo background', shell=True);"
    )
    time.sleep(0.8)
    assert fresh.cell("5").text() == "[printed after the end of cell 1]\nbackground\n"


def test_forked_children_print_and_do_not_hang(shell):
    cell = shell.cell(
        """
import multiprocessing, os, threading
def work():
    print("from the child")
stop = False
def noise():
    while not stop: print(end="")
threads = [threading.Thread(target=noise) for _ in range(2)]
for t in threads: t.start()
processes = [multiprocessing.get_context("fork").Process(target=work) for _ in range(10)]
for p in processes: p.start()
for p in processes: p.join(20)
stop = True
[p.exitcode for p in processes]
""",
        seconds=60,
    )
    assert cell.value() == str([0] * 10)
    assert cell.text().count("from the child") == cell.text().count("\n") == 10


def test_printing_in_a_signal_handler_or_finalizer_does_not_lock_up(shell):
    cell = shell.cell(
        """
import signal, time
count = 0
def tick(*_):
    global count
    count += 1
    print("tick")
old = signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
end = time.time() + 1
while time.time() < end: print("tock")
signal.setitimer(signal.ITIMER_REAL, 0)
count > 50
""",
        seconds=30,
    )
    assert cell.value() == "True" and cell.text().count("tick") > 50


def test_many_small_prints(shell):
    cell = shell.cell("for i in range(100000): print(i)")
    assert cell.text() == "".join("%d\n" % i for i in range(100000))


def test_a_flood_is_bounded_and_the_rest_is_in_a_private_file(fresh):
    cell = fresh.cell(
        "import os\nos.system('yes 0123456 2>/dev/null | head -c 72000000')\nprint('end')",
        seconds=120,
    )
    limit = 64 << 20
    assert len(cell.text()) == limit
    note = cell.text("stderr")
    assert "%d more bytes" % (72000004 - limit) in note
    path = note.split("in ")[1].split(" on the driver")[0]
    check = (
        "import os\nos.stat(%r).st_size, oct(os.stat(%r).st_mode & 0o777), open(%r).read()[-4:]"
        % ((path,) * 3)
    )
    assert fresh.cell(check).value() == str((72000004 - limit, "0o600", "end\n"))
    fresh.close()
    with pytest.raises(FileNotFoundError):
        open(path)
    type(fresh).__init__(fresh)


def test_a_long_result_comes_in_parts(fresh):
    cell = fresh.cell("print('\u00e9\"\\\\' * 1500000)\n7", seconds=60)
    assert cell.text() == 'é"\\' * 1500000 + "\n" and cell.value() == "7"
    n = fresh.n
    first = fresh.start("print('\"' * 9000000)")
    reply = fresh.read()
    assert len(json.dumps(reply["text"])) < 20000000
    head = json.loads(reply["text"].split(" ", 1)[1])
    assert head["n"] == first and head["status"] == "ok" and head["parts"] > 1
    assert "error" in json.loads(
        fresh.post("__synapse_kernel__.part(%d, 1)" % n)["text"].split(" ", 1)[1]
    )
    last = fresh.post("__synapse_kernel__.part(%d, %d)" % (first, head["parts"] - 1))
    assert "part" in json.loads(last["text"].split(" ", 1)[1])
    last = fresh.post("__synapse_kernel__.part(%d, %d)" % (first, head["parts"]))
    assert "error" in json.loads(last["text"].split(" ", 1)[1])


def keep(session, text, room=1000):
    """Post a statement in pieces, as livy_client/statement_carry.c does."""
    data = text.encode()
    pieces = [data[i : i + room] for i in range(0, len(data), room)]
    for i, piece in enumerate(pieces):
        coded = base64.b64encode(piece).decode()
        code = '# synapse-kernel 1\n__synapse_kernel__.keep("key", %d, "%s")' % (i, coded)
        assert session.post(code) == {"status": "ok", "text": ""}
    session.send('# synapse-kernel key\n__synapse_kernel__.kept("key", %d)' % len(pieces))


def test_code_that_comes_in_pieces(fresh):
    cell = "text = %r\ndef f():\n    return 1 / 0\nlen(text)" % ("\u00e9\u20ac\n" * 5000)
    fresh.n += 1
    fresh.posted = call(fresh.n, cell)
    keep(fresh, fresh.posted)
    assert fresh.finish().value() == "15000"
    error = fresh.cell("f()")
    assert "ZeroDivisionError" in error.trace() and "return 1 / 0" in error.trace()
    fresh.n += 1
    fresh.posted = call(fresh.n, "import time\nprint(%r[:1])\n1 / 0" % ("x" * 3000))
    keep(fresh, fresh.posted)
    failed = fresh.finish()
    assert failed.text() == "x\n" and failed.error["ename"] == "ZeroDivisionError"
    assert "kept" not in failed.trace() and "<string>" not in failed.trace()


def test_pieces_of_code_that_bring_a_module(fresh):
    fresh.n += 1
    fresh.posted = call(fresh.n, "%%matplotlib inline\nx = %r\nlen(x)" % ("y" * 5000))
    fresh.posted = fresh.posted.replace("%%", "%")
    keep(fresh, fresh.posted)
    stray, result = parse(fresh.read()["text"])
    assert stray == "" and result["needs"] == "lines"
    keep(fresh, with_module(fresh.posted, "lines"))
    stray, result = parse(fresh.read()["text"])
    assert result.get("needs") == "look"


# ---- displays ----------------------------------------------------------------------------


def test_display_keeps_its_place_between_prints(shell):
    cell = shell.cell("print(1)\ndisplay(2, 'x')\nprint(3)\n4")
    assert cell.kinds() == [
        "stdout",
        "display_data",
        "display_data",
        "stdout",
        "execute_result",
    ]
    assert cell.outputs[1] == {
        "output_type": "display_data",
        "data": {"text/plain": "2"},
        "metadata": {},
        "transient": {},
    }


def test_rich_representations(shell):
    cell = shell.cell("""
class A:
    def _repr_html_(self): return "<b>a</b>"
    def _repr_png_(self): return b"\\x89PNG"
    def _repr_json_(self): return {"n": float("nan"), "s": {1, }, (1, 2): b"x"}
    def _repr_markdown_(self): return "*a*", {"m": 1}
    def _repr_latex_(self): return None
    def _repr_svg_(self): raise ValueError("no picture")
    def __repr__(self): return "plain"
A()
""")
    data = cell.data()[0]
    assert data == {
        "text/html": "<b>a</b>",
        "image/png": base64.b64encode(b"\x89PNG").decode(),
        "application/json": {"n": None, "s": "{1}", "(1, 2)": "eA=="},
        "text/markdown": "*a*",
        "text/plain": "plain",
    }
    assert cell.outputs[-1]["metadata"] == {"text/markdown": {"m": 1}}
    assert "no picture" in cell.text("stderr") and cell.status == "ok"
    assert shell.cell("A").data()[0].keys() == {"text/plain"}
    cell = shell.cell(
        "class B:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/x': 'x'}, {'k': 2}\nB()"
    )
    assert cell.data()[0]["text/x"] == "x" and "text/plain" in cell.data()[0]


def test_display_id_update_and_clear(shell):
    cell = shell.cell(
        "h = display(1, display_id=True)\nh.update(2)\ndisplay({'a/b': 'c'}, raw=True)\n"
        "display(clear=True)"
    )
    assert cell.kinds() == [
        "display_data",
        "update_display_data",
        "display_data",
        "clear_output",
    ]
    assert cell.outputs[0]["transient"] == cell.outputs[1]["transient"] != {}
    assert cell.outputs[2]["data"] == {"a/b": "c"}
    assert cell.outputs[3] == {"output_type": "clear_output", "wait": True}


def test_display_of_ipython_is_ours(fresh):
    cell = fresh.cell(
        "from IPython.display import display, HTML, Image\nimport IPython.display as D\n"
        "D.clear_output(wait=True)\ndisplay(HTML('<i>h</i>'))\nD.display(Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + b'0' * 40))\n"
        "HTML('<b>')"
    )
    assert cell.outputs[0] == {"output_type": "clear_output", "wait": True}
    assert [list(d) for d in cell.data("display_data")] == [
        ["text/html", "text/plain"],
        ["image/png", "text/plain"],
    ]
    assert cell.data()[0]["text/html"] == "<b>"


def test_pandas(shell):
    pytest.importorskip("pandas")
    data = shell.cell("import pandas as pd\npd.DataFrame({'a': [1, None]})").data()[0]
    assert "<table" in data["text/html"] and "NaN" in data["text/plain"]
    assert shell.cell("pd.Series([1])").data()[0].keys() == {"text/plain"}


def test_figures_show_at_show_and_at_the_end_once(fresh):
    pytest.importorskip("matplotlib")
    cell = fresh.cell(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint('x')\n"
        "plt.plot([2]);"
    )
    assert (
        cell.kinds() == ["display_data", "stdout", "display_data"]
        and cell.text("stderr") == ""
    )
    assert base64.b64decode(cell.data("display_data")[0]["image/png"])[:4] == b"\x89PNG"
    assert fresh.cell("1").kinds() == ["execute_result"]
    assert fresh.cell("fig, ax = plt.subplots()\nfig").kinds() == ["execute_result"]
    assert fresh.cell("plt.plot([1])\n1/0").kinds() == ["display_data", "error"]
    assert (
        fresh.cell(
            "import os, matplotlib\nos.environ['MPLBACKEND'], matplotlib.get_backend().lower()"
        ).value()
        == "('agg', 'agg')"
    )


def test_a_display_over_the_limit_is_left_out_with_a_note(fresh):
    cell = fresh.cell("display({'text/html': 'x' * (65 << 20)}, raw=True)", seconds=60)
    assert "left out" in cell.data("display_data")[0]["text/plain"]


def test_long_containers_wrap(shell):
    assert (
        shell.cell("[1, 'a', None, {'k': (1, 2.5)}]").value()
        == "[1, 'a', None, {'k': (1, 2.5)}]"
    )
    if shell.cell("import IPython").status == "ok":
        assert "\n" in shell.cell("list(range(100, 140))").value()
    assert shell.cell("class P:\n    pass\nP()").value().startswith("<__main__.P")
