"""``start.py``: what it says and decides. That it installs is seen when the tests themselves run."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "start.py"


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, set in an empty project with a working Python in place of .venv."""
    spec = importlib.util.spec_from_file_location("start", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "setup.py", "constraints.txt"):
        (tmp_path / name).write_text(f"# {name}\n", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(module, "PYTHON", sys.executable)
    monkeypatch.setattr(module, "STAMP", str(tmp_path / ".venv" / "flowlab-installed.txt"))
    return module


@pytest.fixture
def commands(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that the script would have run; each succeeds."""
    ran: list[list[str]] = []

    def call(command: list[str], **options: Any) -> int:
        if command[1:] != ["-c", "pass"]:
            ran.append(command)
        return 0

    monkeypatch.setattr(start.subprocess, "call", call)
    return ran


def test_old_pythons_can_read_the_script() -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_only_the_standard_library_is_imported() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


def test_an_old_python_is_told_which_one_to_use(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "OLDEST", (3, 99))
    monkeypatch.setattr(start.shutil, "which", lambda name: name == "python3.12")
    with pytest.raises(SystemExit) as caught:
        start.check_python()
    assert caught.value.code == 1
    text = capsys.readouterr().out
    assert "flowlab needs Python 3.99 or newer" in text
    assert "Type:  python3.12 start.py" in text


def test_without_ensurepip_the_package_to_install_is_named(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else True)
    with pytest.raises(SystemExit):
        start.check_python()
    assert f"sudo apt install python3.{sys.version_info.minor}-venv" in capsys.readouterr().out


def test_a_second_start_installs_nothing(start: ModuleType, commands: list[list[str]]) -> None:
    start.prepare([])
    assert len(commands) == 1
    assert "pip" in commands[0]
    start.prepare([])
    assert len(commands) == 1


def test_more_extras_or_other_pins_install_again(start: ModuleType, commands: list[list[str]], tmp_path: Path) -> None:
    start.prepare([])
    start.prepare(["test"])
    assert ".[test]" in commands[-1]
    start.prepare([])
    assert len(commands) == 2
    (tmp_path / "constraints.txt").write_text("numpy==2\n", encoding="utf-8")
    start.prepare([])
    assert len(commands) == 3
    assert ".[test]" in commands[-1]  # what was there before stays


def test_a_missing_environment_is_made(
    start: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "runs", lambda python: False)
    start.prepare([])
    assert commands[0][1:4] == ["-m", "venv", "--clear"]


def test_a_failed_installation_says_what_to_do(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start.subprocess, "call", lambda command, **options: int("pip" in command))
    with pytest.raises(SystemExit) as caught:
        start.prepare(["test"])
    assert caught.value.code == 1
    text = capsys.readouterr().out
    assert "no network:" in text
    assert "HTTPS_PROXY" in text
    assert "setuptools '.[test]'" in text
    assert not os.path.exists(start.STAMP)


def run_small_stages(*scripts: str) -> subprocess.CompletedProcess[str]:
    """Let the script run stages made of small programs, in a process of its own as its output is raw bytes."""
    stages = [(f"stage {number}", [sys.executable, "-c", script]) for number, script in enumerate(scripts)]
    program = (
        f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r}); import start; sys.exit(start.run_stages({stages!r}))"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8")


def test_stages_go_on_after_a_failure_and_counts_are_summed() -> None:
    done = run_small_stages(
        "print('==== 1 failed, 2 passed, 1 skipped in 0.10s ====')",
        "raise SystemExit(3)",
        "print('==== 40 passed in 61.00s (0:01:01) ====')",
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split()[:3] for line in lines if line.startswith("  stage")] == [
        ["stage", "0", "ok"],
        ["stage", "1", "FAILED"],
        ["stage", "2", "ok"],
    ]
    assert lines[-1].startswith("===== 1 failed, 42 passed, 1 skipped in ")


def test_all_stages_passed_is_success() -> None:
    done = run_small_stages("print('1 passed in 0.1s')")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("===== 1 passed in ")


@pytest.fixture
def no_browser(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script on a machine without a browser."""
    monkeypatch.delenv("FLOWLAB_BROWSER", raising=False)
    monkeypatch.setattr(start, "browser_places", lambda: iter([None, "", "/nowhere/chrome"]))
    monkeypatch.setattr(start, "is_root", lambda: False)
    return start


def test_a_browser_that_does_not_start_is_passed_over(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shell, working = tmp_path / "shell", tmp_path / "chromium"
    shell.touch()
    working.touch()
    monkeypatch.setattr(start, "browser_places", lambda: iter([None, str(tmp_path / "none"), str(shell), str(working)]))
    monkeypatch.setattr(start, "starts", lambda browser: browser != str(shell))
    assert start.find_browser() == str(working)


def test_as_root_on_debian_chromium_is_installed(
    no_browser: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_browser, "is_root", lambda: True)
    monkeypatch.setattr(no_browser.shutil, "which", lambda name: f"/usr/bin/{name}")
    path, reason = no_browser.prepare_browser()
    assert [command[0] for command in commands] == ["apt-get", "apt-get", no_browser.PYTHON]
    assert "chromium" in commands[1]
    assert not path
    assert reason


def test_elsewhere_playwright_fetches_a_browser(no_browser: ModuleType, commands: list[list[str]]) -> None:
    no_browser.prepare_browser()
    assert commands == [[no_browser.PYTHON, "-m", "playwright", "install", "chromium"]]


def test_a_browser_that_is_there_is_used_and_nothing_installed(
    no_browser: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_browser, "find_browser", lambda: "/opt/chrome")
    monkeypatch.setenv("FLOWLAB_BROWSER", "")
    _, command = no_browser.browser_stage()
    assert command[1:5] == ["-m", "pytest", "-m", "browser"]
    assert os.environ["FLOWLAB_BROWSER"] == "/opt/chrome"
    assert not commands


def test_without_a_browser_the_stage_fails_and_says_what_to_type(
    no_browser: ModuleType, commands: list[list[str]]
) -> None:
    _, command = no_browser.browser_stage()
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1
    assert "sudo apt install chromium" in done.stdout
    assert "playwright install" in done.stdout
    assert "start.py test --without-browser" in done.stdout


def test_the_tests_can_leave_the_browser_out(
    start: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(start, "check_python", lambda: None)
    monkeypatch.setattr(start, "prepare", ran.extend)
    monkeypatch.setattr(start, "run_stages", lambda stages: ran.extend(name for name, _ in stages))
    monkeypatch.setattr(start, "find_browser", lambda: "/opt/chrome")
    monkeypatch.setenv("FLOWLAB_BROWSER", "")
    monkeypatch.setattr(sys, "argv", ["start.py", "test", "--without-browser"])
    start.main()
    assert "browser" not in ran
    assert start.BROWSER_STAGE not in ran
    monkeypatch.setattr(sys, "argv", ["start.py", "test"])
    start.main()
    assert "browser" in ran
    assert start.BROWSER_STAGE in ran
