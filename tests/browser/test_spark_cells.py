"""Spark cells in JupyterLab, as somebody who works with them sees them: output that grows,
the progress line, tables, plots, errors, the stop button, completion, a restart."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import expect

from lab import NotebookPage

CELLS = {
    "start": "%synapse start",
    "live": """%%synapse
import sys, time
for i in range(8):
    print("line", i)
    time.sleep(0.6)
print("to stderr", file=sys.stderr)""",
    "progress": """%%synapse
import time
sc.parallelize(range(8), 8).foreach(lambda _: time.sleep(1.0))
print("all tasks done")""",
    "table": """%%synapse
frame = spark.createDataFrame([(1, "<script>alert(1)</script>"), (2, "b")], "n int, text string")
display(frame)""",
    "plot": """%%synapse
import matplotlib.pyplot as plt
_ = plt.plot([1, 2, 3], [1, 4, 9])""",
    "chart": """%%synapse --chart bar text n
frame""",
    "error": """%%synapse
def share(part, whole):
    return part / whole

print("before the error")
share(1, 0)""",
    "sleep": """%%synapse
import time
kept = 42
print("sleeping")
time.sleep(120)""",
    "after": """%%synapse
print("kept is", kept)""",
    "complete": "%%synapse\nspark.re",
    "reattach": """%%synapse
print("still", kept)""",
}
NUMBER = {name: number for number, name in enumerate(CELLS)}


def notebook_file(folder):
    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = {
        "name": "synapse", "display_name": "Python + Spark (Synapse)", "language": "python"
    }
    book.cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    nbformat.write(book, folder / "spark-cells.ipynb")
    return "spark-cells.ipynb"


class Cells(NotebookPage):
    """The cells of CELLS, by name."""

    def cell(self, name):
        return self.code_cell(NUMBER[name])

    def run(self, name):
        """Begin one cell, as Ctrl+Enter does."""
        cell = self.cell(name)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        for is_last in (False, False, True):  # a page that has just come up misses keys
            cell.scroll_into_view_if_needed()
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            try:
                expect(prompt).not_to_have_text(before, timeout=10000)
                return
            except AssertionError:
                if is_last:
                    raise

    def output(self, name):
        return self.cell(name).locator(".jp-Cell-outputWrapper")

    def is_running(self, name) -> bool:
        return "*" in self.cell(name).locator(".jp-InputPrompt").inner_text()

    def wait_for_end(self, name, timeout_s=90):
        prompt = self.cell(name).locator(".jp-InputPrompt")
        expect(prompt).not_to_contain_text("*", timeout=timeout_s * 1000)
        expect(prompt).not_to_have_text("[ ]:", timeout=timeout_s * 1000)


@pytest.fixture(scope="module")
def cells(browser, lab, screenshots):
    name = notebook_file(lab.folder)
    # Wide enough for the whole toolbar beside the file browser.
    page = browser.new_page(viewport={"width": 1280, "height": 760})
    try:
        cells = Cells(page, lab, name)
        cells.run("start")
        cells.wait_for_end("start", 120)
        expect(cells.output("start")).to_contain_text("Spark session ready")
    except Exception:
        page.screenshot(path=screenshots / "failed-spark-cells.png")
        raise
    yield cells
    page.close()


@pytest.fixture(autouse=True)
def picture_of_a_failure(request, cells, screenshots):
    yield
    cells.page.screenshot(path=screenshots / f"after-{request.node.name}.png")


def test_output_grows_while_the_cell_runs(cells, screenshots):
    cells.run("live")
    expect(cells.output("live")).to_contain_text("line 1", timeout=30_000)
    assert cells.is_running("live")
    assert "line 7" not in cells.output("live").inner_text()
    expect(cells.output("live")).to_contain_text("line 3")
    assert cells.is_running("live")
    cells.page.screenshot(path=screenshots / "live.png")
    cells.wait_for_end("live")
    lines = cells.output("live").inner_text()
    assert [lines.count(f"line {i}\n") for i in range(8)] == [1] * 8
    assert lines.count("to stderr") == 1


def test_progress_line_comes_and_goes(cells, screenshots):
    cells.run("progress")
    expect(cells.output("progress")).to_contain_text("tasks", timeout=30_000)
    assert cells.is_running("progress")
    cells.page.screenshot(path=screenshots / "progress.png")
    cells.wait_for_end("progress")
    expect(cells.output("progress")).to_contain_text("all tasks done")
    expect(cells.output("progress")).not_to_contain_text("tasks,")
    assert "of 8" not in cells.output("progress").inner_text()


def test_frame_is_a_table_and_its_text_is_text(cells, screenshots):
    dialogs = []
    cells.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    cells.run("table")
    cells.wait_for_end("table")
    table = cells.output("table").locator("table")
    expect(table).to_contain_text("<script>alert(1)</script>")
    table.scroll_into_view_if_needed()
    cells.page.screenshot(path=screenshots / "table.png")
    assert dialogs == []


@pytest.mark.parametrize("name", ["plot", "chart"])
def test_pictures_are_shown(cells, screenshots, name):
    cells.run(name)
    cells.wait_for_end(name)
    picture = cells.output(name).locator("img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 200
    cells.page.screenshot(path=screenshots / f"{name}.png")


def test_error_has_its_line_and_the_text_before_it(cells, screenshots):
    cells.run("error")
    cells.wait_for_end("error")
    output = cells.output("error")
    expect(output).to_contain_text("before the error")
    expect(output).to_contain_text("ZeroDivisionError")
    expect(output).to_contain_text("return part / whole")
    output.scroll_into_view_if_needed()
    cells.page.screenshot(path=screenshots / "error.png")


def test_stop_button_stops_the_cell_and_keeps_the_session(cells, screenshots):
    cells.run("sleep")
    expect(cells.output("sleep")).to_contain_text("sleeping", timeout=30_000)
    cells.interrupt()
    cells.wait_for_end("sleep", 30)
    expect(cells.output("sleep")).to_contain_text("KeyboardInterrupt")
    cells.page.screenshot(path=screenshots / "interrupted.png")
    cells.run("after")
    cells.wait_for_end("after")
    expect(cells.output("after")).to_contain_text("kept is 42")


def test_completion_lists_what_the_session_knows(cells, screenshots):
    cell = cells.cell("complete")
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    cells.page.keyboard.press("Control+End")
    cells.page.keyboard.press("Tab")
    completer = cells.page.locator(".jp-Completer:not(.lm-mod-hidden)")
    expect(completer).to_contain_text("read", timeout=15_000)
    expect(completer).to_contain_text("readStream")
    cells.page.screenshot(path=screenshots / "completion.png")
    cells.page.keyboard.press("Escape")


def test_restarted_kernel_finds_its_session(cells, screenshots):
    cells.menu("Kernel", "Restart Kernel…")
    cells.page.get_by_role("button", name="Confirm Kernel Restart").click()
    cells.wait_for_idle()
    cells.run("reattach")
    cells.wait_for_end("reattach")
    output = cells.output("reattach")
    expect(output).to_contain_text("still 42")
    expect(output).to_contain_text("before the restart")
    output.scroll_into_view_if_needed()
    cells.page.screenshot(path=screenshots / "reattached.png")
