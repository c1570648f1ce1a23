"""Add up what the steps of scripts/test left in a folder.

    python scripts/count_tests.py FOLDER

NAME.status holds the exit code and the seconds of a step, NAME.xml is pytest's JUnit
report, NAME.tap/*.log are test programs' TAP. A step that failed without a failed test
(it crashed, or was ended) counts as one failure. NAME.again.xml is a second try of what
failed in NAME.xml; what passes there is counted, and named. The last line is for machines.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

TAP_LINE = re.compile(r"(not )?ok\b(.*)")
TAP_PLAN = re.compile(r"1\.\.(\d+)")
AUTOMAKE_VERDICT = re.compile(r"(?:FAIL|ERROR) \S+ \(exit status: \d+\)")


@dataclass
class Counts:
    passed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)
    second_tries: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        self.passed += other.passed
        self.skipped += other.skipped
        self.failures += other.failures
        self.second_tries += other.second_tries

    def line(self) -> str:
        text = f"{self.passed} passed, {len(self.failures)} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


def count_tap(path: Path) -> Counts:
    """One test program. It must have run as many tests as it announced."""
    counts = Counts()
    planned = None
    text = path.read_text(errors="replace")
    for line in text.splitlines():
        match = TAP_LINE.match(line)
        if plan := TAP_PLAN.match(line):
            planned = int(plan[1])
        elif not match:
            continue
        elif "# SKIP" in match[2]:
            counts.skipped += 1
        elif match[1]:
            counts.failures.append(f"{path.stem}: {match[2].strip(' -')}")
        else:
            counts.passed += 1
    ran = counts.passed + counts.skipped + len(counts.failures)
    if planned is not None and planned != ran:
        counts.failures.append(f"{path.stem}: {planned} tests announced, {ran} ran")
    elif AUTOMAKE_VERDICT.search(text) and not counts.failures:
        counts.failures.append(f"{path.stem}: the program failed")
    return counts


def outcomes(path: Path) -> dict[str, str]:
    """What became of each test of a report: passed, failed or skipped."""
    found: dict[str, str] = {}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if not case.get("name"):
            continue  # it ran when pytest was ended
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            found[name] = "failed"
        elif case.find("skipped") is not None:
            found.setdefault(name, "skipped")
        else:
            found.setdefault(name, "passed")
    return found


def count_junit(path: Path) -> Counts:
    counts = Counts()
    again_path = path.with_suffix(".again.xml")
    again = outcomes(again_path) if again_path.exists() else {}
    for name, outcome in outcomes(path).items():
        if outcome == "failed" and again.get(name) == "passed":
            counts.second_tries.append(name)
            outcome = "passed"
        if outcome == "failed":
            counts.failures.append(name)
        elif outcome == "skipped":
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts


def count_step(folder: Path, name: str, exit_code: int) -> Counts:
    counts = Counts()
    for log in sorted(folder.glob(f"{name}.tap/*.log")):
        counts.add(count_tap(log))
    report = folder / f"{name}.xml"
    if report.exists():
        counts.add(count_junit(report))
    if exit_code in (124, 137):
        counts.failures.append(f"{name}: took too long and was ended")
    elif exit_code and not counts.failures:
        counts.failures.append(f"{name}: ended with exit code {exit_code}")
    return counts


def main() -> int:
    folder = Path(sys.argv[1])
    total = Counts()
    for status in sorted(folder.glob("*.status"), key=lambda path: path.stat().st_mtime):
        exit_code, seconds = map(int, status.read_text().split())
        counts = count_step(folder, status.stem, exit_code)
        print(f"{status.stem:12} {counts.line():40} {seconds:4d} s")
        total.add(counts)
    for name in total.second_tries:
        print(f"passed at the second try only: {name}")
    for failure in total.failures:
        print(f"failed: {failure}")
    print(total.line())
    return 1 if total.failures or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
