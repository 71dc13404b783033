"""`python -m flowlab.course`: the lessons, their notebooks, and what was done so far."""

import argparse
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from flowlab._src.util.paths import PACKAGE, notebooks_folder
from flowlab.course import progress
from flowlab.course.syllabus import Lesson, all_lessons, find_lesson


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m flowlab.course", description="The lessons of flowlab.")
    tasks = parser.add_subparsers(dest="task", metavar="list | reset N | report [FILE ...]")
    tasks.add_parser("list", help="list the lessons and what you have done (also without a word)")
    reset_parser = tasks.add_parser("reset", help="put a fresh copy of a lesson here; yours is kept beside it")
    reset_parser.add_argument("lesson", type=int, metavar="N")
    report_parser = tasks.add_parser("report", help="print progress as a table (CSV)")
    report_parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="progress files; default: yours")
    options = parser.parse_args(arguments)
    try:
        if options.task == "reset":
            print(reset(find_lesson(options.lesson), Path.cwd()))
        elif options.task == "report":
            print(progress.report(options.files or [progress.file()]))
        else:
            print(overview())
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def overview() -> str:
    """One line a lesson."""
    done = progress.read()
    rows = ["  id  minutes  done    lesson"]
    for each in all_lessons():
        solved = sum(bool(row["done"]) for name, row in done.items() if name.split(".")[0] == str(each.id))
        state = f"{solved} of {each.checks}" if each.written else "(to come)"
        rows.append(f"  {each.id:02}  {each.minutes:>7}  {state:<9} {each.title}")
    return "\n".join(rows)


def reset(chosen: Lesson, folder: Path) -> str:
    """Put a lesson into a folder as it was published, keep what was there under a name with the date, and say so."""
    if not (chosen.written or chosen.told):
        raise ValueError(f"Lesson {chosen.id}, {chosen.title}, is not written yet.")
    if (folder / "notebooks" / chosen.notebook).exists():  # started from the folder above the lessons
        folder = folder / "notebooks"
    fresh, target = published(chosen), folder / chosen.notebook
    words = f"{chosen.notebook} is as new."
    if target.exists() and target.read_bytes() != fresh:
        kept = target.with_name(f"{target.stem}_{datetime.now():%Y-%m-%d_%H%M%S}.ipynb")
        shutil.copy2(target, kept)
        words += f" Yours is kept as {kept.name}."
    target.write_bytes(fresh)
    return words


def published(chosen: Lesson) -> bytes:
    """The notebook of a lesson, free of what a learner has written into it."""
    source = notebooks_folder() / chosen.notebook
    if source.parent.parent == PACKAGE:  # installed: learners work on copies
        return source.read_bytes()
    # In a checkout the lesson that learners open is the only copy, but for the one in Git.
    command = ["git", "-C", str(source.parent), "show", f"HEAD:./{source.name}"]
    try:
        return subprocess.run(command, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ValueError(
            f"There is no fresh copy of {source.name} here: this folder is not a Git checkout with that lesson. "
            "Download the project again and take the notebook from there."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
