"""What is not a message is dropped with a line in the log; what is, is answered."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness import IS_ASAN, Kernel

DELIMITER = b"<IDS|MSG>"


def frames(kernel: Kernel, code: str = "1") -> list[bytes]:
    """A good execute_request, as it goes over the wire."""
    session = kernel.kc.session
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    return session.serialize(session.msg("execute_request", content))


def signed(kernel: Kernel, parts: list[bytes]) -> list[bytes]:
    return [DELIMITER, kernel.kc.session.sign(parts), *parts]


def wrong_signature(kernel: Kernel) -> list[bytes]:
    good = frames(kernel)
    return [good[0], b"0" * 64, *good[2:]]


def no_signature(kernel: Kernel) -> list[bytes]:
    good = frames(kernel)
    return [good[0], b"", *good[2:]]


def changed_content(kernel: Kernel) -> list[bytes]:
    good = frames(kernel)
    return [*good[:5], good[5].replace(b"1", b"2", 1)]


def too_few_frames(kernel: Kernel) -> list[bytes]:
    return frames(kernel)[:4]


def no_delimiter(kernel: Kernel) -> list[bytes]:
    return frames(kernel)[1:]


def empty(kernel: Kernel) -> list[bytes]:
    return [b""]


def broken_header(kernel: Kernel) -> list[bytes]:
    return signed(kernel, [b'{"msg_id": "x", "msg_type"', b"{}", b"{}", b"{}"])


def broken_content(kernel: Kernel) -> list[bytes]:
    return signed(kernel, [*frames(kernel)[2:5], b'{"code": "1"'])


def bad_utf8(kernel: Kernel) -> list[bytes]:
    return signed(kernel, [*frames(kernel)[2:5], b'{"code": "\xff\xfe"}'])


def a_list(kernel: Kernel) -> list[bytes]:
    return signed(kernel, [*frames(kernel)[2:5], b"[]"])


def header_without_type(kernel: Kernel) -> list[bytes]:
    return signed(kernel, [b'{"msg_id": "x"}', b"{}", b"{}", b"{}"])


def deep(kernel: Kernel) -> list[bytes]:
    return signed(kernel, [*frames(kernel)[2:5], b'{"a":' + b"[" * 100000])


@pytest.mark.parametrize("channel", ["shell", "control", "stdin"])
@pytest.mark.parametrize(
    "make",
    [
        wrong_signature,
        no_signature,
        changed_content,
        too_few_frames,
        no_delimiter,
        empty,
        broken_header,
        broken_content,
        bad_utf8,
        a_list,
        header_without_type,
        deep,
    ],
)
def test_dropped(kernel: Kernel, channel: str, make):
    socket = getattr(kernel.kc, f"{channel}_channel").socket
    socket.send_multipart(make(kernel))
    assert kernel.run("1+1").value == "2"
    assert kernel.is_silent("shell", 0.05) and kernel.is_silent("control", 0.05)


def test_a_replay_is_dropped(kernel: Kernel):
    kernel.run("times = 0")
    message = frames(kernel, "times += 1")
    for _ in range(3):
        kernel.kc.shell_channel.socket.send_multipart(message)
    msg_id = json.loads(message[2])["msg_id"]
    assert kernel.finish(msg_id).status == "ok"
    assert kernel.run("times").value == "1"


def test_unknown_types_are_busy_and_idle(kernel: Kernel):
    for channel in ("shell", "control"):
        msg_id = kernel.send(channel, "no_such_request")
        assert [m["content"]["execution_state"] for m in kernel.until_idle(msg_id)] == [
            "busy",
            "idle",
        ]


def test_code_that_is_no_text(kernel: Kernel):
    for code in (None, 5, ["x"], {}):
        msg_id = kernel.send("shell", "execute_request", {"code": code})
        assert kernel.finish(msg_id).content["ename"] == "ProtocolError"
    assert kernel.run("1+1").value == "2"


@pytest.mark.timeout(240)
def test_very_much_code(kernel: Kernel, tmp_path: Path):
    """The body of a magic: for 64 MB IPython takes half a minute even for that, and twice as
    long to look at so much Python. Our part is half a second."""
    path = tmp_path / "body"
    size = (64 if os.environ.get("SYNAPSE_TEST_LONG") else 8) << 20
    code = f"%%writefile {path}\n" + "x" * size
    assert kernel.run(code, timeout=200, silent=True).status == "ok"
    assert path.stat().st_size == size + 1
    assert IS_ASAN or kernel.process.memory_full_info().uss < 30 << 20


def test_text_of_all_kinds(kernel: Kernel):
    for text in ("ä€𝄞", "\u2028\u2029", "\\u0000", "日本語\t", "a\r\nb"):
        assert kernel.run(f"{text!r}").value == repr(text)


def test_input_reply_that_nobody_asked_for(kernel: Kernel):
    kernel.send("stdin", "input_reply", {"value": "x"})
    msg_id = kernel.kc.execute("input('?')", allow_stdin=True)
    kernel.kc.get_stdin_msg(timeout=30)
    kernel.kc.input("right")
    assert kernel.finish(msg_id).value == "'right'"
