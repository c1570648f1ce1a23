"""Does a Spark cell behave like a local one? Beside sparkmagic, in one run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from clients import Client, Ours
from endpoint import PlainClient
from report import Row, paired, ratio_row, seconds_row

SLEEP = "import time\ntime.sleep(12)"
LOOP = "import time\nend = time.time() + 12\nwhile time.time() < end:\n    pass"
JOB = ("import time\n"
       "sc.parallelize(range(2), 2).map(lambda number: time.sleep(12)).count()")
LIVE = "import time\nprint('said at', time.time(), flush=True)\ntime.sleep(3)"
FAILING = "print('text before ' + 'the error')\n1 / 0"
PRESS_AFTER_S = 2.0


def print_to_screen(client: Client) -> float:
    """Driver and client share a clock: they are on one machine, or kept in step."""
    ran = client.ok(client.spark(LIVE))
    text = ""
    for when, part in ran.seen:
        text += part
        if "said at" in text and "\n" in text.split("said at")[1]:
            return when - float(text.split("said at")[1].split()[0])
    if "said at" in text:  # without its line's end, as Livy strips it
        return ran.seen[-1][0] - float(text.split("said at")[1].split()[0])
    raise RuntimeError(f"{client.name} showed nothing: {text}")


def live(ours: Client, theirs: Client, repeats: int) -> list[Row]:
    mine, other = paired(repeats, partial(print_to_screen, ours),
                         partial(print_to_screen, theirs))
    return [seconds_row("from print to screen, in a cell of 3 s", mine, other,
                        theirs.name, 0.5)]


def interrupts(ours: Client, theirs: Client, repeats: int) -> list[Row]:
    rows = []
    for client in (ours, theirs):
        client.ok(client.spark("kept = 41"))
    for what, code in (("a sleep", SLEEP), ("a Python loop", LOOP), ("a Spark job", JOB)):
        mine, other = paired(
            repeats,
            lambda: ours.seconds_after_interrupt(code, PRESS_AFTER_S),
            lambda: theirs.seconds_after_interrupt(code, PRESS_AFTER_S),
        )
        rows.append(seconds_row(f"from interrupt to idle: {what} of 12 s", mine, other,
                                theirs.name, 0.5))
    is_kept = ["41" in client.spark("print(kept)").text for client in (ours, theirs)]
    rows.append(said("variables after the interrupts", is_kept, theirs, "there", "lost"))
    return rows


def errors(ours: Client, theirs: Client) -> list[Row]:
    clients = (ours, theirs)
    ran = [client.spark(FAILING) for client in clients]
    is_kept = ["text before the error" in one.text for one in ran]
    for client in clients:
        client.spark("2")  # it may come with what was lost before
    return [
        said("text printed before an error", is_kept, theirs, "kept", "lost"),
        Row("status of a cell that fails", ran[0].status, f"{theirs.name} {ran[1].status}",
            limit="error", is_met=ran[0].status == "error"),
    ]


def said(what: str, truths: list[bool], theirs: Client, yes: str, no: str) -> Row:
    mine, other = (yes if truth else no for truth in truths)
    return Row(what, mine, f"{theirs.name} {other}", limit=yes, is_met=truths[0])


def overhead(ours: Ours, theirs: Client, plain: PlainClient, repeats: int) -> list[Row]:
    """A statement as the kernel posts it beside the bare one, by the same plain client in
    the same session; and whole cells, from request to idle."""
    for _ in range(20):
        ours.ok(ours.spark("1"))
    code = plain.last_code(ours.session)

    def statement(text: str) -> Callable[[], float]:
        return partial(plain.seconds_of, ours.session, text)

    def cell(client: Client) -> float:
        return client.ok(client.spark("1")).seconds

    mine, bare = paired(repeats, statement(code), statement("1"))
    rows = [ratio_row("a trivial statement with prologue and side channel", mine, bare,
                      "the bare statement", 1.2)]
    mine, bare = paired(repeats, partial(cell, ours), statement("1"))
    rows.append(ratio_row("a trivial cell, from request to idle", mine, bare,
                          "the bare statement", None))
    other = [cell(theirs) for _ in range(max(3, repeats // 10))]
    rows.append(ratio_row("the same", mine, other, theirs.name, None))
    return rows
