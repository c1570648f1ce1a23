"""Check a decoded reply against a shape of shapes.json.

A shape is a type name ("int", "str", "number", "bool", "any"; "?" appended: or null),
a reference ("@statement"; "@statement?"), a list of one shape, or an object of fields.
Fields that a shape does not name are allowed: newer servers add some.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SHAPES = json.loads((Path(__file__).parent / "shapes.json").read_text("utf-8"))

TYPES = {"int": (int,), "number": (int, float), "str": (str,), "bool": (bool,)}


def mismatches(value: Any, shape: Any, where: str = "$") -> list[str]:
    """Every place where `value` is not of `shape`, as readable lines."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: a list expected, got {value!r}"]
        found = [mismatches(v, shape[0], f"{where}[{i}]") for i, v in enumerate(value)]
        return [line for lines in found for line in lines]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where}: an object expected, got {value!r}"]
        lines = [f"{where}: no field {name!r}" for name in shape if name not in value]
        for name in shape:
            if name in value:
                lines += mismatches(value[name], shape[name], f"{where}.{name}")
        return lines
    if shape.endswith("?"):
        return [] if value is None else mismatches(value, shape[:-1], where)
    if shape.startswith("@"):
        return mismatches(value, SHAPES[shape[1:]], where)
    if shape == "any":
        return []
    is_wrong_bool = isinstance(value, bool) and shape != "bool"
    if is_wrong_bool or not isinstance(value, TYPES[shape]):
        return [f"{where}: {shape} expected, got {value!r}"]
    return []


def check(value: Any, name: str) -> None:
    """Assert that `value` has the shape called `name`."""
    lines = mismatches(value, SHAPES[name])
    assert not lines, "\n".join([f"not a {name}:", *lines])
