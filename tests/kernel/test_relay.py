"""Python cells through the relay: everything that ipykernel does, a front end sees."""

from __future__ import annotations

import signal
import time

import pytest
from jupyter_client.session import Session

from harness import PATIENCE, Kernel, is_idle


def test_a_cell_is_busy_input_output_idle(kernel: Kernel):
    result = kernel.run("print('a'); 6*7")
    assert result.types == [
        "status",
        "execute_input",
        "stream",
        "execute_result",
        "status",
    ]
    assert (result.text, result.value) == ("a\n", "42")
    assert (
        result.content["execution_count"]
        == result.of_type("execute_input")[0]["execution_count"]
    )


def test_counts_go_up_by_one(kernel: Kernel):
    counts = [kernel.run("pass").content["execution_count"] for _ in range(3)]
    assert counts == list(range(counts[0], counts[0] + 3))


def test_silent_and_unstored_cells_do_not_count(kernel: Kernel):
    before = kernel.run("pass").content["execution_count"]
    silent = kernel.run("1+1", silent=True)
    assert silent.types == ["status", "status"]
    unstored = kernel.run("1+1", store_history=False)
    assert unstored.value == "2"
    assert kernel.run("pass").content["execution_count"] == before + 1


def test_user_expressions(kernel: Kernel):
    result = kernel.run("x = 5", user_expressions={"double": "x * 2"})
    assert result.content["user_expressions"]["double"]["data"]["text/plain"] == "10"


@pytest.mark.parametrize("count", [100_000])
def test_a_flood_of_lines_is_complete(kernel: Kernel, count: int):
    result = kernel.run(f"for i in range({count}): print(i)")
    assert result.text == "".join(f"{i}\n" for i in range(count))


def test_a_flood_of_displays_is_complete(kernel: Kernel):
    result = kernel.run("for i in range(3000): display(i)")
    shown = [d["data"]["text/plain"] for d in result.of_type("display_data")]
    assert shown == [str(i) for i in range(3000)]


def test_nothing_is_dropped_while_we_do_not_read(kernel: Kernel):
    """ipykernel's own limit is 1,000 messages."""
    msg_id = kernel.kc.execute(
        "print('running', flush=True)\nfor i in range(4000): display(i)"
    )
    kernel.wait_running(msg_id)
    kernel.process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    kernel.process.send_signal(signal.SIGCONT)
    shown = [
        d["data"]["text/plain"] for d in kernel.finish(msg_id).of_type("display_data")
    ]
    assert shown == [str(i) for i in range(4000)]


def test_stdout_of_child_processes(kernel: Kernel):
    msg_id = kernel.kc.execute("import os; _ = os.system('echo from outside')")
    kernel.reply(msg_id)
    kernel.until_text(
        msg_id, "from outside"
    )  # may come after the idle, as in ipykernel
    kernel.until_idle(msg_id)


def test_display_and_update_display(kernel: Kernel):
    result = kernel.run(
        "from IPython.display import display\n"
        "h = display('one', display_id=True); h.update('two'); h.update('three')"
    )
    ids = {
        d["transient"]["display_id"]
        for d in result.of_type("display_data", "update_display_data")
    }
    texts = [d["data"]["text/plain"] for d in result.of_type("update_display_data")]
    assert len(ids) == 1 and texts == ["'two'", "'three'"]


def test_input(kernel: Kernel):
    msg_id = kernel.kc.execute("name = input('who? ')", allow_stdin=True)
    request = kernel.kc.get_stdin_msg(timeout=PATIENCE)
    assert request["content"] == {"prompt": "who? ", "password": False}
    kernel.kc.input("Ada")
    assert kernel.finish(msg_id).status == "ok"
    assert kernel.run("name").value == "'Ada'"


def test_input_refused_without_stdin(kernel: Kernel):
    assert kernel.run("input()", allow_stdin=False).content["ename"] == (
        "StdinNotImplementedError"
    )


def test_input_goes_to_the_front_end_that_asked(kernel: Kernel):
    other = kernel.another_client()
    other.wait_ready()
    msg_id = other.kc.execute("answer = input('?')", allow_stdin=True)
    assert other.kc.get_stdin_msg(timeout=PATIENCE)["content"]["prompt"] == "?"
    assert kernel.is_silent("stdin", 0.2)
    other.kc.input("b")
    assert other.finish(msg_id).status == "ok"
    other.close()
    assert kernel.run("answer").value == "'b'"


def test_interrupt_during_input(kernel: Kernel):
    msg_id = kernel.kc.execute("input('?')", allow_stdin=True)
    kernel.kc.get_stdin_msg(timeout=PATIENCE)
    kernel.interrupt()
    assert kernel.finish(msg_id).content["ename"] == "KeyboardInterrupt"


@pytest.mark.parametrize(
    "code",
    [
        "print('running', flush=True)\nimport time; time.sleep(60)",
        "print('running', flush=True)\nwhile True: pass",
        "print('running', flush=True)\nimport subprocess\nsubprocess.run(['sleep', '60'])",
    ],
)
def test_interrupt_stops_a_cell(kernel: Kernel, code: str):
    msg_id = kernel.kc.execute(code)
    kernel.wait_running(msg_id)
    began = time.monotonic()
    kernel.interrupt()
    result = kernel.finish(msg_id)
    assert time.monotonic() - began < 2
    assert result.status == "error"
    assert result.content["ename"] in ("KeyboardInterrupt", "CancelledError")
    assert kernel.run("1+1").value == "2"


def test_interrupt_right_after_busy(kernel: Kernel):
    """The signal would come before the child takes it, or between two of its steps."""
    for i in range(60):
        msg_id = kernel.kc.execute("import time; time.sleep(20)")
        while not kernel.seen.get(msg_id):
            kernel.iopub()
        time.sleep(0.0002 * (i % 20))
        kernel.interrupt()
        assert kernel.finish(msg_id, timeout=10).status == "error"
    assert kernel.run("1+1").value == "2"


def test_interrupt_while_idle_does_nothing(kernel: Kernel):
    for _ in range(10):
        kernel.interrupt()
    assert kernel.run("1+1").value == "2"


def test_sigint_is_an_interrupt(kernel: Kernel):
    msg_id = kernel.kc.execute(
        "print('running', flush=True)\nimport time; time.sleep(60)"
    )
    kernel.wait_running(msg_id)
    kernel.process.send_signal(2)
    assert kernel.finish(msg_id, timeout=10).content["ename"] == "KeyboardInterrupt"


def test_an_error_aborts_the_queue(kernel: Kernel):
    first = kernel.kc.execute("import time; time.sleep(0.3); 1/0")
    others = [kernel.kc.execute(f"ran_{i} = 1") for i in range(5)]
    assert kernel.finish(first).content["ename"] == "ZeroDivisionError"
    for msg_id in others:
        result = kernel.finish(msg_id)
        assert result.status == "aborted"
        assert result.types == ["status", "status"]
    assert kernel.run("[n for n in dir() if n.startswith('ran_')]").value == "[]"


def test_what_comes_after_an_error_runs(kernel: Kernel):
    """As soon as the reply was seen, not only after the idle."""
    for i in range(20):
        assert kernel.reply(kernel.kc.execute("1/0"))["content"]["status"] == "error"
        msg_id = kernel.kc.execute(f"{i}")
        assert kernel.finish(msg_id).value == str(i)


def test_without_stop_on_error_the_queue_goes_on(kernel: Kernel):
    first = kernel.kc.execute("import time; time.sleep(0.2); 1/0", stop_on_error=False)
    second = kernel.kc.execute("'went on'")
    assert kernel.finish(first).status == "error"
    assert kernel.finish(second).value == "'went on'"


def test_a_failed_silent_cell_aborts_nothing(kernel: Kernel):
    first = kernel.kc.execute("import time; time.sleep(0.2); 1/0", silent=True)
    second = kernel.kc.execute("'went on'")
    assert kernel.finish(first).status == "error"
    assert kernel.finish(second).value == "'went on'"


def test_cells_run_in_order(kernel: Kernel):
    kernel.run("order = []")
    ids = [kernel.kc.execute(f"order.append({i})") for i in range(50)]
    for msg_id in ids:
        assert kernel.finish(msg_id).status == "ok"
    assert kernel.run("order == list(range(50))").value == "True"


def test_in_and_out(kernel: Kernel):
    first = kernel.run("11 * 11").content["execution_count"]
    assert kernel.run(f"Out[{first}], In[{first}], _").value == "(121, '11 * 11', 121)"


def test_history(kernel: Kernel):
    kernel.run("marker_of_history = 1")
    reply = kernel.ask(
        "shell",
        "history_request",
        {
            "hist_access_type": "search",
            "pattern": "marker_of_*",
            "output": False,
            "raw": True,
            "n": 1,
        },
    ).content
    assert reply["history"][0][2] == "marker_of_history = 1"


def test_completion_while_idle(kernel: Kernel):
    kernel.run("some_long_name = 1")
    reply = kernel.ask(
        "shell", "complete_request", {"code": "some_lo", "cursor_pos": 7}
    )
    assert "some_long_name" in reply.content["matches"]


def test_inspection(kernel: Kernel):
    reply = kernel.ask(
        "shell", "inspect_request", {"code": "zip", "cursor_pos": 3, "detail_level": 0}
    )
    assert reply.content["found"]


def test_comms(kernel: Kernel):
    """Opened by the front end and by the child, as widgets do."""
    kernel.run(
        "from comm import get_comm_manager\n"
        "def on_open(comm, msg):\n"
        "    comm.on_msg(lambda m: comm.send({'echo': m['content']['data']}))\n"
        "get_comm_manager().register_target('echo', on_open)\n"
    )
    opened = kernel.send(
        "shell", "comm_open", {"comm_id": "c1", "target_name": "echo", "data": {}}
    )
    kernel.until_idle(opened)
    msg_id = kernel.send("shell", "comm_msg", {"comm_id": "c1", "data": {"n": 1}})
    answers = [
        m["content"] for m in kernel.until_idle(msg_id) if m["msg_type"] == "comm_msg"
    ]
    assert answers == [{"comm_id": "c1", "data": {"echo": {"n": 1}}}]
    info = kernel.ask("shell", "comm_info_request", {"target_name": "echo"}).content
    assert info["comms"] == {"c1": {"target_name": "echo"}}
    kernel.until_idle(kernel.send("shell", "comm_close", {"comm_id": "c1", "data": {}}))


def test_comm_open_behind_the_cell_that_registers_its_target(kernel: Kernel):
    first = kernel.kc.execute("import time; time.sleep(0.3)")
    second = kernel.kc.execute(
        "from comm import get_comm_manager; got = []\n"
        "get_comm_manager().register_target('late', lambda c, m: got.append('open')"
        " or c.on_msg(lambda m: got.append('msg')))"
    )
    opened = kernel.send(
        "shell", "comm_open", {"comm_id": "c2", "target_name": "late", "data": {}}
    )
    sent = kernel.send("shell", "comm_msg", {"comm_id": "c2", "data": {}})
    for msg_id in (first, second):
        assert kernel.finish(msg_id).status == "ok"
    for msg_id in (opened, sent):
        kernel.until_idle(msg_id)
    assert kernel.run("got").value == "['open', 'msg']"


def test_buffers_pass_both_ways(kernel: Kernel):
    kernel.run(
        "from comm import get_comm_manager\n"
        "def on_open(comm, msg):\n"
        "    comm.on_msg(lambda m: comm.send({}, buffers=[bytes(b)[::-1]"
        " for b in m['buffers']]))\n"
        "get_comm_manager().register_target('buffers', on_open)\n"
    )
    kernel.until_idle(
        kernel.send(
            "shell",
            "comm_open",
            {"comm_id": "c3", "target_name": "buffers", "data": {}},
        )
    )
    session = kernel.kc.session
    message = session.msg("comm_msg", {"comm_id": "c3", "data": {}})
    session.send(kernel.kc.shell_channel.socket, message, buffers=[b"abc\0", b""])
    answers = [
        m
        for m in kernel.until_idle(message["header"]["msg_id"])
        if m["msg_type"] == "comm_msg"
    ]
    assert [bytes(b) for b in answers[0]["buffers"]] == [b"\0cba", b""]


def test_debugger(kernel: Kernel):
    def ask(seq: int, command: str, **arguments):
        content = {
            "type": "request",
            "seq": seq,
            "command": command,
            "arguments": arguments,
        }
        return kernel.ask("control", "debug_request", content)

    assert ask(0, "debugInfo").content["success"]
    started = ask(1, "initialize", clientID="test", adapterID="", pathFormat="path")
    assert started.content["success"]
    assert ask(2, "attach").content["success"]
    dumped = ask(3, "dumpCell", code="a = 1\nb = 2\nprint(a + b)").content
    source = {"path": dumped["body"]["sourcePath"]}
    assert ask(4, "setBreakpoints", source=source, breakpoints=[{"line": 2}]).content[
        "success"
    ]
    assert ask(5, "configurationDone").content["success"]
    msg_id = kernel.kc.execute("a = 1\nb = 2\nprint(a + b)")
    while True:
        message = kernel.iopub()
        if (
            message["msg_type"] == "debug_event"
            and message["content"]["event"] == "stopped"
        ):
            thread = message["content"]["body"]["threadId"]
            break
    assert ask(6, "continue", threadId=thread).content["success"]
    assert kernel.finish(msg_id).text == "3\n"
    assert ask(7, "disconnect", restart=False, terminateDebuggee=False).content[
        "success"
    ]
    assert kernel.run("'after'").value == "'after'"


def test_usage_request(kernel: Kernel):
    content = kernel.ask("control", "usage_request").content
    assert content["pid"] == kernel.child_pid() and content["kernel_memory"] > 0


def test_kernel_info_while_a_cell_runs(kernel: Kernel):
    msg_id = kernel.kc.execute("import time; time.sleep(1)")
    for channel in ("shell", "control"):
        content = kernel.ask(channel, "kernel_info_request").content
        assert content["protocol_version"] == "5.5"
        assert content["implementation"] == "synapse-kernel"
        assert content["language_info"]["name"] == "python"
        assert content["supported_features"] == ["debugger"]
    assert not any(is_idle(m) for m in kernel.seen.get(msg_id, []))
    assert kernel.finish(msg_id).status == "ok"


def test_subshells_are_refused(kernel: Kernel):
    content = kernel.ask("control", "create_subshell_request").content
    assert content["status"] == "error" and content["ename"] == "NotSupportedError"


def test_two_front_ends(kernel: Kernel):
    other = kernel.another_client()
    other.wait_ready()
    ids = [(c, c.kc.execute(f"{n}")) for n in range(10) for c in (kernel, other)]
    for client, msg_id in ids:
        assert client.finish(msg_id).status == "ok"
    other.close()


def test_every_subscriber_is_greeted(kernel: Kernel):
    reader = Session(key=kernel.kc.session.key)
    for topic in ("", "stream", ""):
        socket = kernel.kc.connect_iopub()
        if topic:
            socket.unsubscribe(b"")
            socket.subscribe(topic.encode())
        assert socket.poll(5000), f"no welcome for {topic!r}"
        frames = socket.recv_multipart()
        welcome = reader.deserialize(reader.feed_identities(frames)[1])
        assert welcome["msg_type"] == "iopub_welcome"
        assert welcome["parent_header"] == {}
        socket.close()


def test_heartbeat(kernel: Kernel):
    socket = kernel.kc.context.socket(3)  # REQ
    socket.linger = 0
    socket.connect(kernel.kc._make_url("hb"))
    kernel.kc.execute("sum(range(10**7))")
    for beat in (b"ping", b"", b"x" * 1000):
        socket.send(beat)
        assert socket.poll(2000)
        assert socket.recv() == beat
    socket.close()
    kernel.kc.get_shell_msg(timeout=PATIENCE)
    kernel.run("pass")
