"""ipc, encryption, connection files, ports."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import zmq
from jupyter_client.blocking.client import BlockingKernelClient

from harness import PROGRAM, Client, Kernel, running, wait_gone


def test_ipc(runtime_dir: str):
    with tempfile.TemporaryDirectory(prefix="sk-ipc-", dir="/tmp") as folder:
        with running(transport="ipc", ip=f"{folder}/front") as kernel:
            assert kernel.run("1+1").value == "2"
            kernel.interrupt()
            assert kernel.kc.is_alive()


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_encryption_required(runtime_dir: str, transport: str, tmp_path: Path):
    folder = tempfile.mkdtemp(prefix="sk-ipc-", dir="/tmp")
    options = (
        {} if transport == "tcp" else {"transport": "ipc", "ip": f"{folder}/front"}
    )
    with running(transport_encryption="required", **options) as kernel:
        assert kernel.run("print('secret')").text == "secret\n"
        msg_id = kernel.kc.execute("input('?')", allow_stdin=True)
        kernel.kc.get_stdin_msg(timeout=30)
        kernel.kc.input("x")
        assert kernel.finish(msg_id).value == "'x'"
        kernel.interrupt()
        kernel.kc.hb_channel.unpause()
        time.sleep(1.5)
        assert kernel.kc.hb_channel.is_beating()
        info = kernel.manager.get_connection_info()
        assert info["curve_publickey"]
        assert not speaks_plainly(kernel)
    for path in Path(folder).iterdir():
        path.unlink()
    os.rmdir(folder)


def speaks_plainly(kernel: Kernel) -> bool:
    """Does a subscriber without a key hear anything, or the heartbeat answer it?"""
    heard = False
    for kind, channel in ((zmq.SUB, "iopub"), (zmq.REQ, "hb")):
        plain = zmq.Context.instance().socket(kind)
        plain.linger = 0
        plain.connect(kernel.kc._make_url(channel))
        if kind == zmq.SUB:
            plain.subscribe(b"")
            kernel.run("print('x')")
        else:
            plain.send(b"ping")
        heard = heard or bool(plain.poll(500))
        plain.close()
    return heard


def start(
    connection: Path | str, *words: str, **options
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [PROGRAM, "kernel", *words, "-f", str(connection)],
        capture_output=True,
        text=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
        **options,
    )


def refused(connection: Path | str, *reasons: str) -> None:
    """Exit code 1 and one line on stderr."""
    run = start(connection)
    assert run.returncode == 1
    assert run.stdout == "" and run.stderr.count("\n") == 1, run.stderr
    for reason in reasons:
        assert reason in run.stderr


def ports(count: int) -> list[int]:
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return numbers


def connection(**changes) -> dict:
    names = ("shell_port", "control_port", "stdin_port", "iopub_port", "hb_port")
    found = dict(zip(names, ports(5)))
    return (
        {
            "transport": "tcp",
            "ip": "127.0.0.1",
            "key": "k",
            "signature_scheme": "hmac-sha256",
        }
        | found
        | changes
    )


def test_connection_file_missing(runtime_dir: str, tmp_path: Path):
    refused(tmp_path / "none.json", "none.json", "No such file")


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "empty"),
        ("{", "line 1"),
        ("nonsense", "line 1"),
        ("[]", "not a JSON object"),
        ("{}", "ip"),
        ('{"ip": "127.0.0.1"}', "shell_port"),
        ("\xff", ""),
    ],
)
def test_connection_file_bad(runtime_dir: str, tmp_path: Path, text: str, reason: str):
    path = tmp_path / "c.json"
    path.write_text(text, encoding="latin-1")
    refused(path, str(path), reason)


def test_connection_file_is_a_folder(runtime_dir: str, tmp_path: Path):
    refused(tmp_path)


@pytest.mark.parametrize("name", ["shell_port", "iopub_port", "hb_port"])
def test_port_in_use(runtime_dir: str, tmp_path: Path, name: str):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        path = tmp_path / "c.json"
        path.write_text(json.dumps(connection(**{name: port})))
        refused(path, str(port), "in use")


def test_a_scheme_that_is_not_known(runtime_dir: str, tmp_path: Path):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(connection(signature_scheme="hmac-md5")))
    refused(path, "hmac-md5")


@pytest.mark.parametrize(
    "words, reason",
    [
        ((), "sub-command"),
        (("nonsense",), "nonsense"),
        (("kernel",), "-f"),
        (("kernel", "--frob"), "--frob"),
        (("kernel", "-f"), "-f"),
        (("kernel", "--default-language", "cobol", "-f", "x"), "cobol"),
    ],
)
def test_usage(words: tuple[str, ...], reason: str):
    run = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=20)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1 and reason in run.stderr


def test_version_and_help():
    run = subprocess.run(
        [PROGRAM, "--version"], capture_output=True, text=True, timeout=20
    )
    assert run.returncode == 0 and run.stdout.startswith("synapse-kernel ")
    run = subprocess.run(
        [PROGRAM, "--help"], capture_output=True, text=True, timeout=20
    )
    assert run.returncode == 0
    assert all(word in run.stdout for word in ("kernel -f", "install", "doctor"))


def test_without_a_key(runtime_dir: str, tmp_path: Path):
    """An empty key turns signing off, towards the child too."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps(connection(key="")))
    process = subprocess.Popen(
        [PROGRAM, "kernel", "--python", sys.executable, "-f", path],
        stdin=subprocess.DEVNULL,
    )
    kc = BlockingKernelClient(connection_file=str(path))
    kc.load_connection_file()
    client = Client(kc)
    client.wait_ready()
    assert client.run("1+1").value == "2"
    kc.shutdown()
    assert process.wait(20) == 0
    client.close()
    wait_gone(runtime_dir, 1)
