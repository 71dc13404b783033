#!/usr/bin/env python3
"""Set flowlab up and open the first lesson.

    python3 start.py                  make .venv, install, open JupyterLab on lesson 00
    python3 start.py --no-browser     the same on a server: prints the address instead of opening a browser
    python3 start.py test             run every check and test (--without-browser leaves out those that need Chromium)
    python3 start.py bench            time flowlab beside TensorFlow and PyTorch, which it installs (further options: see
                                      tests/bench); bench --quick: flowlab alone, without a clock, in a minute
    python3 start.py browser-test     drive the notebooks in a real browser; installs Chromium where there is none
    python3 start.py pictures         make the pictures of the README anew

Nothing is needed but Python 3.11 or newer, and a network the first time. (This file is kept readable for older Pythons,
so that it can say which one to use.)
"""

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
BROWSER_STAGE = "notebooks in a browser"
EXTRAS = {  # what each task needs besides flowlab itself
    "lab": [],
    "test": ["browser", "test"],
    "bench": [],
    "browser-test": ["browser", "test"],
    "pictures": ["browser"],
}
STAMP = os.path.join(VENV, "flowlab-installed.txt")  # what was installed, so that the next start can skip it


def main():
    parser = argparse.ArgumentParser(description="Set flowlab up and open the first lesson.")
    parser.add_argument("task", nargs="?", default="lab", choices=list(EXTRAS))
    parser.add_argument("--no-browser", action="store_true", help="lab: print the address, open no browser window")
    parser.add_argument("--port", type=int, help="lab: the port of the notebook server (default: 8888 or the next)")
    parser.add_argument("--without-browser", action="store_true", help="test: leave out the tests that need Chromium")
    options, rest = parser.parse_known_args()
    if rest and options.task != "bench":
        parser.error("unknown: " + " ".join(rest))
    os.chdir(ROOT)
    check_python()
    prepare([name for name in EXTRAS[options.task] if not (name == "browser" and options.without_browser)])
    if options.task == "lab":
        return open_lab(options)
    if options.task == "bench":
        return run_benchmarks(rest)
    if options.task == "pictures":
        return make_pictures()
    return run_tests(options) if options.task == "test" else run_browser_tests()


def say(text=""):
    print(text, flush=True)


def give_up(*lines):
    say()
    for line in lines:
        say(line)
    sys.exit(1)


# Setting up


def check_python():
    """Stop with instructions when this Python cannot make the environment."""
    if sys.version_info < OLDEST:
        newer = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
        version = ".".join(str(part) for part in sys.version_info[:3])
        give_up(
            f"flowlab needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is Python {version}.",
            f"Type:  {newer[0]} start.py"
            if newer
            else "Install a newer one (python.org/downloads, or your system's packages), then start again with it.",
        )
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        name = "python{}.{}-venv".format(*sys.version_info[:2])
        give_up(
            "This Python comes without venv and pip, which some Linux systems package separately.",
            "Debian, Ubuntu:  sudo apt install " + name,
            "Then start again:  python3 start.py",
        )


def prepare(extras):
    """Make .venv and install flowlab with the pinned versions, unless that is done already."""
    wanted, installed = fingerprint(), read_stamp()
    if runs(PYTHON) and installed[:1] == [wanted] and set(extras) <= set(installed[1:]):
        return
    if not runs(PYTHON):
        say("Making a Python environment in .venv ...")
        command = [sys.executable, "-m", "venv", "--clear", VENV]
        if subprocess.call(command) != 0:
            give_up("That failed: see above. This was the command:", "  " + " ".join(command))
    extras = sorted(set(extras) | set(installed[1:]))
    say("Installing flowlab and what it needs (once; a few minutes on a slow network) ...")
    target = "." + ("[" + ",".join(extras) + "]" if extras else "")
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--editable", target]
    command += ["--constraint", "constraints.txt"]
    say("  " + " ".join(os.path.relpath(part) if part == PYTHON else part for part in command))
    if subprocess.call(command) != 0:
        give_up(
            "The installation failed: pip's own message is above. If it could not fetch packages:",
            "  no network:      connect, then run start.py again; it goes on where it stopped",
            "  behind a proxy:  set HTTPS_PROXY=http://host:port first",
            "  no network at all: on another machine of the same kind, in this folder, type",
            f"      python3 -m pip download -d wheels -c constraints.txt setuptools '{target}'",
            "    bring the folder wheels here, set PIP_NO_INDEX=1 and PIP_FIND_LINKS=wheels, run start.py again",
        )
    trust_notebooks()
    with open(STAMP, "w", encoding="utf-8") as stamp:
        stamp.write("\n".join([wanted, *extras]) + "\n")
    say("Done.")


def fingerprint():
    """Name what an installation depends on: the versions asked for, the Python, and where the folder is."""
    parts = [ROOT, sys.version, str(os.path.isdir("course"))]
    for name in ("pyproject.toml", "setup.py", "constraints.txt"):
        with open(name, encoding="utf-8") as file:
            parts.append(file.read())
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()


def read_stamp():
    """Return the fingerprint and the extras of the last installation."""
    if not os.path.exists(STAMP):
        return []
    with open(STAMP, encoding="utf-8") as stamp:
        return stamp.read().split()


def runs(python):
    """Whether a Python is there and works (one of a folder that was moved does not)."""
    try:
        return subprocess.call([python, "-c", "pass"], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def notebooks():
    folder = os.path.join(ROOT, "notebooks")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [os.path.join("notebooks", name) for name in names if name.endswith(".ipynb")]


def trust_notebooks():
    """Mark the lessons as trusted, as far as Jupyter goes: it hides stored drawings in notebooks it does not know."""
    if notebooks():
        subprocess.call([PYTHON, "-m", "nbformat.sign", *notebooks()], stdout=subprocess.DEVNULL)


# Using it


def open_lab(options):
    """Start JupyterLab on the first lesson; Ctrl-C twice ends it."""
    command = [PYTHON, "-m", "jupyterlab", "--ServerApp.root_dir=" + ROOT]
    if notebooks():
        command.append("--LabApp.default_url=/lab/tree/" + notebooks()[0].replace(os.sep, "/"))
    # No questions about news or updates in a class.
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if options.no_browser:
        command.append("--no-browser")
    if options.port:
        command.append(f"--port={options.port}")
    if is_root():
        command.append("--allow-root")
    say("Opening JupyterLab. To end it, press Ctrl-C here twice.")
    server = subprocess.Popen(command)
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:
            pass  # Jupyter got it too, and asks whether it is meant


def run_tests(options):
    """Run all checks and tests, also after a failure; end with a summary and pytest's counts."""
    pytest = [PYTHON, "-m", "pytest"]
    stages = [
        ("ruff check", [PYTHON, "-m", "ruff", "check", "--output-format=concise"]),
        ("ruff format", [PYTHON, "-m", "ruff", "format", "--check"]),
        ("facade", [PYTHON, os.path.join("flowlab", "_src", "dev", "facade.py"), "--check"]),
        ("import layers", [os.path.join(BIN, "lint-imports"), "--no-logo"]),
        ("mypy", [PYTHON, "-m", "mypy"]),
        ("tests and doctests", pytest),
    ]
    if notebooks():
        nbval = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=180"]
        sanitize = "--nbval-sanitize-with=" + os.path.join("tests", "nbval.cfg")
        stages.append(("notebooks", [*pytest, *nbval, sanitize, "notebooks"]))
    if not options.without_browser:
        stages.append(browser_stage())
    return run_stages(stages)


def run_stages(stages):
    """Run commands one after the other and sum up."""
    rows, counts, begin = [], {}, time.time()
    for name, command in stages:
        say(f"\n== {name} ==")
        start = time.time()
        status, closing = run_stage(command)
        rows.append((name, status, time.time() - start))
        for number, word in re.findall(r"(\d+) (passed|failed|error|skipped|xfailed|xpassed)", closing):
            counts[word] = counts.get(word, 0) + int(number)
    say("\n== summary ==")
    for name, status, seconds in rows:
        say("  {:<22} {:<6} {:6.1f} s".format(name, "ok" if status == 0 else "FAILED", seconds))
    order = ["failed", "error", "passed", "skipped", "xfailed", "xpassed"]
    total = ", ".join(f"{counts[word]} {word}" for word in order if word in counts)
    say("\n===== {} in {:.2f}s =====".format(total or "no tests ran", time.time() - begin))
    return 1 if any(status for _, status, _ in rows) else 0


def run_stage(command):
    """Run one command, showing its output; return its status and pytest's closing line, if it is pytest."""
    closing = ""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
        text = line.decode("utf-8", "replace")
        if re.search(r"\d+ (passed|failed|error|skipped).* in [\d.]+s", text):
            closing = text
    return process.wait(), closing


def run_benchmarks(options):
    if not os.path.exists(os.path.join("tests", "bench", "__main__.py")):
        give_up("There are no benchmarks yet: tests/bench is missing.")
    return subprocess.call([PYTHON, "-m", "tests.bench", *options])


def run_browser_tests():
    return run_stages([browser_stage()])


def make_pictures():
    """Make the pictures of the README from the real thing."""
    path, reason = prepare_browser()
    if reason:
        give_up(*reason)
    return subprocess.call([PYTHON, "-m", "tests.browser.pictures"], env=dict(os.environ, FLOWLAB_BROWSER=path))


# The browser


def browser_stage():
    """The tests in a browser as a stage; without a browser the stage says what to type, and fails."""
    path, reason = prepare_browser()
    if reason:
        program = "import sys; print(sys.argv[1]); sys.exit(1)"
        return BROWSER_STAGE, [sys.executable, "-c", program, "\n".join(reason)]
    os.environ["FLOWLAB_BROWSER"] = path
    return BROWSER_STAGE, [PYTHON, "-m", "pytest", "-m", "browser", os.path.join("tests", "browser")]


def prepare_browser():
    """Find Chromium, or install it where that can be done; return its path, or why there is none."""
    path = find_browser()
    if not path and is_root() and shutil.which("apt-get"):
        say("Installing Chromium with apt-get (once; a minute or two) ...")
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        subprocess.call(["apt-get", "-qq", "update"], env=quiet)
        packages = ["chromium", "fonts-dejavu-core"]
        subprocess.call(
            ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages],
            env=quiet,
            stdout=subprocess.DEVNULL,
        )
        path = find_browser()
    if not path:
        say("Fetching a Chromium for the tests (once; about 150 MB) ...")
        subprocess.call([PYTHON, "-m", "playwright", "install", "chromium"])
        path = find_browser()
    if path:
        return path, []
    return "", [
        "The tests in a browser need Chromium or Chrome, and it could neither be found nor installed. Type one of:",
        "  Debian, Ubuntu:     sudo apt install chromium",
        "  Fedora:             sudo dnf install chromium",
        "  macOS:              brew install --cask google-chrome",
        "  anywhere:           " + os.path.relpath(PYTHON) + " -m playwright install --with-deps chromium",
        "  it is elsewhere:    set FLOWLAB_BROWSER to its path",
        "  leave these out:    python3 start.py test --without-browser",
    ]


def find_browser():
    """The path of a Chromium or Chrome that starts; an empty text if there is none."""
    return next((place for place in browser_places() if place and os.path.exists(place) and starts(place)), "")


def browser_places():
    """Where a browser may be, one after the other."""
    yield os.environ.get("FLOWLAB_BROWSER")
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"):
        yield shutil.which(name)
    yield "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    yield "/Applications/Chromium.app/Contents/MacOS/Chromium"
    for folder in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        yield os.path.join(os.environ.get(folder, ""), "Google", "Chrome", "Application", "chrome.exe")
    yield playwright_browser()


def playwright_browser():
    """Where Playwright puts a browser of its own, whether it is there or not."""
    program = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    try:
        found = subprocess.run([PYTHON, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return ""
    return found.stdout.decode("utf-8", "replace").strip()


def starts(browser):
    """Whether a browser starts: Ubuntu's package, for one, may be an empty shell that asks for snap."""
    if os.name == "nt":
        return True  # there it would open a window
    try:
        return subprocess.call([browser, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    sys.exit(main())
