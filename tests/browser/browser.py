"""Chromium: the one that the machine has, as `start.py` finds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from start import find_browser

# No sandbox: containers and root have none. The rest keeps Chromium from talking to the net and from needing a screen.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; close it at the end."""
    path = os.environ.get("FLOWLAB_BROWSER") or find_browser()
    if not path:
        raise RuntimeError("There is no Chromium. Type:  python3 start.py browser-test")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=120_000)
        try:
            yield browser
        finally:
            browser.close()
