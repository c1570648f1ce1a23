"""Restart & Run All of the teaching notebooks, again and again: each run shows the same.

All of them, ten times each, with SYNAPSE_TEST_LONG; else the one with the most to look at."""

from __future__ import annotations

import os
import shutil

import pytest

from conftest import ROOT
from lab import NotebookPage

IS_LONG = bool(os.environ.get("SYNAPSE_TEST_LONG"))
RUNS = 10 if IS_LONG else 2
NAMES = sorted(
    path.name for path in (ROOT / "notebooks").glob("0*.ipynb" if IS_LONG else "05*.ipynb")
)


def shown(notebook: NotebookPage) -> list[tuple[str, list[str | None]]]:
    """What stands under each code cell: its text, and its pictures as they were sent. (The
    line of a slow cell's progress leaves an empty output behind.)"""
    cells = notebook.notebook.locator(".jp-CodeCell").all()
    return [
        (
            "".join(text for text in
                    cell.locator(".jp-OutputArea-output").all_inner_texts() if text.strip()),
            [image.get_attribute("src") for image in cell.locator("img").all()],
        )
        for cell in cells
    ]


@pytest.mark.parametrize("name", NAMES)
def test_restart_and_run_all_shows_the_same(browser, lab, screenshots, name):
    shutil.copy(ROOT / "notebooks" / name, lab.folder)
    page = browser.new_page(viewport={"width": 900, "height": 1600})
    try:
        notebook = NotebookPage(page, lab, name)
        notebook.expects_errors = True
        notebook.run_all(timeout_s=180)
        first = shown(notebook)
        assert any(text for text, _ in first), "nothing is shown"
        for _ in range(RUNS - 1):
            notebook.restart_and_run_all(timeout_s=180)
            assert shown(notebook) == first
    finally:
        page.screenshot(path=screenshots / f"{name}.png")
        page.close()
