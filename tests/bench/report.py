"""The table of results, and the README's performance section made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bench.measure import ONE, TWO, WHOLE
from tests.bench.workloads import WORKLOADS

README = Path(__file__).resolve().parent.parent.parent / "README.md"
BEGIN, END = "<!-- bench:start -->", "<!-- bench:end -->"
SCALE = {"us": 1e6, "us an op": 1e6, "ms": 1e3, "s": 1.0, "MB": 1.0}
HEAD = """\
| workload | flowlab | TensorFlow | PyTorch | over TensorFlow: 2 threads | 1 thread | aim | over PyTorch: 2 threads | 1 thread | aim |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""


def table(results: dict[str, Any]) -> str:
    """The results as Markdown; figures are medians of the wall clock on two threads."""
    return "\n".join([HEAD, *[row(name, result) for name, result in results.items() if name in WORKLOADS]])


def row(name: str, result: dict[str, Any]) -> str:
    """One workload."""
    w = WORKLOADS[name]
    clock = result.get(TWO) or result[WHOLE]
    processor = result.get(ONE) or result.get("cpu") or {"ratio": {}}
    cells = [f"{w.title} ({w.unit})"]
    for lib in ("flowlab", "tensorflow", "torch"):
        value = clock["median"].get(lib)
        cells.append("" if value is None else number(value * SCALE[w.unit]))
    for lib, over, stretch in (("tensorflow", w.over_tensorflow, 0), ("torch", w.over_torch, 1)):
        cells += [times(each["ratio"].get(lib)) for each in (clock, processor)]
        most = w.stretch[stretch]
        aim = times(over) + (f" ({times(most)})" if most else "")
        if lib == "tensorflow" and w.at_most is not None:
            aim += f"; at most {w.at_most:g}"
        cells.append(aim)
    return "| " + " | ".join(cells) + " |"


def number(value: float) -> str:
    """Three digits that count, no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def times(ratio: float | None) -> str:
    """A ratio: above 1, flowlab is faster."""
    return (
        "" if ratio is None else f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.3g}x" if ratio < 2 else f"{ratio:.2g}x"
    )


def note(report: dict[str, Any]) -> str:
    """How the figures came about."""
    versions: dict[str, str] = {}
    for result in report["results"].values():
        for lib, measures in result.get("settings", {}).items():
            for found in measures.values():
                versions[lib] = found["version"] + (f" ({found['blas']})" if found.get("blas") else "")
    pins = ", ".join(f"{key}={value}" for key, value in report["environment"].items()) or "none"
    names = {"flowlab": "flowlab", "tensorflow": "TensorFlow", "torch": "PyTorch"}
    libraries = ", ".join(f"{names[lib]} {version}" for lib, version in versions.items())
    return (
        "Ratios are the peer's time over flowlab's: above 1 flowlab is faster. The libraries take turns, each in a "
        f"process of its own: medians over {report['rounds']} rounds of the least of a block of {report['block']:g} s. "
        "Times and the ratios under `2 threads` are of the wall clock, those under `1 thread` of the processor, which "
        "other programs on the machine hardly disturb. Whole processes set no threads; under `1 thread` stands their "
        "processor time. flowlab's kernels are compiled before steps are timed; "
        "those written for a plan may still be compiled beside the first ones. `aim (with everything tried)`.\n\n"
        f"{report['machine']}, load {report['load']:.1f} at the start; {libraries}; settings of threads and BLAS in the "
        f"environment: {pins}."
    )


def write_readme(text: str) -> None:
    """Put the table between the marks of the README's performance section."""
    content = README.read_text(encoding="utf-8")
    head, rest = content.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    README.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")
