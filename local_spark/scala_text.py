"""Scala source, cut into the pieces that are given to the REPL one after another. Pure.

A piece is as long as possible, since each costs a compilation. Definitions of classes
are pieces of their own: Spark makes instances of a cell's class through the object of
its piece, which has to be complete by then.
"""

import re
from typing import Iterator

MAGIC = re.compile(r"^%(\w+)\W*(.*)")
DEFINITION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))?\s+)*"
    r"(?:(?:private|protected|sealed|abstract|final|implicit|case)\s+)*"
    r"(?:class|trait|object)\b"
)
CONTINUED = re.compile(r"^(?:[.})\]|{]|(?:extends|with|else|catch|finally|yield)\b)")
TOKENS = re.compile(
    r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*|/\*(?:.|\n)*?\*/'
    r"|[(\[{]|[)\]}]|\n"
)


def pieces(code: str) -> list:
    """[("code" | "magic", text)]: a line that starts with % stands for itself."""
    found: list = []
    kind = ""
    for text in statements(code.strip("\n")):
        if MAGIC.match(text):
            kind = "magic"
            found.append((kind, text))
            continue
        last, kind = kind, kind_of(text, kind)
        if found and found[-1][0] == "code" and last in (kind, "comment"):
            found[-1] = ("code", found[-1][1] + "\n" + text)
        else:
            found.append(("code", text))
    return [(what, text) for what, text in found if text.strip()]


def kind_of(text: str, before: str) -> str:
    """Definition or not; comments go with what they follow, else with what follows."""
    bare = re.sub(r"//[^\n]*|/\*(?:.|\n)*?\*/", "", text).strip()
    if not bare:
        return before if before in ("definition", "other") else "comment"
    return "definition" if DEFINITION.match(bare) else "other"


def statements(code: str) -> Iterator[str]:
    """Runs of lines that belong together: a new one begins at the left margin,
    outside of brackets and literals, unless it continues the line above."""
    current: list = []
    for line, is_start in lines(code):
        begins = is_start and not line[:1].isspace() and not CONTINUED.match(line)
        if current and begins and line.strip():
            yield "\n".join(current)
            current = []
        current.append(line)
    if current:
        yield "\n".join(current)


def lines(code: str) -> Iterator[tuple]:
    """(line, whether it starts outside of brackets, literals and comments)."""
    depth, start, outside = 0, 0, True
    for match in TOKENS.finditer(code):
        token = match.group()
        if token == "\n":
            yield code[start : match.start()], outside
            start, outside = match.end(), depth == 0
        elif token in "([{":
            depth += 1
        elif token in ")]}":
            depth = max(0, depth - 1)
        elif "\n" in token:
            inner = code[start : match.end()].split("\n")
            for line in inner[:-1]:
                yield line, outside
                outside = False
            start = match.end() - len(inner[-1])
    yield code[start:], outside
