"""The notebook in JupyterLab, run by clicks in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from lab import NotebookPage

WIDE = {"width": 900, "height": 760}


@pytest.fixture(scope="module")
def notebook(browser, lab, screenshots):
    page = browser.new_page(viewport=WIDE)
    try:
        notebook = NotebookPage(page, lab, "titanic.ipynb")
        page.keyboard.press("Control+b")  # the file browser folds away
        notebook.run_all(timeout_s=180)
    except Exception:
        page.screenshot(path=screenshots / "failed.png")
        raise
    yield notebook
    page.close()


def output_with(notebook: NotebookPage, text: str):
    return notebook.notebook.locator(".jp-OutputArea-output", has_text=text).first


def test_opens_with_our_kernel(notebook):
    name = notebook.panel.locator(".jp-Toolbar-kernelName")
    expect(name.first).to_contain_text("Python + Spark (Synapse)")


def test_no_error_is_shown(notebook):
    assert notebook.errors() == []


def test_survivors_by_age_are_shown(notebook, screenshots):
    table = output_with(notebook, "only showing top 10 rows")
    table.scroll_into_view_if_needed()
    expect(table).to_be_visible()
    expect(table).to_contain_text("|36.0|   16|")
    notebook.page.screenshot(path=screenshots / "survivors.png")


def test_sql_is_a_table(notebook, screenshots):
    table = notebook.notebook.locator(".jp-OutputArea-output table").filter(
        has_text="survivors"
    )
    table.first.scroll_into_view_if_needed()
    expect(table.first).to_be_visible()
    expect(table.first).to_contain_text("93.7")
    notebook.page.screenshot(path=screenshots / "sql.png")


def test_model_score_is_shown(notebook):
    score = output_with(notebook, "passengers it has not seen")
    score.scroll_into_view_if_needed()
    expect(score).to_be_visible()


def test_picture_is_shown(notebook, screenshots):
    picture = notebook.notebook.locator(".jp-OutputArea-output img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 400
    notebook.page.screenshot(path=screenshots / "picture.png")


def test_whole_notebook_for_the_eye(notebook, screenshots):
    """No assertion but that it can be drawn: people look at this file."""
    notebook.page.set_viewport_size({"width": 900, "height": 4600})
    notebook.code_cell(0).scroll_into_view_if_needed()
    notebook.panel.locator(".jp-WindowedPanel-outer").first.evaluate(
        "outer => { outer.scrollTop = 0 }"
    )
    notebook.page.wait_for_timeout(500)
    notebook.page.screenshot(path=screenshots / "titanic.png")
    notebook.page.set_viewport_size(WIDE)
    assert (screenshots / "titanic.png").stat().st_size > 50_000


def test_restart_and_run_all(notebook, screenshots):
    notebook.restart_and_run_all(timeout_s=180)
    assert notebook.errors() == []
    expect(output_with(notebook, "only showing top 10 rows")).to_contain_text("|36.0|   16|")
    notebook.page.screenshot(path=screenshots / "restarted.png")
