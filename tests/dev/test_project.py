"""What holds for the files of the project as a whole."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from flowlab._src.util import left_out
from flowlab._src.util.version import __version__ as flowlab_version

ROOT = Path(__file__).parents[2]
FOLDERS = [".ci", "course", "datasets", "flowlab", "notebooks", "tests"]
FILES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]


def test_file_names_work_on_every_system() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in FILES]
    assert [name for name in names if re.search(r'[:*?"<>|\\]|[. ]$|[. ]/', name)] == []
    assert [name for name, count in Counter(name.lower() for name in names).items() if count > 1] == []
    assert [path for path in FILES if path.is_symlink()] == []


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    wanted = {re.split(r"[<>=;\[ ]", requirement)[0] for requirement in [*project["dependencies"], *extras]}
    pins = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert all("==" in pin for pin in pins)
    assert wanted <= {pin.split("==")[0] for pin in pins}


def test_the_version_has_an_entry_in_the_changelog() -> None:
    assert f"\n## {flowlab_version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_first_program_of_the_readme_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    program = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[0]
    exec(program, {})
    promised = [line.rsplit("  # ")[1].split(":")[0] for line in program.splitlines() if "print(" in line]
    assert capsys.readouterr().out.splitlines() == promised


def test_the_readme_lists_what_is_left_out() -> None:
    """To bring it up to date: python -m flowlab._src.util.left_out prints the table."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## What is left out\n")[1].split("\n## ")[0]
    assert [line for line in section.splitlines() if line[:1] == "|"] == list(left_out.readme_lines())
