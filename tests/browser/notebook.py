"""A notebook in a page of a browser: what a learner does with it, as methods."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, Request

from tests.browser.server import Server

ARTEFACTS = Path(__file__).parent / "artefacts"
PATIENCE = 1000 * float(os.environ.get("FLOWLAB_PATIENCE", "60"))  # milliseconds; only a failure takes that long

# What the panel in front says of its cells and its kernel.
STATE = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  if (!panel?.content?.widgets || !kernel) return null;
  return {
    status: kernel.status,
    cells: panel.content.widgets.map(({model}) => model.type !== "code" ? null : ({
      count: model.executionCount,
      runs: model.executionState === "running",
      outputs: Array.from({length: model.outputs.length}, (_, k) => model.outputs.get(k).toJSON()),
    })),
  };
}"""
RAN = (
    "(wanted) => { const state = (" + STATE + ")(); return state !== null && state.status === 'idle' && wanted.every("
    "([k, before]) => state.cells[k].count !== null && state.cells[k].count !== before && !state.cells[k].runs); }"
)
# What JupyterLab itself writes as errors; none of it comes from a view.
NOISE = re.compile(
    r"favicon\.ico|/api/me\b|(workspaces|translations|settings)/\S* .*40[34]|ResizeObserver loop|restore the debugger state"
    r"|Canceled future for|Comm not found for comm id"  # of a kernel that is restarted
)


class Notebook:
    """One notebook, open in one page."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page, self.server, self.name = page, server, name
        self.errors: list[str] = []  # what the console showed
        self.foreign: list[str] = []  # what was fetched from elsewhere
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("request", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        place = (message.location or {}).get("url", "")
        if message.type == "error" and not NOISE.search(f"{message.text} {place}"):
            self.errors.append(f"{message.text} ({place})")

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:", "about:", "chrome")):
            self.foreign.append(request.url)

    # ---- opening ------------------------------------------------------------------------------------------------

    @property
    def file(self) -> Path:
        return self.server.folder / f"{self.name}.ipynb"

    def write(self, *cells: str) -> None:
        """Write the file: cells of code, or of Markdown where they begin with #."""
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        records = [
            {"cell_type": "markdown", "id": f"cell{k}", "metadata": {}, "source": text}
            if text.startswith("# ")
            else {
                "cell_type": "code",
                "id": f"cell{k}",
                "metadata": {},
                "source": text,
                "outputs": [],
                "execution_count": None,
            }
            for k, text in enumerate(cells)
        ]
        content = {"cells": records, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        self.file.write_text(json.dumps(content), encoding="utf-8")

    def copy(self, lesson: Path) -> None:
        """Take a notebook that exists; the lesson itself stays as it is."""
        shutil.copyfile(lesson, self.file)

    def open(self) -> None:
        """Load the page and wait for the kernel."""
        self.page.goto(self.server.address(f"lab/workspaces/{self.name}/tree/{self.name}.ipynb"))
        self.wait_until_ready()
        self.command("application:toggle-left-area")  # more room for the notebook

    def wait_until_ready(self) -> None:
        self.page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=PATIENCE)
        self.page.wait_for_function(f"() => ['idle', 'busy'].includes(({STATE})()?.status)", timeout=PATIENCE)

    def reload(self) -> None:
        self.page.reload()
        self.wait_until_ready()

    def save(self) -> dict[str, Any]:
        """Save the file and return what is in it."""
        self.command("docmanager:save")
        return json.loads(self.file.read_text(encoding="utf-8"))

    def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab, as a menu would, and wait until it is done."""
        self.page.evaluate("([name, given]) => jupyterapp.commands.execute(name, given)", [name, arguments])

    # ---- running ------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return self.page.evaluate(STATE)

    def start_cell(self, number: int) -> None:
        """Begin to run a cell, and do not wait for its end."""
        self.page.evaluate(
            "(k) => { jupyterapp.shell.currentWidget.content.activeCellIndex = k;"
            " void jupyterapp.commands.execute('notebook:run-cell'); }",
            number,
        )

    def run_cell(self, number: int) -> None:
        """Run a cell and wait until it is done."""
        before = self.state()["cells"][number]["count"]
        self.start_cell(number)
        self.wait_for_cells([(number, before)])

    def wait_for_cells(self, wanted: list[tuple[int, int | None]]) -> None:
        """Wait until cells have other numbers than they had, and the kernel rests."""
        self.page.wait_for_function(RAN, arg=[list(one) for one in wanted], timeout=PATIENCE)

    def run_all(self) -> None:
        numbers = [(k, cell["count"]) for k, cell in enumerate(self.state()["cells"]) if cell is not None]
        self.page.evaluate("() => { void jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self.wait_for_cells(numbers)

    def restart_and_run_all(self) -> None:
        self.command("notebook:clear-all-cell-outputs")  # with the numbers, which may come out the same again
        numbers = [k for k, cell in enumerate(self.state()["cells"]) if cell is not None]
        self.page.evaluate("() => { void jupyterapp.commands.execute('notebook:restart-run-all'); }")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")
        counted = "JSON.stringify((" + STATE + ")()?.cells.map((cell) => cell?.count)) === "
        expected = [None] * len(self.state()["cells"])
        for place, number in enumerate(numbers):
            expected[number] = place + 1  # type: ignore[call-overload]
        self.page.wait_for_function(f"() => {counted}{json.dumps(json.dumps(expected, separators=(',', ':')))}")
        self.wait_for_cells([(number, None) for number in numbers])

    def texts(self, number: int) -> str:
        """What a cell printed and raised, as stored."""
        parts = []
        for output in self.state()["cells"][number]["outputs"]:
            text = output.get("text") or output.get("traceback") or output.get("data", {}).get("text/plain", "")
            parts.append("".join(text) if isinstance(text, list) else text)
        return "\n".join(parts)

    # ---- what is on the page ------------------------------------------------------------------------------------

    def cell(self, number: int) -> Locator:
        return self.page.locator(".jp-NotebookPanel .jp-Notebook-cell").nth(number)

    def output(self, number: int) -> Locator:
        return self.cell(number).locator(".jp-OutputArea-output").last

    def set_theme(self, name: str) -> None:
        """Switch JupyterLab to its light or dark theme."""
        self.command("apputils:change-theme", theme=f"JupyterLab {name.title()}")
        is_light = "true" if name == "light" else "false"
        self.page.locator(f'body[data-jp-theme-light="{is_light}"]').wait_for(state="attached")

    def picture(self, name: str, place: Locator | None = None) -> Path:
        """Keep a picture of the window, or of one place in it, for human eyes."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        if place is None:
            self.page.screenshot(path=path, animations="disabled")
        else:
            place.screenshot(path=path, animations="disabled")
        return path
