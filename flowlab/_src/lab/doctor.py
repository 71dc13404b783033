"""`%flow doctor`: what this installation can do, what is wrong with it, and what to type against it."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from flowlab._src.kernels import compiling, jit, threads
from flowlab._src.kernels.machine_code import store
from flowlab._src.lab.live import in_kernel, shell
from flowlab._src.util.export import export
from flowlab._src.util.paths import datasets_folder
from flowlab._src.util.version import VERSION, __version__

OK, NOTE, WRONG = "ok", "note", "wrong"
SIGNS = {OK: "✓", NOTE: "·", WRONG: "✗"}

OLDEST_PYTHON = (3, 11)
# What flowlab needs and from which version on, as in pyproject.toml; the first two parts of a version count.
NEEDED = {
    "numpy": (2, 0),
    "numba": (0, 61),
    "matplotlib": (3, 9),
    "jupyterlab": (4, 2),
    "ipywidgets": (8, 1),
    "anywidget": (0, 9),
    "protobuf": (4, 25),
    "crc32c": (2, 7),
}
WITHOUT = {  # what still works without a package
    "numba": "large calculations use NumPy alone: slower, the same results",
    "anywidget": "pictures do not move: no clicks, no stepper buttons",
    "ipywidgets": "pictures do not move: no clicks, no stepper buttons",
    "jupyterlab": "fine in other notebooks and editors",
}


@dataclass
class Check:
    """One line of the report.

    Attributes
    ----------
    state : {"ok", "note", "wrong"}
    subject, found : str
    advice : str
        What to type, for what is wrong.
    """

    state: str
    subject: str
    found: str
    advice: str = ""

    def text(self) -> str:
        line = f"{SIGNS[self.state]} {self.subject:<10} {self.found}"
        return f"{line}\n             type:  {self.advice}" if self.advice else line


class Report(list[Check]):
    """All checks; prints as a table."""

    def __str__(self) -> str:
        wrong = sum(check.state == WRONG for check in self)
        end = "all is well" if not wrong else "1 thing is wrong" if wrong == 1 else f"{wrong} things are wrong"
        return "\n".join([*(check.text() for check in self), end])

    __repr__ = __str__


def install(*packages: str) -> str:
    """The line that installs packages into the environment of this kernel."""
    return f"%pip install -U {' '.join(packages)}" if shell() is not None else f"pip install -U {' '.join(packages)}"


def version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def parts_of(version: str) -> tuple[int, ...]:
    """The first two numbers of a version."""
    numbers = [int("".join(char for char in part if char.isdigit()) or 0) for part in version.split(".")[:2]]
    return tuple([*numbers, 0, 0][:2])


def check_versions() -> Iterator[Check]:
    """Python, flowlab, and the packages it needs."""
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield Check(WRONG, "Python", f"{python}: flowlab needs 3.11 or newer", "python3 start.py")
    else:
        yield Check(OK, "Python", f"{python}, {sys.executable}")
    yield Check(OK, "flowlab", f"{__version__}, speaking TensorFlow {VERSION}; {Path(__file__).parents[3]}")
    good = []
    for package, least in NEEDED.items():
        found = version_of(package)
        if found is None:
            lacking = WITHOUT.get(package, "flowlab needs it")
            state = NOTE if package == "jupyterlab" else WRONG
            yield Check(state, package, f"not installed: {lacking}", install(package) if state == WRONG else "")
        elif parts_of(found) < least:
            wanted = ".".join(map(str, least))
            yield Check(WRONG, package, f"{found}: {wanted} or newer is needed", install(f"'{package}>={wanted}'"))
        else:
            good.append(f"{package} {found}")
    yield Check(OK, "packages", ", ".join(good))


def check_compiler() -> Iterator[Check]:
    """Numba's machine code: whether it is used, and where it is kept."""
    if compiling.policy() == compiling.NEVER:
        off = "NUMBA_DISABLE_JIT" if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0") else "FLOWLAB_NUMBA"
        yield Check(NOTE, "compiler", f"switched off by {off}={os.environ.get(off)}: NumPy does all the work")
        return
    folder = store.writable()
    kept = store.files()
    if folder is None and not kept:
        yield Check(
            WRONG,
            "compiler",
            "no folder for machine code can be written: it is compiled anew in each session",
            "%env NUMBA_CACHE_DIR=/a/folder/of/yours",
        )
        return
    failed = [name for name, word in jit.status().items() if word.startswith("failed")]
    if failed:
        yield Check(
            WRONG,
            "compiler",
            f"could not compile {', '.join(failed[:3])}: NumPy does their work",
            f"import shutil; shutil.rmtree({str(folder)!r})  # then restart the kernel",
        )
    where = f"in {folder}" if folder is not None else f"in {kept[0].parent}, which cannot be written to"
    if not kept:
        more = "it fills when large arrays are used, or at once: !python -m flowlab warm"
        yield Check(OK, "compiler", f"cache empty, {where}; {more}")
        return
    size = sum(path.stat().st_size for path in kept) / 1e6
    ready = sum(word == "compiled" for word in jit.status().values())
    used = f"; {ready} in use now" if ready else ""
    yield Check(OK, "compiler", f"cache of {len(kept)} compiled loops, {size:.1f} MB, {where}{used}")


def check_threads() -> Iterator[Check]:
    """How many cores are there, and how many are used."""
    here, used = threads.cores(), threads.threads()
    whole = os.cpu_count() or here
    limit = f" of {whole} in this computer (this process may use no more)" if here < whole else ""
    if used < here and not os.environ.get("FLOWLAB_THREADS"):
        yield Check(NOTE, "threads", f"{used} of {here} cores used{limit}")
    elif used < here:
        yield Check(NOTE, "threads", f"{used} of {here} cores used, as FLOWLAB_THREADS says{limit}")
    else:
        yield Check(OK, "threads", f"{used}{limit}" if limit else f"{used}, one for each core")


def check_page() -> Iterator[Check]:
    """Whether pictures can live on the page."""
    if not in_kernel():
        yield Check(NOTE, "widgets", "no notebook here: pictures are saved with .save('graph.svg')")
        return
    forced = os.environ.get("FLOWLAB_LIVE")
    if forced == "0":
        yield Check(NOTE, "widgets", "switched off by FLOWLAB_LIVE=0: pictures stay still")
        return
    try:
        import anywidget
    except ImportError as error:
        yield Check(WRONG, "widgets", f"anywidget cannot be loaded ({error})", install("anywidget"))
        return
    kernel = version_of("ipykernel") or "?"
    yield Check(
        OK,
        "widgets",
        f"anywidget {anywidget.__version__}, ipykernel {kernel}; if a picture stays still, reload the page",
    )


def check_data() -> Iterator[Check]:
    """Whether the data sets are complete and unharmed."""
    try:
        folder = datasets_folder()
    except FileNotFoundError as error:
        yield Check(WRONG, "datasets", str(error).partition(".")[0], install("--force-reinstall", "flowlab"))
        return
    harmed, names = [], []
    for sums in sorted(folder.glob("*/SHA256SUMS")):
        names.append(sums.parent.name)
        for line in sums.read_text(encoding="utf-8").splitlines():
            wanted, _, name = line.partition(" ")
            path = sums.parent / name.strip(" *")
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
                harmed.append(f"{sums.parent.name}/{path.name}")
    if harmed:
        yield Check(
            WRONG, "datasets", f"missing or changed: {', '.join(harmed)}", install("--force-reinstall", "flowlab")
        )
    else:
        yield Check(OK, "datasets", f"{', '.join(names) or 'none'}: complete, in {folder}")


def check_names() -> Iterator[Check]:
    """What `import tensorflow` gives."""
    taken = sys.modules.get("tensorflow")
    if taken is not None and taken.__name__.partition(".")[0] == "flowlab":
        yield Check(OK, "tensorflow", "import tensorflow as tf gives flowlab")
    elif taken is not None:
        yield Check(
            NOTE,
            "tensorflow",
            f"{getattr(taken, '__version__', '')} itself is loaded: its tensors do not mix with flowlab's",
        )


CHECKS: tuple[Callable[[], Iterator[Check]], ...] = (
    check_versions,
    check_compiler,
    check_threads,
    check_page,
    check_data,
    check_names,
)


@export("lab.doctor")
def doctor() -> Report:
    """Look at this installation: versions, compiled loops, threads, widgets, data sets.

    Returns
    -------
    Report
        A list of checks, each with `state` ("ok", "note", "wrong"), `subject`, `found` and `advice`, what to type. It
        prints as a table.

    Examples
    --------
    >>> report = tf.lab.doctor()
    >>> [check.subject for check in report if check.subject == "Python"]
    ['Python']
    """
    report = Report()
    for check in CHECKS:
        try:
            report.extend(check())
        except Exception as error:  # whatever is broken, the other checks still help
            subject = check.__name__.removeprefix("check_")
            report.append(Check(WRONG, subject, f"could not be checked: {type(error).__name__}: {error}"))
    return report
