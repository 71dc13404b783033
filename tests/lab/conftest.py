"""An IPython shell of our own, in this process, that leaves no trace in the home folder."""

import atexit

import pytest


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A fresh shell with the flow magics loaded."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    import flowlab as tf
    from flowlab._src.lab import magics, settings

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    running = InteractiveShell.instance(config=config)
    running.user_ns["tf"] = tf
    magics.load_ipython_extension(running)
    yield running
    magics.unload_ipython_extension(running)
    running.atexit_operations()
    atexit.unregister(running.atexit_operations)
    InteractiveShell.clear_instance()
    settings.settings.theme = settings.find_theme("light")
    settings.settings.projector = False


@pytest.fixture
def run(shell):
    """Run a cell; return what it printed and showed, and raise what it raised."""
    from IPython.utils.capture import capture_output

    class Outcome:
        def __init__(self, result, captured):
            self.value, self.error = result.result, result.error_before_exec or result.error_in_exec
            self.text = captured.stdout
            self.shown = [output.data for output in captured.outputs]
            self.places = [bool(output.update) for output in captured.outputs]  # whether it replaced an earlier one

    def run_cell(code):
        with capture_output() as captured:
            result = shell.run_cell(code, store_history=True)
        return Outcome(result, captured)

    return run_cell
