"""A JupyterLab of our own: a free port, folders of its own, nothing of the user's settings, no questions."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds for the server to come up, on a slow machine that does other things, too
SETTINGS = {
    # cells outside of the window exist, too, and outputs of any number are shown
    "notebook-extension/tracker": {"windowingMode": "none", "maxNumberOutputs": 500},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
}


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    token: str
    folder: Path  # where its notebooks lie
    log: Path

    def address(self, path: str) -> str:
        """The address of a page of it."""
        return f"{self.url}/{path}?token={self.token}"


@contextmanager
def jupyter_server(home: Path, app: str = "jupyterlab", python: str = sys.executable) -> Iterator[Server]:
    """Start a server whose home folder is `home`; stop it, and with it its kernels, at the end."""
    notebooks = home / "notebooks"
    notebooks.mkdir(parents=True)
    port, token = free_port(), secrets.token_hex(16)
    server = Server(f"http://127.0.0.1:{port}", token, notebooks, home / "server.log")
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": notebooks,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.news_url": None,
    }
    command = [python, "-m", app, "--no-browser", "--expose-app-in-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    command += [f"--{name}={value}" for name, value in options.items()]
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            command, env=environment(home, token), cwd=notebooks, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_until_up(process, server)
            yield server
        finally:
            process.terminate()  # it ends its kernels itself
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, token: str) -> dict[str, str]:
    """The environment of the server and its kernels: all that they write goes below `home`."""
    folders = {
        "HOME": ".",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "xdg",
    }
    for name in folders.values():
        (home / name).mkdir(parents=True, exist_ok=True)
    for plugin, values in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    return {
        **os.environ,
        **{variable: str(home / name) for variable, name in folders.items()},
        "JUPYTER_TOKEN": token,
        "JUPYTER_PLATFORM_DIRS": "0",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "FLOWLAB_NUMBA": "0",  # nothing here computes long enough to be worth compiling
    }


def wait_until_up(process: subprocess.Popen[bytes], server: Server) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(server.address("api/status"), timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{server.log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
