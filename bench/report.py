"""Medians of interleaved repeats, and the table they are shown in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass
class Row:
    what: str
    ours: str
    other: str = ""
    ratio: str = ""
    limit: str = ""
    is_met: bool = True


def paired(
    repeats: int, ours: Callable[[], float], other: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Turn by turn, so that both see the same moods of the machine."""
    mine, others = [], []
    for number in range(repeats):
        order = ((ours, mine), (other, others))
        for measure, results in order if number % 2 == 0 else reversed(order):
            results.append(measure())
    return mine, others


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def ratio_row(what: str, mine: list[float], other: list[float], name: str,
              limit: float | None) -> Row:
    """`limit` None: shown for comparison, nothing is asked of it."""
    ratio = median(mine) / median(other)
    return Row(f"{what} ({len(mine)}×)", seconds(median(mine)),
               f"{name} {seconds(median(other))}", f"{ratio:.2f}",
               "" if limit is None else f"≤ {limit}", limit is None or ratio <= limit)


def seconds_row(what: str, mine: list[float], other: list[float], name: str,
                limit_s: float) -> Row:
    """What is asked is a time, whatever the other one needs."""
    ratio = median(mine) / median(other)
    return Row(f"{what} ({len(mine)}×)", seconds(median(mine)),
               f"{name} {seconds(median(other))}", f"{ratio:.2f}",
               f"≤ {seconds(limit_s)}", median(mine) <= limit_s)


HEAD = ("measured", "ours", "beside it", "ratio", "asked", "")


def lines_of(rows: list[Row]) -> list[tuple[str, ...]]:
    return [HEAD] + [(row.what, row.ours, row.other, row.ratio, row.limit,
                      "" if row.is_met else "not met") for row in rows]


def show(rows: list[Row]) -> None:
    lines = lines_of(rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    for line in lines:
        print("  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip())


def show_markdown(rows: list[Row]) -> None:
    head, *lines = [line[:-1] for line in lines_of(rows)]
    for line in (head, ("---",) * len(head), *lines):
        print("| " + " | ".join(word.replace("|", "\\|") for word in line) + " |")
