"""A `%%flow` cell that is run again replaces what it built, and says what that meant for others."""

import numpy as np
import pytest

import flowlab as tf
from flowlab._src.graph.removal import Additions, take_out
from flowlab._src.lab.panel import Panel
from flowlab._src.lab.replacing import run_that_made, runs_of
from flowlab._src.lab.views import graph_view

MODEL = """%%flow
x = tf.placeholder(tf.float32, [None, 3], name="x")
with tf.variable_scope("layer"):
    w = tf.get_variable("w", [3, 2], initializer=tf.zeros_initializer())
y = tf.matmul(x, w, name="y")
"""


def names():
    return [op.name for op in tf.get_default_graph().get_operations()]


@pytest.fixture
def cell(shell):
    """Run a cell that has an identity of its own, as those of a notebook page have; return what it printed."""
    from IPython.utils.capture import capture_output

    def run_cell(identity, code):
        with capture_output() as captured:
            result = shell.run_cell(code, store_history=True, cell_id=identity)
        run_cell.error = result.error_before_exec or result.error_in_exec
        return captured.stdout

    return run_cell


def test_a_cell_run_again_builds_the_same_names_in_the_same_graph(cell):
    cell("model", MODEL)
    before, graph = names(), tf.get_default_graph()
    said = cell("model", MODEL)
    assert names() == before
    assert tf.get_default_graph() is graph
    assert said == f"replaces the {len(before)} operations of this cell's last run\n+{len(before)} operations\n"


def test_an_edited_cell_replaces_what_it_built_before_the_edit(cell):
    cell("model", MODEL)
    said = cell("model", "%%flow\nonly = tf.constant(1.0, name='only')")
    assert names() == ["only"]
    assert said.endswith("\n+1 operation\n")


def test_nodes_know_their_cell_and_its_run(cell):
    for _ in range(3):
        cell("model", MODEL)
    run = run_that_made(tf.get_default_graph().get_operation_by_name("y"))
    assert (run.key, run.number, run.run) == ("model", 3, 3)
    assert list(runs_of(tf.get_default_graph())) == ["model"]
    panel = Panel(graph_view(tf.get_default_graph()), tf.get_default_graph())
    places = [record["place"] for record in panel.node_records("y") if record["kind"] == "source"]
    assert places == ["cell [3], run 3, line 5"]
    cell("plain", "z = tf.constant(1.0)")
    assert run_that_made(tf.get_default_graph().get_operations()[-1]) is None


def test_open_sessions_go_on_with_the_values_of_their_variables(cell, shell):
    cell("model", MODEL)
    cell("open", "sess = tf.InteractiveSession()\nsess.run(tf.assign(w, [[1, 2], [3, 4], [5, 6]]));")
    said = cell("model", MODEL)
    assert "layer/w keeps its value in the open session\n" in said
    cell("use", "value = sess.run(y, {x: [[1, 1, 1]]})\nsess.close()")
    assert np.array_equal(shell.user_ns["value"], [[9, 12]])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[3, 2]", "[3, 5]", "layer/w has lost its value, for it was float32 [3,2] and is float32 [3,5]"),
        ("zeros_initializer()", "zeros_initializer(), dtype=tf.float64", "was float32 [3,2] and is float64 [3,2]"),
    ],
)
def test_a_value_that_does_not_fit_any_more_is_dropped_and_it_says_so(cell, shell, old, new, told):
    cell("model", MODEL)
    cell("open", "sess = tf.InteractiveSession()\nsess.run(w.initializer)")
    said = cell("model", MODEL.replace(old, new).replace("x, w", "tf.cast(x, w.dtype.base_dtype), w"))
    assert told in said
    assert "run its initializer again" in said
    cell("use", "sess.run(w)")
    assert isinstance(cell.error, tf.errors.FailedPreconditionError)
    shell.user_ns["sess"].close()


def test_values_outlive_a_run_with_a_mistake(cell, shell):
    cell("model", MODEL)
    cell("open", "sess = tf.InteractiveSession()\nsess.run(tf.assign(w, tf.ones([3, 2])));")
    cell("model", MODEL.replace("tf.placeholder", "tf.plceholder"))
    assert isinstance(cell.error, AttributeError)
    assert "layer/w keeps its value" in cell("model", MODEL)
    cell("use", "value = sess.run(w)\nsess.close()")
    assert shell.user_ns["value"].sum() == 6


def test_what_other_cells_built_on_it_goes_too_and_it_says_which_cells_to_run(cell):
    cell("model", MODEL)
    cell("apart", "alone = tf.constant(2.0, name='alone')")
    cell("loss", "loss = tf.reduce_sum(y, name='loss')\ntrain = tf.train.GradientDescentOptimizer(0.1).minimize(loss)")
    said = cell("model", MODEL).splitlines()
    assert said[1].endswith("built on them: run cell [3] again to have them back")
    assert "of cell [3] (loss, train)" in said[1]
    assert "alone" in names()
    assert "loss" not in names()
    cell("run", "with tf.Session() as sess:\n    sess.run(loss)")
    assert isinstance(cell.error, ValueError)
    notes = "".join(cell.error.__notes__)
    assert "'loss:0', built in cell [3], line 1, is no longer in the graph: cell [4] was run again" in notes
    assert "run cell [3] again" in notes
    cell("mix", "total = loss + tf.constant(1.0)")
    assert "is no longer in the graph" in "".join(cell.error.__notes__)
    cell("feed", "with tf.Session() as sess:\n    sess.run(alone, {loss: 1.0})")
    assert "is no longer in the graph" in "".join(cell.error.__notes__)
    cell("loss", "loss = tf.reduce_sum(y, name='loss')")
    assert cell.error is None
    assert names().count("loss") == 1


def test_the_run_of_a_name_is_planned_anew(cell, shell):
    cell("model", "%%flow\ne = tf.constant(1.0, name='e')")
    cell("open", "sess = tf.InteractiveSession()\nfirst = sess.run('e:0')")
    cell("model", "%%flow\ne = tf.constant(2.0, name='e')")
    cell("again", "second = sess.run('e:0')\nsess.close()")
    assert (shell.user_ns["first"], shell.user_ns["second"]) == (1.0, 2.0)


def test_keep_replaces_its_own_part_of_the_graph_that_is_there(cell):
    cell("model", MODEL)
    cell("more", "%%flow --keep\nz = tf.identity(y, name='z')")
    before = names()
    said = cell("more", "%%flow --keep\nz = tf.identity(y, name='z')")
    assert names() == before
    assert said == "replaces the 1 operation of this cell's last run\n+1 operation, 7 operations in the graph\n"


def test_a_kept_cell_gets_its_values_back_when_it_is_run_after_the_cell_it_builds_on(cell, shell):
    cell("base", "%%flow\nstart = tf.constant([1.0, 2.0], name='start')")
    more = "%%flow --keep\nv = tf.Variable(start, name='v')\nbigger = v.assign_add([1.0, 1.0])"
    cell("more", more)
    cell("open", "sess = tf.InteractiveSession()\nsess.run(v.initializer)\nsess.run(bigger);")
    assert "(v/read, bigger" not in cell("base", "%%flow\nstart = tf.constant([1.0, 2.0], name='start')")
    assert "v keeps its value" in cell("more", more)
    cell("look", "value = sess.run(v)\nsess.close()")
    assert shell.user_ns["value"].tolist() == [2.0, 3.0]


def test_branches_and_loops_go_as_a_whole(cell):
    cell("base", "%%flow\nn = tf.constant(3, name='n')")
    cell(
        "loop", "last = tf.while_loop(lambda i: i < n, lambda i: i + 1, [0])\nc = tf.cond(n > 2, lambda: n, lambda: -n)"
    )
    cell("base", "%%flow\nn = tf.constant(4, name='n')")
    assert names() == ["while/Const", "while/Enter", "Greater/y", "n"]  # numbers that do not depend on n
    cell("loop", "last = tf.while_loop(lambda i: i < n, lambda i: i + 1, [0])\nvalue = tf.Session().run(last)")
    assert cell.error is None


def test_layers_and_optimizers_have_the_names_they_had(cell):
    code = """%%flow
x = tf.placeholder(tf.float32, [None, 4])
h = tf.layers.dense(x, 3, activation=tf.nn.relu)
h = tf.layers.dense(h, 2)
loss = tf.losses.mean_squared_error(tf.zeros_like(h), h)
step = tf.train.get_or_create_global_step()
train = tf.train.AdamOptimizer().minimize(loss, global_step=step)
"""
    cell("net", code)
    before = names()
    kept = {key: len(tf.get_collection(key)) for key in tf.get_default_graph().get_all_collection_keys()}
    cell("net", code)
    assert cell.error is None
    assert names() == before
    assert {key: len(tf.get_collection(key)) for key in tf.get_default_graph().get_all_collection_keys()} == kept


def test_a_graph_that_its_cell_has_locked_is_open_again(cell):
    code = "%%flow\nz = tf.constant(1.0, name='z')\ntf.get_default_graph().finalize()"
    cell("locked", code)
    cell("locked", code)
    assert cell.error is None
    assert tf.get_default_graph().finalized


def test_random_numbers_start_again(cell, shell):
    code = "%%flow --seed 3\nr = tf.random_uniform([], name='r')"
    cell("chance", code)
    cell("open", "sess = tf.InteractiveSession()\nfirst = sess.run(r)")
    cell("chance", code)
    cell("again", "second = sess.run(r)\nsess.close()")
    assert shell.user_ns["first"] == shell.user_ns["second"]


def test_a_mistake_that_stays_is_told_again_and_the_replacement_is_no_mistake(cell):
    code = "%%flow\nx = tf.placeholder(tf.float32, [None], name='x')\nprint(tf.add(x, 1.0))"
    first, second = cell("print", code), cell("print", code)
    assert "FL103" not in second
    assert "FL118" in first
    assert first.split("FL")[1:] == second.replace("cell [2]", "cell [1]").split("FL")[1:]


def test_a_cell_that_resets_the_graph_itself_is_left_alone(cell):
    code = "%%flow\ntf.reset_default_graph()\ntf.constant(1.0)\nNone"
    cell("own", code)
    assert cell("own", code) == "+1 operation\n"


def test_names_and_scopes_of_others_are_kept():
    graph = tf.Graph()
    with graph.as_default():
        part = Additions(graph)
        with tf.name_scope("both"):
            a = tf.constant(1.0, name="a")
        part.end()
        with tf.name_scope("both/"):
            b = tf.constant(2.0, name="b")
        assert take_out(part, "a reason") == [a.op]
        assert [op.name for op in graph.get_operations()] == ["both/b"]
        assert b.op._id == 0
        with tf.name_scope("both"):
            assert tf.constant(1.0, name="a").name == "both_1/a:0"
