"""The living stepper: passes buttons and keys on to a `Stepper`, and its state as plain dicts to the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from flowlab._src.lab.step_input import TypedError
from flowlab._src.lab.step_marks import base_drawing
from flowlab._src.lab.step_view import error_text, irreversible_text, moment_text, next_text
from flowlab._src.lab.svg import drawing_svg
from flowlab._src.lab.widgets.assets import script, style
from flowlab._src.lab.widgets.view import ViewWidget
from flowlab._src.runtime.stepper import Moment

HELP = (
    "n next step (a folded loop or branch runs as one) · b back · w walk back from the fetch · o over a loop or branch · "
    "i into it · u out of it · c continue to the selected box · r run to the end or the next breakpoint · x to the first "
    "NaN or Inf · s to the start · v replace the value · p breakpoint on the selected box · t watch it · "
    "arrows: along the edges · Enter opens and closes a scope · + - 0 zoom · Tab leaves the picture"
)


class StepperWidget(ViewWidget):
    """One stepper in a page.

    `scene` holds the drawing and the neighbours of each box, and changes when scopes open; `state` holds all that a step
    changes.
    """

    _esm = script("picture.js", "stepper.js")
    _css = style("picture.css", "stepper.css")

    scene = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    help = traitlets.Unicode(HELP).tag(sync=True)
    follows = traitlets.Bool(False).tag(sync=True)

    def __init__(self, stepper: Any) -> None:
        self.stepper = stepper
        self.is_moving = False  # while a message is handled
        super().__init__(stepper, follows=stepper.follows_page)
        self.lock = stepper.lock
        with self.hold_sync():
            self.draw()
            self.say = stepper.walk_text() + " w walks back, n runs the first operation."
        self.on_msg(self.receive)

    # ---- to the page ----------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Send the picture as it is now, and the state."""
        stepper = self.stepper
        base = base_drawing(stepper.scene, stepper.theme, f"run of {stepper.fetched}")
        self.scene = {"svg": drawing_svg(base, stepper.zoom), "boxes": stepper.explorer.navigation}
        self.refresh()

    def refresh(self) -> None:
        """Send what a step has changed."""
        stepper = self.stepper
        selected = stepper.explorer.selected
        if selected is not None and selected not in stepper.folding.paths:
            stepper.explorer.selected = selected = None
        self.selected = selected
        self.state = stepper.state()

    def redraw_after(self, action: Any) -> Any:
        """Do something; send the picture only if scopes have opened by it."""
        before = self.stepper.explorer.opened
        result = action()
        if self.stepper.explorer.opened != before:
            self.draw()
        else:
            self.refresh()
        return result

    def let_go(self) -> None:
        """The panel follows the run again."""
        self.stepper.selected = None
        self.stepper.explorer.selected = None

    # ---- from the page --------------------------------------------------------------------------------------------

    def answer(self, word: Any, handler: Callable[[str], None], text: str) -> None:
        """Handle one message; what goes wrong is said."""
        with self.hold_sync():
            self.is_moving = True
            try:
                handler(text)
            except TypedError as error:
                self.refresh()
                self.say = f"✗ {error}"
            except Exception as error:  # a session that was closed meanwhile: say so, do not die silently
                self.say = f"✗ {error_text(error)}"
            finally:
                self.is_moving = False
        self.send({"done": word})

    def go(self, action: Any) -> None:
        """Move, and tell what happened and what comes next."""
        before = len(irreversible_text(self.stepper))
        self.let_go()
        moment = self.redraw_after(action)
        self.say = self.words(moment)
        new = irreversible_text(self.stepper)[before:]
        if new:
            self.say += f". Cannot be taken back: {'; '.join(new)}"

    def words(self, moment: Moment | None) -> str:
        stepper = self.stepper
        pause = "paused after many steps; the same key goes on. " if stepper.paused else ""
        stepper.paused = False
        happened = moment_text(moment) if moment is not None else ""
        result = f"; result {stepper.result_text()}" if stepper.result_text() else ""
        return pause + "; ".join(part for part in (happened, next_text(stepper)) if part) + result

    def on_next(self, _text: str) -> None:
        self.go(self.stepper.next)

    def on_back(self, _text: str) -> None:
        """One step back; before the first step, back along the walk from the fetch."""
        self.let_go()
        moment = self.redraw_after(self.stepper.back)
        if moment is not None:
            kept = self.stepper.irreversible
            self.say = f"back before: {moment_text(moment)}" + ("; see what stays done" if kept else "")
        else:
            self.say = self.stepper.walk_text() if self.stepper.walked is not None else "this is the beginning"

    def on_over(self, _text: str) -> None:
        self.go(self.stepper.over)

    def on_into(self, _text: str) -> None:
        self.go(self.stepper.into)

    def on_out(self, _text: str) -> None:
        if self.stepper.depth:
            self.go(self.stepper.out)
        else:
            self.say = "not inside of a loop or branch"

    def on_end(self, _text: str) -> None:
        self.go(self.stepper.finish)

    def on_nan(self, _text: str) -> None:
        stepper = self.stepper
        self.go(stepper.run_to_nan)
        if stepper.finished and not (stepper.past and stepper.past[-1].kind == "error"):
            last = stepper.past[-1] if stepper.past else None
            self.say = ("" if last is None else "no NaN or Inf up to the end; ") + self.say

    def on_start(self, _text: str) -> None:
        self.let_go()
        self.redraw_after(self.stepper.restart)
        self.say = "back at the start; variables have the values from before the run"

    def on_walk(self, _text: str) -> None:
        self.let_go()
        self.say = self.redraw_after(self.stepper.walk_back)

    def on_continue(self, box: str) -> None:
        """Run until the operation of a box has run, or one of a folded scope."""
        name = self.name_of(box)
        if name is None:
            self.say = "select a box first: the run goes on until it has run"
            return
        operations = [op for op in self.stepper.needed if op.name == name or op.name in self.inside(box)]
        last = next((op for op in operations if op.name == name), operations[-1] if operations else None)
        if last is None:
            self.say = f"{name} is not needed for this run"
            return
        self.go(lambda: self.stepper.run_to(last))

    def name_of(self, box: str) -> str | None:
        explorer = self.stepper.explorer
        if box not in explorer.folding.paths:
            return None
        return explorer.operation(box) or box.rstrip("/")

    def inside(self, box: str) -> list[str]:
        return self.stepper.folding.members.get(box, [])

    def on_select(self, box: str) -> None:
        explorer = self.stepper.explorer
        explorer.selected = box if box in explorer.folding.paths else None
        self.stepper.selected = explorer.operation(box) if explorer.selected is not None else None
        self.refresh()
        if explorer.selected is not None:
            mark = self.stepper.marks(self.stepper.snapshot()).get(box)
            state = f", {mark.state if mark.state != 'nan' else 'NaN or Inf'}" if mark is not None else ""
            value = f", value {mark.value}" if mark is not None and mark.value else ""
            self.say = explorer.navigation[box]["label"] + state + value

    def on_open(self, box: str) -> None:
        explorer = self.stepper.explorer
        if box in explorer.folding.paths:
            explorer.selected = box
            words = explorer.toggle(box)
            self.draw()
            self.say = words

    def on_go(self, name: str) -> None:
        """Follow a link to an operation."""
        box = self.stepper.explorer.reveal(name)
        if not box:
            self.say = f"{name} is not in this picture"
            return
        self.stepper.explorer.selected, self.stepper.selected = box, name
        self.draw()
        self.say = f"at {name}"

    def on_override(self, text: str) -> None:
        """Replace the value of the operation in the panel."""
        name = self.stepper.current()
        if name is not None:
            words = self.stepper.override_typed(name, text)
            self.refresh()
            self.say = words

    def on_break(self, text: str) -> None:
        words = self.stepper.break_typed(text)
        self.refresh()
        self.say = words

    def on_pause(self, box: str) -> None:
        """A breakpoint on the selected box; the second time takes it away."""
        name = self.name_of(box)
        self.on_break(name) if name is not None else setattr(self, "say", "select a box first")

    def on_drop(self, number: str) -> None:
        if number.isdigit() and int(number) < len(self.stepper.breaks):
            self.stepper.drop_breakpoint(int(number))
            self.refresh()

    def on_watch(self, box: str) -> None:
        """Put the operation of a box on the watch list; the second time takes it off."""
        name = self.name_of(box) or self.stepper.current()
        if name is None:
            return
        try:
            tensor = self.stepper._tensor(name)
        except (KeyError, IndexError):
            self.say = f"{name} has no value to watch"
            return
        if tensor in self.stepper.watched:
            self.stepper.unwatch(tensor)
        else:
            self.stepper.watch(tensor)
        self.refresh()
        self.say = f"{'watching' if tensor in self.stepper.watched else 'no longer watching'} {name}"

    def on_unwatch(self, name: str) -> None:
        if any(tensor.name == name for tensor in self.stepper.watched):
            self.stepper.unwatch(name)
            self.refresh()
