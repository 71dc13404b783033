"""The libraries that flowlab is measured against, each in an environment of its own under `.peers/`."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / ".peers"
# tf_keras is where TensorFlow 2 keeps the cells of recurrent nets.
PACKAGES = {"tensorflow": ["tensorflow-cpu==2.21.0", "tf_keras==2.21.0"], "torch": ["torch==2.13.0", "numpy"]}


def python_of(peer: str) -> str:
    """Return the Python of a peer's environment, made and filled on first use (this downloads about 1 GB)."""
    home, wanted = FOLDER / peer, " ".join(PACKAGES[peer])
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = home / "installed.txt"
    if not done.exists() or done.read_text(encoding="utf-8") != wanted:
        print(f"installing {wanted} in {home.relative_to(FOLDER.parent)} ...", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES[peer]], check=True)
        done.write_text(wanted, encoding="utf-8")
    return str(python)
