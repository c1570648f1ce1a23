"""`serve` and `archive`: the two commands of this folder."""

import argparse
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import sys
import tempfile
import threading
from typing import Optional


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="local_spark", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer on a Unix socket")
    serve.add_argument("--socket", required=True, help="path of the socket")
    serve.add_argument("--log", help="file for the server's own messages")
    serve.add_argument("--tcp", help="also listen on this port of 127.0.0.1 (tests)")
    serve.add_argument("--token-file", help="where to write the token that --tcp wants")
    serve.add_argument(
        "--no-lease-exit", action="store_true", help="stay without a lease (tests)"
    )
    archive = commands.add_parser("archive", help="build the class-data archive now")
    archive.add_argument("--folder", help="where to, instead of the user's cache")
    return top


def main(arguments: list) -> int:
    options = parser().parse_args(arguments)
    options.umask = os.umask(0o077)
    if options.command == "archive":
        import signal

        from .archive_builder import build_now

        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
        return build_now(options.folder)
    return serve(options)


def fail(text: str) -> int:
    print("local_spark: " + text, file=sys.stderr)
    return 1


def serve(options: argparse.Namespace) -> int:
    path = os.path.abspath(options.socket)
    problem = prepare_folder(os.path.dirname(path))
    if problem:
        return fail(problem)
    if options.tcp and not options.token_file:
        return fail("--tcp needs --token-file")
    lock = take_lock(path + ".lock")
    if lock is None:
        return 0  # one is alive already
    leave_terminal(options.log)
    try:
        code = run(options, path)
        if code == 0 and options.log:
            os.unlink(options.log)  # nothing in it that anybody needs
        return code
    finally:
        os.unlink(path + ".lock")
        os.close(lock)


def prepare_folder(folder: str) -> Optional[str]:
    """Makes the socket's folder, or says why it can't be trusted."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.lstat(folder)
    except OSError as problem:
        return "the folder %s can't be made: %s" % (folder, problem.strerror)
    if not stat.S_ISDIR(status.st_mode):
        return "%s is not a folder" % folder
    if status.st_uid != os.getuid():
        return "the folder %s belongs to somebody else" % folder
    if stat.S_IMODE(status.st_mode) & 0o077:
        return "the folder %s is open to others: chmod 700 it" % folder
    return None


def take_lock(path: str) -> Optional[int]:
    """The lock of the one server of this socket, None when another holds it.

    A server that ends removes the file: one locked meanwhile is no longer the one
    that the name means, and has to be opened again.
    """
    while True:
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return None
        try:
            if os.path.samestat(os.fstat(lock), os.stat(path)):
                return lock
        except FileNotFoundError:
            pass
        os.close(lock)


def leave_terminal(log: Optional[str]) -> None:
    """A process session of our own, and no hold on the starter's streams."""
    try:
        os.setsid()
    except OSError:
        pass  # a session's leader already
    target = os.open(log or os.devnull, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    sys.stdout.flush()
    os.dup2(nothing, 0)
    os.dup2(target, 1)
    os.dup2(target, 2)
    for fd in (nothing, target):
        if fd > 2:
            os.close(fd)


def run(options: argparse.Namespace, path: str) -> int:
    from .registry import Registry
    from .server import LoopbackServer, UnixServer

    try:
        os.unlink(path)  # stale: the lock says that nobody listens
    except FileNotFoundError:
        pass
    private = private_folder(path)
    stay, umask = options.no_lease_exit, options.umask
    registry = Registry(private, stay, write_log, umask)
    registry.state_folder = os.path.dirname(path)
    servers = [UnixServer(path, registry)]
    if options.tcp:
        token = secrets.token_urlsafe(24)
        server = LoopbackServer(("127.0.0.1", int(options.tcp)), registry, token)
        servers.append(server)
        write_token(options.token_file, server.server_address[1], token)
    catch_signals(registry)
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.5,), daemon=True).start()
    try:
        registry.run()
    finally:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        registry.shut_down()
    return 0


def private_folder(path: str) -> str:
    """A folder for the drivers' files; not beside the socket, which may be in memory.

    Its name tells the socket, so that what a killed server left is taken away by the
    next one: whoever holds the socket's lock is the only one.
    """
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    prefix = "synapse-kernel-%d-%s-" % (os.getuid(), digest)
    for entry in os.scandir(tempfile.gettempdir()):
        if entry.name.startswith(prefix) and is_ours(entry):
            shutil.rmtree(entry.path, ignore_errors=True)
    return tempfile.mkdtemp(prefix=prefix)


def is_ours(entry: os.DirEntry) -> bool:
    status = entry.stat(follow_symlinks=False)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()


def write_log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def write_token(path: str, port: int, token: str) -> None:
    """`URL TOKEN` on one line, in a private file that appears complete."""
    temporary = path + ".new"
    with open(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.write("http://127.0.0.1:%d %s\n" % (port, token))
    os.rename(temporary, path)


def catch_signals(registry) -> None:
    """SIGTERM ends the server as its last lease's end would."""
    import signal

    def on_signal(number, frame) -> None:
        registry.ending = True

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
