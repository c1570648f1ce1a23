"""A session with the prologue in it: its cells run as the kernel runs them.

The same tests run on it as on a plain session (fixture `cells`). What a cell shows is
put into the form of Livy's own output, so that the tests can compare; where it is meant
to be different, DIFFERENCES says how and why. The statements and the results are those
of tests/remote.
"""

from __future__ import annotations

import itertools
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from livy_session import RUN_SECONDS, Session
from remote_session import PROLOGUE, call, parse

REMOTE = Path(__file__).resolve().parents[2] / "remote"

# What is shown with the prologue where that is not what a plain statement shows, by the
# code or the claim that is tested, and why. Not compared at all: lines that begin with %
# or ! (Livy has %json, %table, %matplot; the prologue has its own, see tests/remote).
DIFFERENCES: dict[str, tuple[Any, str]] = {
    "if True:\n    7": ("", "a notebook shows the value of a last expression only"),
    "df": (
        "DataFrame[id: bigint, s: string, d: double]\ndisplay(…) shows its rows",
        "Livy shows no table, the prologue tells how one is had",
    ),
    "input()": (
        ("StdinNotImplementedError", None),
        "an EOFError that says why, by the name that IPython gives it",
    ),
    "a frame": ("in inverse(x)", "tracebacks look as IPython's do"),
    "text before an error": ("printed", "Livy gives it to the next statement"),
    "cast(12.50 as decimal(10,2))": ("12.50", "Livy loses the scale"),
    "double('NaN')": ("NaN", "Livy shows NaN as null"),
    "create temporary view": ({"text/plain": ""}, "no columns: nothing is shown"),
    "the name of an error of SQL": (
        ("ParseException", "AnalysisException"),
        "Livy calls them all Error",
    ),
    "statements with a semicolon": ("ok", "Livy takes one at a time"),
}


class PrologueSession(Session):
    """Python goes through `__synapse_kernel__.run`, SQL through `.sql`, as cells 1, 2."""

    def prepare(self) -> None:
        self.numbers = itertools.count(1)
        self.cell_of: dict[int, int] = {}
        for statement in PROLOGUE.split("\f\n"):
            self.post_plain(statement)

    def post_plain(self, code: str) -> None:
        made = super().submit(code, "pyspark")
        done = self.wait_statement(made["id"])
        assert done["output"]["status"] == "ok", done["output"]

    def expected(self, claim: str, plain: Any) -> Any:
        return DIFFERENCES[claim][0] if claim in DIFFERENCES else plain

    def submit(self, code: str, kind: str | None = None) -> dict[str, Any]:
        method = {"spark": None, "sql": "sql"}.get(kind or "pyspark", "run")
        if method is None:
            return super().submit(code, kind)
        n = next(self.numbers)
        statement = super().submit(call(n, code, method), "pyspark")
        self.cell_of[statement["id"]] = n
        return self.told(statement)

    def run(
        self, code: str, kind: str | None = None, seconds: float = RUN_SECONDS
    ) -> dict[str, Any]:
        """As ever; a module that the cell needs first is brought along."""
        output = super().run(code, kind, seconds)
        for _ in REMOTE.glob("*.py"):
            if "needs" not in output:
                break
            name = output["needs"]
            source = (REMOTE / f"{name}.py").read_text("utf-8")
            self.post_plain(f"__synapse_kernel__.load({name!r}, {source!r}) and None")
            output = super().run(code, kind, seconds)
        return output

    def statement(self, number: int) -> dict[str, Any]:
        return self.told(super().statement(number))

    def told(self, statement: dict[str, Any]) -> dict[str, Any]:
        """A statement with its result, if it has one, in the form of Livy's output."""
        output = statement["output"]
        text = ((output or {}).get("data") or {}).get("text/plain", "")
        if statement["id"] not in self.cell_of or "synapse-kernel-result " not in text:
            return statement
        stray, result = parse(text)
        assert not stray, "text beside the result: " + stray
        assert result["n"] == self.cell_of[statement["id"]], "another cell's answer"
        count = output["execution_count"]
        return {**statement, "output": {"execution_count": count, **as_output(result)}}

    def interrupt(self, number: int) -> None:
        code = f"__import__('__synapse_kernel__').interrupt({self.cell_of[number]})"
        assert self.ask(code) == '{"interrupted": true}'

    def rows(self, code: str) -> list[list[str | None]]:
        reader = TableReader()
        reader.feed(self.data(code, "text/html", "sql"))
        return reader.rows


def as_output(result: dict[str, Any]) -> dict[str, Any]:
    """A result of the prologue in the form of Livy's output: text and value merged."""
    if "needs" in result:
        return {"status": "ok", "needs": result["needs"]}
    text, data = "", {}
    for output in result["outputs"]:
        if output["output_type"] == "error":
            lines = [line + "\n" for line in output["traceback"]]
            error = {"ename": output["ename"], "evalue": output["evalue"]}
            return {"status": "error", **error, "traceback": lines, "before": text}
        data.update(output.get("data", {}))
        text += output.get("text") or output.get("data", {}).get("text/plain", "")
    return {"status": "ok", "data": {**data, "text/plain": text.rstrip()}}


class TableReader(HTMLParser):
    """The cells of a table's body; None where null is shown in italics."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str | None]] = []
        self.is_cell = False

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        if tag == "tbody":
            self.rows = []
        elif tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.is_cell = True
            self.rows[-1].append("")
        elif tag == "i" and self.is_cell:
            self.rows[-1][-1] = None

    def handle_endtag(self, tag: str) -> None:
        self.is_cell = self.is_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        if self.is_cell and self.rows[-1][-1] is not None:
            self.rows[-1][-1] += data
