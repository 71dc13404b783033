"""`%%flow` and `%flow` in a shell, without a browser."""

import re
import traceback

import pytest

import flowlab as tf
from flowlab._src.lab.magics import FlowMagics
from flowlab._src.lab.options import FlowUsageError, cell_parser

FIVE = """
a, b = tf.constant(5.0, name="a"), tf.constant(3.0, name="b")
c, d = tf.multiply(a, b, name="c"), tf.add(a, b, name="d")
e = tf.add(c, d, name="e")
"""
TRAIN = """
x = tf.placeholder(tf.float32, name="x")
w = tf.Variable(5.0, name="w")
loss = tf.square(w * x, name="loss")
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(3):
        sess.run(train, {x: 1.0})
"""


def test_without_options_it_runs_shows_the_value_and_counts_the_operations(run):
    outcome = run("%%flow" + FIVE + "e.name")
    assert re.fullmatch(r"Out\[1\]: 'e:0'\n\+5 operations\n", outcome.text)


def test_the_graph_is_fresh_in_each_cell_and_stays_the_default(run):
    run("%%flow\ntf.constant(1.0)")
    run("%%flow" + FIVE)
    assert len(tf.get_default_graph().get_operations()) == 5
    assert run("tf.Session().run(e)").value == 23.0


def test_keep_adds_to_the_graph_that_is_there(run):
    run("%%flow" + FIVE)
    outcome = run("%%flow --keep\nf = tf.identity(e, name='f')")
    assert outcome.text == "+1 operation, 6 operations in the graph\n"


def test_a_name_binds_the_graph(run, shell):
    run("%%flow mine\ntf.constant(1)")
    assert shell.user_ns["mine"] is tf.get_default_graph()
    assert isinstance(run("%%flow 3x\n1").error, FlowUsageError)


def test_graph_draws_what_the_cell_built(run):
    outcome = run("%%flow --graph" + FIVE)
    (bundle,) = outcome.shown
    assert bundle["text/plain"].startswith("graph of 5 operations\n  a  Const = 5.0")
    assert "<svg" in bundle["image/svg+xml"]


def test_picture_options_reach_the_picture(run):
    code = "with tf.name_scope('s'):\n    tf.constant(1.0)\ntf.constant(2.0)\ntf.constant(3.0)\ntf.constant(4.0)"
    assert re.search("\n  s/ +Const\n", run(f"%%flow -g\n{code}").shown[0]["text/plain"])
    assert "    Const  Const = 1.0" in run(f"%%flow -g --expand s\n{code}").shown[0]["text/plain"]
    assert "    Const  Const = 1.0" in run(f"%%flow -g -d 1\n{code}").shown[0]["text/plain"]
    assert "s/" not in run(f"%%flow -g --hide s\n{code}").shown[0]["text/plain"]
    narrow, wide = (run(f"%%flow -g --zoom {zoom}\n{code}").shown[0]["image/svg+xml"] for zoom in (1, 1.8))
    assert re.search(r' width="([\d.]+)"', narrow)[1] != re.search(r' width="([\d.]+)"', wide)[1]


def test_run_prints_values_of_expressions_and_nodes(run):
    assert run("%%flow --run e" + FIVE).text == "e = 23.0\n"
    assert run("%%flow --run c,d" + FIVE).text == "c = 15.0\nd = 8.0\n"
    assert run("%%flow --run c:0,d" + FIVE).text == "c:0 = 15.0\nd = 8.0\n"
    assert run("%%flow --run [c,d]" + FIVE).text == "c = 15.0\nd = 8.0\n"


def test_run_initializes_variables_and_feeds(run):
    code = "x = tf.placeholder(tf.float32)\nw = tf.Variable(3.0)\ny = x * w"
    outcome = run(f'%%flow --run y --feed "{{x: 2.0}}"\n{code}')
    assert outcome.text == "y = 6.0\n"
    nodes = [op.type for op in tf.get_default_graph().get_operations()]
    assert "NoOp" not in nodes  # running adds nothing to the graph
    assert isinstance(run(f"%%flow --run y --feed 3\n{code}").error, FlowUsageError)


def test_seed_makes_the_cell_repeatable(run):
    code = "r = tf.random_uniform([], -10, 10)"
    first, second = (run(f"%%flow --seed 2 --run r\n{code}").text for _ in range(2))
    assert first == "r = -4.007516\n"
    assert second == f"replaces the 7 operations of this cell's last run\n{first}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--grap", "%%flow has no option --grap. Did you mean '--graph'?"),
        ("--dept=2", "%%flow has no option --dept=2. Did you mean '--depth'"),
        ("--depth -1", "%%flow: --depth/-d: -1 is below 0"),
        ("--depth two", "%%flow: --depth/-d: invalid level value: 'two'"),
        ("--zoom 100", "%%flow: --zoom: 100 is not between 0.2 and 5"),
        ("--run", "%%flow: --run/-r: expected one argument"),
        ("mine too", "%%flow: nothing to do with 'too'. Values with spaces need quotes"),
        ('--feed "{x', "a quotation mark in"),
        ("--expand convv -g", "No name scope to open fits 'convv'"),
        ("--run lss", "--run lss: the cell has no tensor or operation of that name. Did you mean 'loss'"),
    ],
)
def test_wrong_options_fail_the_cell_and_say_what_is_right(run, line, message):
    error = run(f"%%flow {line}\nloss = tf.constant(1.0, name='loss')").error
    assert isinstance(error, ValueError)
    assert message in str(error)


def test_an_error_shows_the_line_of_the_student_and_the_cell(run, shell):
    run("x = 0")
    outcome = run("%%flow\ny = 1\nz = y / x\n")
    assert isinstance(outcome.error, ZeroDivisionError)
    last = traceback.extract_tb(outcome.error.__traceback__)[-1]
    assert (last.lineno, last.line) == (3, "z = y / x")
    assert shell.compile.format_code_name(last.filename) == ("Cell", "In[2]")


def test_nodes_know_the_cell_they_were_made_in(run):
    run("1 + 1")
    run("%%flow\n\nk = tf.constant(1.0, name='k')")
    assert tf.get_default_graph().get_operation_by_name("k").site.describe() == "cell [2], line 3"


def test_magic_lines_and_semicolons_work_in_the_body(run):
    assert run("%%flow\nresult = %sx echo\n1 + 1;").text == "+0 operations\n"
    assert run("%%flow\n'a;'  # not at the end;").text == "Out[2]: 'a;'\n+0 operations\n"


def test_plot_takes_the_named_tensors_along_at_each_training_step(run):
    outcome = run("%%flow --plot loss" + TRAIN + "float(sess.graph is w.graph)")
    assert outcome.error is None
    plot = run("%flow plot").value
    assert plot.steps("loss").tolist() == [1, 2, 3]
    assert plot.values("loss") == pytest.approx([25.0, 16.0, 10.24], rel=1e-5)


def test_plot_compiles_one_plan_for_all_steps_and_leaves_sessions_as_they_were(run, shell):
    plain = tf.Session.run
    run(
        "%%flow --plot loss,w"
        + TRAIN.replace("with tf.Session() as sess:", "sess = tf.Session()\nif True:")
        + "    got = sess.run(train, {x: 1.0})\n"
    )
    assert tf.Session.run is plain
    assert shell.user_ns["got"] is None
    assert len(shell.user_ns["sess"]._prepared) == 2  # the initial values, the training steps
    shell.user_ns["sess"].close()


def test_plot_lets_the_program_have_the_results_it_asked_for(run, shell):
    run("%%flow --plot loss" + TRAIN + "    got = sess.run([train, {'loss': loss}], {x: 1.0})\n")
    assert shell.user_ns["got"][0] is None
    assert shell.user_ns["got"][1]["loss"] == pytest.approx(6.5536, rel=1e-5)
    assert len(run("%flow plot").value.values("loss")) == 4


def test_plot_leaves_other_runs_alone(run):
    run("%%flow --plot loss" + TRAIN + "    value = sess.run(loss, {x: 2.0})\n")
    assert len(run("%flow plot").value.values("loss")) == 3


def test_plot_of_an_unknown_name_is_an_error(run):
    error = run("%%flow --plot lss" + TRAIN).error
    assert isinstance(error, FlowUsageError)
    assert "--plot lss: the cell has no tensor of that name" in str(error)


def test_reset_in_the_body_is_no_error(run):
    outcome = run("%%flow\ntf.reset_default_graph()\ntf.constant(1.0)\nNone")
    assert outcome.error is None
    assert outcome.text == "+1 operation\n"


def test_a_session_with_a_graph_of_its_own_does_not_stop_the_cell(run):
    run("g = tf.Graph()\nsess = tf.InteractiveSession(graph=g)")
    outcome = run("%%flow" + FIVE)
    assert outcome.text == "+5 operations\n"
    run("sess.close()")


def test_flow_line_actions(run):
    run("%%flow" + FIVE)
    assert run("%flow summary").text.startswith("graph of 5 operations\n")
    assert str(run("%flow graph --hide Const").value).startswith("graph of 3 operations")
    run("%flow reset")
    assert tf.get_default_graph().get_operations() == []
    run("%flow theme dark")
    assert "#1b1d22" in run("%flow graph").value.svg()
    assert str(run("%flow theme dar").error) == "%flow has no theme 'dar'. Did you mean 'dark'?"
    assert str(run("%flow sumary").error) == "%flow has no action 'sumary'. Did you mean 'summary'?"
    assert (
        str(run("%flow").error)
        == "%flow needs an action: one of graph, step, summary, plot, reset, theme, projector, doctor, lint, trace, as-tensorflow."
    )
    assert "there is no plot yet" in str(run("%flow plot").error)


def test_trace_shows_and_hides_the_frames_of_the_library(run, shell, capsys):
    fail = "x = tf.placeholder(tf.float32, [3], name='x')\ntf.Session().run(x, {x: [1.0]})"
    assert run("%flow trace on").text == "tracebacks show the frames inside flowlab, too\n"
    shell.run_cell(fail)
    assert "feed.py" in capsys.readouterr().out
    assert run("%flow trace off").text == "tracebacks show your own lines only\n"
    shell.run_cell(fail)
    printed = capsys.readouterr().out
    assert "feed.py" not in printed
    assert "tf.Session().run(x, {x: [1.0]})" in printed
    assert str(run("%flow trace yes").error) == "%flow trace takes on or off, not 'yes'."


def test_projector_makes_all_pictures_larger_and_lines_thicker(run):
    def widths(picture):
        svg = picture.svg()
        return float(re.search(r' width="([\d.]+)"', svg)[1]), {
            float(n) for n in re.findall(r'stroke-width="([\d.]+)"', svg)
        }

    run("%%flow\nv = tf.Variable(1.0)\nw = v * 2.0")
    show = ("%flow graph", "%flow step w", "tf.lab.plot('loss')")
    before = [widths(run(code).value) for code in show]
    run("%flow projector")
    after = [widths(run(code).value) for code in show]
    run("%flow projector off")
    assert [widths(run(code).value) for code in show] == before
    for (width, lines), (wide, thick) in zip(before, after, strict=True):
        assert wide == pytest.approx(width * 1.8 / 1.3, rel=1e-3)
        assert max(thick) == pytest.approx(max(lines) * 1.6, rel=0.02)
    assert str(run("%flow projector maybe").error) == "%flow projector takes on or off, not 'maybe'."


@pytest.mark.parametrize("magic", ["%%flow", "%flow"])
def test_help_by_a_question_mark(shell, magic, capsys, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.core.page.page", lambda text, *args, **options: shown.append(str(text)))
    shell.run_cell(f"{magic}?")
    text = "".join(shown) + capsys.readouterr().out
    assert ("--step FETCH" if magic == "%%flow" else "%flow doctor") in text


def test_help_names_every_action():
    from flowlab._src.lab.magics import ACTIONS

    assert all(f"%flow {action}" in FlowMagics.flow_line.__doc__ for action in ACTIONS)


def test_help_names_every_option():
    words = FlowMagics.flow.__doc__
    assert all(re.search(rf"(^|\W){name}\b", words) for name in cell_parser().names())


def offers(shell, cell, line=None):
    """What Tab offers at the end of the first line of a cell."""
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return [completion.text for completion in shell.Completer.completions(cell, len(cell.split("\n")[0]))]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("%%flow --g", ["--graph"]),
        ("%%flow --graph --st", ["--step", "--static"]),
        ("%flow th", ["theme"]),
        ("%flow theme d", ["dark"]),
        ("%flow trace o", ["on", "off"]),
        ("%flow projector of", ["off"]),
        ("%flow lint off FL10", ["FL103", "FL106"]),
        ("%flow graph --fo", ["--forward"]),
        ("%flow graph --expand la", ["layer"]),
        ("%flow graph --hide Mat", ["MatMul"]),
        ("%flow step los", ["loss"]),
        ("%flow step --fe", ["--feed"]),
        ("%%flow --plot x,los", ["loss"]),
    ],
)
def test_completion_offers_options_and_names(shell, run, line, wanted):
    run(
        "%%flow\nwith tf.name_scope('layer'):\n    x = tf.ones([2, 2])\n    y = tf.matmul(x, x)\nloss = tf.reduce_sum(y)"
    )
    found = offers(shell, line)
    assert set(wanted) <= set(found)
    assert all(text.startswith(wanted[0][:1]) for text in found)


def test_completion_knows_what_the_cell_is_going_to_build(shell):
    cell = "%%flow --graph --step \na, b = tf.constant(1.0), tf.constant(2.0)\ntotal = tf.add(a, b, name='sum')\na == b"
    assert offers(shell, cell)[:4] == ["a", "b", "total", "sum"]


def test_completion_of_plain_python_is_as_ever(shell):
    assert "print" in offers(shell, "pri")
    assert "isinstance" in offers(shell, "isin")


def test_unloading_takes_the_magics_away(shell, run):
    run("%unload_ext flowlab")
    from flowlab._src.lab import magics

    magics.unload_ipython_extension(shell)
    assert "flow" not in shell.magics_manager.magics["cell"]
    magics.load_ipython_extension(shell)


def test_tracebacks_leave_out_the_frames_of_the_library(shell, run, capsys):
    shell.run_cell("import flowlab as tf\nx = tf.placeholder(tf.float32, [3], name='x')")
    capsys.readouterr()
    shell.run_cell("with tf.Session() as sess:\n    sess.run(x, {x: [1.0]})")
    printed = capsys.readouterr().out
    assert "Cannot feed value of shape (1,) for Tensor 'x:0', which has shape '(3,)'" in printed
    assert "sess.run(x, {x: [1.0]})" in printed
    assert "runtime" not in printed


def test_tracebacks_of_a_flow_cell_begin_with_its_own_line(shell, capsys):
    shell.run_cell("import flowlab as tf")
    capsys.readouterr()
    shell.run_cell("%%flow\na = tf.constant([1, 2])\nb = tf.constant(1.5)\nc = a + b")
    printed = capsys.readouterr().out
    assert "c = a + b" in printed
    assert "run_cell_magic" not in printed


def test_an_error_inside_the_library_alone_keeps_its_frames():
    from flowlab._src.lab.tracebacks import own_frames

    assert own_frames(None) is None


def test_as_tensorflow(run):
    try:
        said = run("%flow as-tensorflow").text
        assert said == "import tensorflow as tf now gives flowlab; restart the kernel to undo this\n"
        assert run("import tensorflow\ntensorflow.__name__").value == "flowlab"
    finally:
        tf.uninstall_as_tensorflow()
