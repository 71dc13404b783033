"""One JupyterLab and one Chromium for all tests; a notebook in a page of its own for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.browser import chromium
from tests.browser.notebook import PATIENCE, Notebook
from tests.browser.server import Server, jupyter_server

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with jupyter_server(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One profile: pages after the first find JupyterLab's files in its cache."""
    with browser.new_context(viewport={"width": 1280, "height": 1080}, accept_downloads=True) as opened:
        opened.set_default_timeout(PATIENCE)
        yield opened


Opener = Callable[..., Notebook]


@pytest.fixture(scope="module")
def open_notebook(server: Server, context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """Write a notebook of some cells, or copy a lesson, and open it; run all of it."""
    opened: list[Notebook] = []

    def open_one(*cells: str, lesson: Path | None = None, run: bool = True) -> Notebook:
        name = f"{request.module.__name__.rpartition('.')[2]}_{len(opened)}"
        notebook = Notebook(context.new_page(), server, name)
        opened.append(notebook)
        if lesson is not None:
            notebook.copy(lesson)
        else:
            notebook.write(*cells)
        notebook.open()
        if run:
            notebook.run_all()
        return notebook

    yield open_one
    for notebook in opened:
        notebook.page.close()


@pytest.fixture(autouse=True)
def quiet_console(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test: the console showed no error, nothing came from the net; a picture of what failed is kept."""
    failed_before = request.session.testsfailed
    yield
    notebook = next((value for value in request.node.funcargs.values() if isinstance(value, Notebook)), None)
    if notebook is None:
        return
    if request.session.testsfailed > failed_before:
        notebook.picture(f"failed_{request.node.name}")
    errors, notebook.errors[:] = list(notebook.errors), []
    assert not errors
    assert not notebook.foreign
