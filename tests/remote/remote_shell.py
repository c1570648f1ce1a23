"""remote_shell - an interpreter process that behaves as Livy's Python shell does

One JSON line in, one JSON line out, over the process's own fds 0 and 1, whose Python
objects the loop keeps in local variables. Text of a statement is collected in a string
stream that is closed after each statement, the value of the last expression goes through
sys.displayhook, and the two are answered as one `text/plain`. A second channel (a socket
whose fd is the first argument) evaluates expressions in a thread while a statement runs,
as submit-job does. Written from the described behaviour, for tests.
"""

import ast
import io
import json
import os
import socket
import sys
import threading

global_dict = {"__name__": "__main__"}
for hidden in os.environ.get("SHELL_WITHOUT", "").split():
    sys.modules[hidden] = None  # as if it were not installed


class Text(io.StringIO):
    """A Python class, as Livy's own is."""

    def write(self, text):
        return super().write(text)


def run(code):
    for node in ast.parse(code).body:
        is_last = isinstance(node, ast.Expr)
        tree = ast.Interactive([node]) if is_last else ast.Module([node], [])
        exec(compile(tree, "<stdin>", "single" if is_last else "exec"), global_dict)


def answer(code):
    reply = {"status": "ok"}
    try:
        run(code)
    except BaseException as error:
        reply = {"status": "error", "ename": type(error).__name__, "evalue": str(error)}
    text = sys.stdout.getvalue() + sys.stderr.getvalue()
    sys.stdout.close()
    sys.stderr.close()
    sys.stdout, sys.stderr = Text(), Text()
    if reply["status"] == "ok":
        reply["text"] = text.rstrip()
    return reply


def side_channel(channel):
    file = channel.makefile("rw", encoding="utf-8")
    for line in file:
        try:
            result = eval(json.loads(line), dict(global_dict))
        except BaseException as error:
            result = "%s: %s" % (type(error).__name__, error)
        file.write(json.dumps(result) + "\n")
        file.flush()


def main():
    source, target = sys.stdin, sys.stdout
    channel = socket.socket(fileno=int(sys.argv[1]))
    threading.Thread(target=side_channel, args=(channel,), daemon=True).start()
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), Text(), Text()
    while True:
        line = source.readline()
        if not line:
            end = threading.Timer(
                10, os._exit, [1]
            )  # a cell's thread may go on for ever
            end.daemon = True
            end.start()
            return
        answer("")  # Livy sets the job group first, and drops what that prints
        print(json.dumps(answer(json.loads(line))), file=target)
        target.flush()


main()
