"""The generator of the public modules, on small projects written for the test and on this one."""

import importlib
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from flowlab._src.dev import facade
from flowlab._src.graph import registry

ROOT = Path(__file__).parents[2]
MARK = "from flowlab._src.util.export import export\n"


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Write modules of ``flowlab/_src``, each given by its path and its source."""

    def write(**modules: str) -> Path:
        for name, source in modules.items():
            path = tmp_path / "flowlab" / "_src" / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(MARK + textwrap.dedent(source), encoding="utf-8")
        return tmp_path

    return write


def public_names(root: Path) -> dict[str, str]:
    """Public name -> where it is imported from."""
    return {mark.public: f"{mark.module}.{mark.name}" for mark in facade.read_marks(root)}


def test_the_committed_facade_is_current() -> None:
    assert facade.differences(ROOT) == {}


def test_functions_classes_and_values_are_found(project: Callable[..., Path]) -> None:
    root = project(
        ops__linalg="""
        @export("matmul", "linalg.matmul")
        def matmul(a, b): ...

        @export("Graph")
        class Graph:
            def method_without_mark(self): ...

        float32 = export("float32")(object())
        int32: object = export("int32")(object())
        export("nn.again")(matmul)
        """
    )
    assert public_names(root) == {
        "matmul": "flowlab._src.ops.linalg.matmul",
        "linalg.matmul": "flowlab._src.ops.linalg.matmul",
        "Graph": "flowlab._src.ops.linalg.Graph",
        "float32": "flowlab._src.ops.linalg.float32",
        "int32": "flowlab._src.ops.linalg.int32",
        "nn.again": "flowlab._src.ops.linalg.matmul",
    }


def test_a_further_name_leads_to_the_module_of_the_definition(project: Callable[..., Path]) -> None:
    root = project(
        ops__nn='@export("nn.relu")\ndef relu(x): ...\n',
        ops__more='from flowlab._src.ops.nn import relu as rectified\nexport("relu")(rectified)\n',
    )
    assert public_names(root)["relu"] == "flowlab._src.ops.nn.relu"


def test_written_modules_hold_sorted_imports_and_all(project: Callable[..., Path]) -> None:
    root = project(ops__nn='@export("nn.relu", "relu")\ndef relu(x): ...\n@export("nn.elu")\ndef elu(x): ...\n')
    files = facade.wanted_files(root)
    assert set(files) == {"flowlab/__init__.py", "flowlab/nn.py"}
    lines = files["flowlab/nn.py"].splitlines()
    assert lines[0] == facade.HEADER
    assert [line for line in lines if "from flowlab._src.ops" in line] == [
        "    from flowlab._src.ops.nn import elu as elu",
        "    from flowlab._src.ops.nn import relu as relu",
    ]
    assert '"relu": "flowlab._src.ops.nn:relu"' in files["flowlab/nn.py"]
    assert '__all__ = [\n    "elu",\n    "relu",\n]' in files["flowlab/nn.py"]
    assert "from flowlab import nn as nn" in files["flowlab/__init__.py"]


def test_a_namespace_with_namespaces_below_is_a_package(project: Callable[..., Path]) -> None:
    root = project(ops__nn='@export("nn.rnn_cell.LSTMCell")\nclass LSTMCell: ...\n')
    assert set(facade.wanted_files(root)) == {
        "flowlab/__init__.py",
        "flowlab/nn/__init__.py",
        "flowlab/nn/rnn_cell.py",
    }


def test_namespaces_and_names_are_imported_on_first_use_and_for_type_checkers(project: Callable[..., Path]) -> None:
    root = project(
        lab__magics='@export("lab.graph")\ndef graph(): ...\n@export("load_ipython_extension")\ndef load(s): ...\n'
    )
    (root / "course").mkdir()
    (root / "course" / "__init__.py").touch()
    text = facade.wanted_files(root)["flowlab/__init__.py"]
    before, typed = text.split("if TYPE_CHECKING:")
    assert "import lab" not in before
    assert "import load" not in before
    assert "from flowlab import lab as lab" in typed
    assert '"lab": "flowlab.lab"' in before
    assert '"load_ipython_extension": "flowlab._src.lab.magics:load"' in before
    assert '"course": "flowlab.course"' in before
    assert "from flowlab._src.lab.magics import graph as graph" in facade.wanted_files(root)["flowlab/lab.py"]


def test_the_index_names_the_module_of_each_kind_of_operation(project: Callable[..., Path]) -> None:
    root = project(
        ops__base="from flowlab._src.graph.op import Op\nclass Base(Op, abstract=True): ...\nclass Plain: ...\n",
        ops__two="from flowlab._src.ops import base\nfrom flowlab._src.ops.base import Base\n"
        "class One(Base): ...\nclass Two_(base.Base):\n    type = 'Two'\n",
    )
    assert facade.op_modules(root) == {"One": "two", "Two": "two"}
    assert '"Two": "two",' in facade.wanted_files(root)[facade.INDEX]


def test_the_index_knows_every_kind_of_operation() -> None:
    known = set(registry.OPS)
    for kind in known:
        registry.OPS[kind]
    assert set(registry.OPS) == known


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('@export("a", "b")\ndef f(): ...\n@export("b")\ndef g(): ...', r"tf\.b has two definitions: .*:2 and .*:4"),
        ('@export("nn")\ndef f(): ...\n@export("nn.g")\ndef g(): ...', "tf.nn is a namespace too"),
        ("name = 'a'\n@export(name)\ndef f(): ...", "ops.py:3: export takes one or more literal names"),
        ("@export()\ndef f(): ...", "export takes one or more literal names"),
        ('@export("not a name")\ndef f(): ...', "export takes one or more literal names"),
        ('class A:\n    @export("f")\n    def f(self): ...', "ops.py:3: this export mark is not understood"),
        ('a, b = export("f")((1, 2))', "not understood"),
    ],
)
def test_marks_that_cannot_be_followed_are_errors(project: Callable[..., Path], source: str, message: str) -> None:
    root = project(ops=source)
    with pytest.raises(facade.FacadeError, match=message):
        facade.wanted_files(root)


def test_a_module_written_by_hand_is_not_overwritten(project: Callable[..., Path]) -> None:
    root = project(ops='@export("nn.relu")\ndef relu(x): ...')
    (root / "flowlab" / "nn.py").write_text("kept = True\n", encoding="utf-8")
    with pytest.raises(facade.FacadeError, match=r"nn\.py is written by hand"):
        facade.differences(root)


def test_check_reports_and_the_command_mends(project: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    root = project(ops='@export("nn.relu")\ndef relu(x): ...')
    assert facade.main(["--check"], root) == 1
    assert not (root / "flowlab" / "nn.py").exists()
    assert facade.main([], root) == 0
    assert facade.main(["--check"], root) == 0
    project(ops='@export("relu")\ndef relu(x): ...')
    capsys.readouterr()
    assert facade.main([], root) == 0
    assert capsys.readouterr().out.splitlines() == ["flowlab/nn.py: removed", "flowlab/__init__.py: written"]
    assert not (root / "flowlab" / "nn.py").exists()


def test_the_generator_imports_nothing_of_flowlab() -> None:
    script = (
        "import runpy, sys\n"
        "sys.argv = ['facade', '--check']\n"
        f"runpy.run_path({str(ROOT / 'flowlab/_src/dev/facade.py')!r})\n"
        "print([name for name in sys.modules if name.startswith(('flowlab', 'numpy'))])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def facade_modules() -> Iterator[ModuleType]:
    for file in sorted(facade.wanted_files(ROOT).keys() - {facade.INDEX}):
        yield importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def test_every_public_name_exists() -> None:
    missing = [
        f"{m.__name__}.{name}" for m in facade_modules() for name in [*m.__all__, *m._lazy] if not hasattr(m, name)
    ]
    assert missing == []
