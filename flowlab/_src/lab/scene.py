"""From a folded graph to a positioned picture: boxes, lines and words with coordinates.

A scene knows nothing of SVG or matplotlib; both draw the same one. It is built in three steps: size the boxes and lay
out each open scope, innermost first (`Block`); put the blocks in place, outermost first; run the lines and find room
for the words on them.

An edge between operations in different scopes is drawn in pieces, one per scope it passes, which meet at ports on the
borders of the open scopes. All edges from the same neighbour enter a scope by the same port.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flowlab._src.lab.coloring import NO_COLORING, Coloring, Tint
from flowlab._src.lab.edge_words import TITLE_HEIGHT, Word, write_on_lines
from flowlab._src.lab.edges import Bundle, bundle_edges
from flowlab._src.lab.folding import MAIN, SIDE, Folding, fold
from flowlab._src.lab.fonts import text_width
from flowlab._src.lab.labels import FONT, Labels, count
from flowlab._src.lab.layered import Layout, Point, arrange, cycle_edges
from flowlab._src.lab.roles import UPDATE, VARIABLE_TYPES
from flowlab._src.lab.views import GraphView, shape_text

LINE = 17.0  # from one line of text to the next
MARGIN = 16.0
PAD = 14.0  # between the border of an open scope and what is in it
TITLE = TITLE_HEIGHT
MAX_BOXES = 1500
TRAINED = "↻"  # the badge of a variable that an optimizer changes

WORDS = {
    "input": "fed from outside",
    "const": "constant",
    "var": "variable",
    "op": "operation",
    "state": "changes a variable",
    "gradient": "gradients",
    "control": "only an order",
    "scope": "name scope (folded)",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One rectangle: an operation, a folded scope (`is_folded`), or (`is_open`) the frame of an open scope."""

    id: str
    kind: str  # key of WORDS
    title: str
    detail: str
    tip: str
    x: float
    y: float
    width: float
    height: float
    is_folded: bool
    is_open: bool
    level: int
    badge: str = ""
    title_x: float = 0.0  # where the title of an open scope begins
    is_stack: bool = False  # a series of alike boxes
    tint: Tint | None = None
    state: str = ""  # "lit": on the way that is shown; "dim": not on it, not needed


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of an edge, from `source` to `target` (boxes, or ports of the scope it is drawn in)."""

    source: str
    target: str
    points: tuple[Point, ...]
    is_control: bool
    width: float
    has_arrow: bool
    tip: str
    pairs: tuple[tuple[str, str], ...] = ()  # the boxes at the ends of all edges that the line stands for
    state: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """The background of the side column."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One entry of the legend: a small empty box (or line, or badge) and what it means."""

    kind: str
    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Scene:
    """Everything a picture shows, in pixels before zoom."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    words: tuple[Word, ...]
    panel: Panel | None
    legend: tuple[Sample, ...]
    caption: str

    def box(self, identity: str) -> Box:
        return next(box for box in self.boxes if box.id == identity)


@dataclass
class Piece:
    """One line to draw inside one field or scope; several bundles may share it."""

    bundles: list[Bundle] = field(default_factory=list)


@dataclass
class Block:
    """The inside of a field or of an open scope, laid out, in its own coordinates."""

    layout: Layout
    sizes: dict[str, tuple[float, float]]
    origin: Point  # of the layout, inside the block
    width: float
    height: float
    title_x: float = 0.0


def build_scene(
    view: GraphView, depth: int | None = None, expand: Sequence[str] = (), side: bool | None = None
) -> Scene:
    """Lay out the picture of a graph; see `fold` for the arguments.

    Raises
    ------
    ValueError
        If the picture would have more than 1,500 boxes: nobody could read it.
    """
    return scene_of(fold(view, depth, expand, side))


@dataclass(frozen=True, slots=True)
class Emphasis:
    """What a picture brings out: operations that stay as they are while the others step back.

    Attributes
    ----------
    names : frozenset of str
        The operations that stay.
    words : str
        Why, for the caption: "needed for loss".
    is_way : bool
        Whether to draw them and the lines between them heavier.
    """

    names: frozenset[str]
    words: str
    is_way: bool = False


def count_boxes(folding: Folding) -> int:
    """How many boxes a picture would have."""
    return sum(len(inside) for inside in folding.children.values())


def scene_of(folding: Folding, coloring: Coloring = NO_COLORING, emphasis: Emphasis | None = None) -> Scene:
    """Lay out the visible boxes of a folding."""
    boxes = count_boxes(folding)
    if boxes > MAX_BOXES:
        raise ValueError(
            f"This picture would have {boxes:,} boxes, more than anybody can read (the limit is {MAX_BOXES:,}). "
            "Open fewer scopes: give a smaller depth, or open single scopes by name with expand."
        )
    return SceneBuilder(folding, coloring, emphasis).build()


class SceneBuilder:
    """Holds what the three steps share."""

    def __init__(self, folding: Folding, coloring: Coloring = NO_COLORING, emphasis: Emphasis | None = None) -> None:
        self.folding = folding
        self.coloring = coloring
        self.emphasis = emphasis
        self.view = folding.view
        self.labels = Labels(folding)
        self.trained: set[str] = set()
        self.links: dict[str, dict[str, None]] = {}  # box -> what to say of its edges to the other field
        self.pieces: dict[str, dict[tuple[str, str], Piece]] = {}  # scope -> (from, to) -> piece
        self.neighbours: dict[str, str] = {}  # port -> the box outside that it leads to
        self.upward: set[str] = set()  # ports of edges that run against the flow
        self.port_order: dict[str, float] = {}
        self.blocks: dict[str, Block] = {}
        self.boxes: list[Box] = []
        self.lines: list[Line] = []
        self.words: list[Word] = []
        self.at: dict[tuple[str, str], Point] = {}  # (scope, item) -> centre in the picture

    def build(self) -> Scene:
        self.note_links()
        for bundle in bundle_edges(self.folding):
            self.cut(bundle)
        width, height, panel = self.lay_out()
        if self.neighbours:  # once more, now that it is known on which side each port's neighbour stands
            where = {item: centre[0] for (_, item), centre in self.at.items()}
            self.port_order = {port: where[box] for port, box in self.neighbours.items() if port in where}
            width, height, panel = self.lay_out()
        for scope in self.pieces:
            self.draw_lines(scope)
        self.write_shapes()
        caption = self.caption()
        width = max(width, text_width(caption, FONT) + 8, 240.0)
        legend, below = self.legend(width, MARGIN + height + 2 * MARGIN)
        self.words.append(Word(MARGIN, below + 4, caption, text_width(caption, FONT)))
        return Scene(
            round(width + 2 * MARGIN, 1),
            round(below + MARGIN, 1),
            tuple(self.boxes),
            tuple(self.lines),
            tuple(self.words),
            panel,
            legend,
            caption,
        )

    def lay_out(self) -> tuple[float, float, Panel | None]:
        """Size and place both fields; return the size of the whole without margins, and the side column."""
        self.boxes.clear()
        self.measure(MAIN)
        main = self.blocks[MAIN]
        self.place(MAIN, MARGIN, MARGIN)
        if SIDE not in self.folding.children:
            return main.width, main.height, None
        self.measure(SIDE)
        side = self.blocks[SIDE]
        x = MARGIN + (main.width + 2 * MARGIN if main.width else 0.0)
        panel = Panel(x, MARGIN, max(side.width, 150.0) + 2 * PAD, side.height + TITLE + 2 * PAD, "beside the model")
        self.place(SIDE, x + PAD, MARGIN + TITLE + PAD)
        return x - MARGIN + panel.width, max(main.height, panel.height), panel

    # --- what is drawn -------------------------------------------------------------------------------------------

    def note_links(self) -> None:
        """Say in the tooltips what runs between the model and the side column; badge the trained variables."""
        chains = self.folding.chains
        for node in self.view.nodes:
            there = chains[node.name]
            for source in dict.fromkeys([name for name, _ in node.inputs]):
                here = chains[source]
                if here[0] == there[0]:
                    continue
                if here[0] == SIDE:
                    self.links.setdefault(there[-1], {})[f"reads {source}"] = None
                elif self.folding.roles[node.name] == UPDATE and self.view.by_name[source].type in VARIABLE_TYPES:
                    self.trained.add(here[-1])
                    self.links.setdefault(here[-1], {})[f"changed by {there[1].rstrip('/')}"] = None
                else:
                    self.links.setdefault(here[-1], {})[f"read by {there[1].rstrip('/')}"] = None

    def cut(self, bundle: Bundle) -> None:
        """Cut a bundle into pieces at the borders of open scopes; edges between the two fields are not drawn."""
        above, below = self.folding.paths[bundle.source], self.folding.paths[bundle.target]
        if above[0] != below[0]:
            return
        common = next(k for k, (a, b) in enumerate(zip(above, below, strict=False)) if a != b)
        pieces = [(above[common - 1], above[common], below[common])]
        for k in range(common, len(above) - 1):
            pieces.append((above[k], above[k + 1], self.port("out", above[k], below[common])))
        for k in range(common, len(below) - 1):
            pieces.append((below[k], self.port("in", below[k], above[common]), below[k + 1]))
        for scope, start, end in pieces:
            self.pieces.setdefault(scope, {}).setdefault((start, end), Piece()).bundles.append(bundle)

    def port(self, way: str, scope: str, neighbour: str) -> str:
        """Where the edges from or to `neighbour`, outside, cross the border of an open scope."""
        outside = self.neighbours.get(neighbour, neighbour)  # seen from inside, a port stands for what is beyond it
        name = f"{way}|{scope}|{outside}"
        self.neighbours[name] = outside
        return name

    # --- sizes ---------------------------------------------------------------------------------------------------

    def measure(self, scope: str) -> tuple[float, float]:
        """Lay out a field or an open scope, after everything inside it; return its size."""
        children = self.folding.children.get(scope, [])
        pieces = list(self.pieces.get(scope, {}))
        ports = [*dict.fromkeys(end for pair in pieces for end in pair if end in self.neighbours)]
        ports.sort(key=lambda port: self.port_order.get(port, 0.0))
        starts = {start for start, _ in pieces}
        # edges come in at the top and go out at the bottom, except those that run upwards outside
        top = frozenset(port for port in ports if (port in starts) != (port in self.upward))
        bottom = frozenset(ports) - top
        items = [*(port for port in ports if port in top), *children, *(port for port in ports if port in bottom)]
        turned = {piece for piece in pieces if not self.upward.isdisjoint(piece)}
        turned |= cycle_edges(items, [piece for piece in pieces if piece not in turned])

        sizes = dict.fromkeys(ports, (4.0, 0.0))
        anchors = {(piece, end): 0.0 for piece in pieces for end in piece if end in self.neighbours}
        beyond = []  # the ports of open scopes in here that the pieces lead to
        for piece in pieces:
            start, end = piece
            if start in children and self.folding.is_open(start):
                beyond.append((piece, start, self.port("out", start, end)))
            if end in children and self.folding.is_open(end):
                beyond.append((piece, end, self.port("in", end, start)))
        for piece, _, port in beyond:
            if piece in turned:
                self.upward.add(port)
            else:
                self.upward.discard(port)
        for box in children:
            sizes[box] = self.measure(box) if self.folding.is_open(box) else self.box_size(box)
        for piece, box, port in beyond:
            anchors[piece, box] = self.port_shift(box, port)
        layout = arrange(
            items,
            sizes,
            pieces,
            top=top,
            bottom=bottom,
            anchors=anchors,
            fixed=frozenset(ports) if self.port_order else frozenset(),
            turned=turned,
            wrap=260.0 if scope == SIDE else 700.0,
        )
        if scope in (MAIN, SIDE):
            block = Block(layout, sizes, (0.0, 0.0), layout.width, layout.height)
        else:
            title = text_width(f"− {self.labels.label(scope)}", FONT, bold=True) + 26
            width = max(layout.width + 2 * PAD, title)
            left, title_x = (width - layout.width) / 2, 12.0
            entries = [left + layout.centres[port][0] for port in top]
            if entries and min(entries) < title:  # an edge would run through the title
                if max(entries) < width - title:
                    title_x = width - title + 14
                else:
                    left, width = left + title - min(entries), width + title - min(entries)
            below = 0.0 if bottom else PAD
            above = TITLE if top else TITLE + 4
            block = Block(layout, sizes, (left, above), width, layout.height + above + below, title_x)
        self.blocks[scope] = block
        return block.width, block.height

    def port_shift(self, scope: str, port: str) -> float:
        """Where a port of a laid-out scope is, as distance from the middle of the scope."""
        block = self.blocks[scope]
        return block.origin[0] + block.layout.centres[port][0] - block.width / 2

    def box_size(self, box: str) -> tuple[float, float]:
        title, detail = self.labels.title(box), self.detail(box)
        text = max(text_width(title, FONT, bold=self.labels.is_folded(box)), text_width(detail, FONT))
        kind = self.labels.kind(box)
        extra = {"input": 36, "const": 26, "state": 30, "scope": 40, "gradient": 40}.get(kind, 24)
        if self.labels.is_folded(box) and kind not in ("scope", "gradient"):
            extra += 16
        tint = self.coloring.tints.get(box)
        if tint is not None and tint.letter:
            extra += 24
        height = 30.0 + (LINE if detail else 0.0) + (10.0 if kind == "var" else 0.0)
        if tint is not None and tint.share is not None:
            height += 10.0  # for the bar
        return round(max(54.0, text + extra), 1), height

    def detail(self, box: str) -> str:
        """The second line of a box: what was measured, where the colours show that."""
        tint = self.coloring.tints.get(box)
        return tint.words if tint is not None and tint.words else self.labels.detail(box)

    def state(self, *boxes: str) -> str:
        """Whether boxes belong to what the picture brings out."""
        if self.emphasis is None:
            return ""
        if not all(any(name in self.emphasis.names for name in self.folding.members[box]) for box in boxes):
            return "dim"
        return "lit" if self.emphasis.is_way else ""

    # --- words ------------------------------------------------------------------------------------------------------

    def tip(self, box: str) -> str:
        """The tooltip: full name, type, size, and edges to the other field.

        Not where the node was made: the number of a cell changes when a notebook is run again, the picture must not.
        """
        node = self.view.by_name.get(box.rstrip("/"))
        names = self.folding.members[box]
        lines = [box.rstrip("/") or box]
        if node is not None:
            specs = ", ".join(f"{out.dtype} {shape_text(out.shape)}" for out in node.outputs[:3])
            lines[0] += f": {node.type}" + (f" → {specs}" if specs else "")
        if len(names) > 1:
            lines.append(count(len(names), "operation"))
        links = list(self.links.get(box, {}))
        return "\n".join([*lines, *links[:6], *(["…"] if len(links) > 6 else [])])

    def caption(self) -> str:
        shown = sum(not self.folding.is_open(box) for inside in self.folding.children.values() for box in inside)
        total = len(self.view.nodes)
        folded = f", drawn as {count(shown, 'box')}" if shown != total else ""
        brought_out = f"; {len(self.emphasis.names):,} of them {self.emphasis.words}" if self.emphasis else ""
        return count(total, "operation") + folded + brought_out

    # --- places --------------------------------------------------------------------------------------------------

    def place(self, scope: str, x: float, y: float, level: int = 0) -> None:
        """Give everything in a laid-out block its coordinates in the picture."""
        block = self.blocks[scope]
        for item, (cx, cy) in block.layout.centres.items():
            cx, cy = x + block.origin[0] + cx, y + block.origin[1] + cy
            self.at[scope, item] = (cx, cy)
            if item not in self.folding.members:
                continue  # a port
            width, height = block.sizes[item]
            is_open = self.folding.is_open(item)
            self.boxes.append(
                Box(
                    item,
                    self.labels.kind(item),
                    self.labels.label(item) if is_open else self.labels.title(item),
                    "" if is_open else self.detail(item),
                    self.tip(item),
                    round(cx - width / 2, 1),
                    round(cy - height / 2, 1),
                    round(width, 1),
                    round(height, 1),
                    self.labels.is_folded(item),
                    is_open,
                    level,
                    TRAINED if item in self.trained else "",
                    round(cx - width / 2 + self.blocks[item].title_x, 1) if is_open else 0.0,
                    item in self.folding.stacks,
                    None if is_open else self.coloring.tints.get(item),
                    self.state(item),
                )
            )
            if is_open:
                self.place(item, cx - width / 2, cy - height / 2, level + 1)

    def draw_lines(self, scope: str) -> None:
        """The pieces inside one scope; pieces that start or end at a port go on to the border."""
        block = self.blocks[scope]
        for (start, end), piece in self.pieces[scope].items():
            route = block.layout.routes[start, end]
            # the layout's own coordinates, moved by where one of its items ended up
            dx = self.at[scope, start][0] - block.layout.centres[start][0]
            dy = self.at[scope, start][1] - block.layout.centres[start][1]
            points = [(x + dx, y + dy) for x, y in route]
            ceiling, floor = dy - block.origin[1], dy - block.origin[1] + block.height
            if start in self.neighbours:
                points.insert(0, (points[0][0], floor if start in self.upward else ceiling))
            if end in self.neighbours:
                points.append((points[-1][0], ceiling if end in self.upward else floor))
            elements = max(bundle.elements for bundle in piece.bundles)
            pairs = tuple((bundle.source, bundle.target) for bundle in piece.bundles)
            states = {self.state(*pair) for pair in pairs}
            self.lines.append(
                Line(
                    start,
                    end,
                    tuple((round(x, 1), round(y, 1)) for x, y in points),
                    all(bundle.is_control for bundle in piece.bundles),
                    line_width(elements),
                    end in self.folding.members and not self.folding.is_open(end),
                    self.line_tip(piece),
                    pairs,
                    next((state for state in ("lit", "") if state in states), "dim"),
                )
            )

    def line_tip(self, piece: Piece) -> str:
        rows = []
        for bundle in piece.bundles[:6]:
            specs = "; ".join(f"{dtype} {shape_text(shape)}" for dtype, shape in list(bundle.specs)[:3])
            rows.append(
                f"{bundle.source.rstrip('/')} → {bundle.target.rstrip('/')}: "
                + ("order only" if bundle.is_control else specs)
                + (f" ({bundle.count} edges)" if bundle.count > 1 else "")
            )
        return "\n".join([*rows, *(["…"] if len(piece.bundles) > 6 else [])])

    def write_shapes(self) -> None:
        """Write shapes on the lines where there is room, one per source and shape."""
        self.words += write_on_lines(self.boxes, self.lines, self.shape_on)

    def shape_on(self, line: Line) -> str:
        """The shape to write on a line: if it carries one shape, and its box does not say it already."""
        if line.is_control or line.source not in self.folding.members:
            return ""
        sources = {source for source, _ in line.pairs}
        if any(self.labels.kind(source) in ("input", "var", "const") for source in sources):
            return ""
        scope = self.folding.paths[line.source][-2]
        specs = {spec: None for bundle in self.pieces[scope][line.source, line.target].bundles for spec in bundle.specs}
        if len(specs) != 1:
            return ""
        (dtype, shape), *_ = specs
        if not shape:
            return ""
        return shape_text(shape) + ("" if dtype == "float32" else f" {dtype}")

    def legend(self, width: float, y: float) -> tuple[tuple[Sample, ...], float]:
        """The meaning of every kind of box and line in the picture, in lines of at most `width`."""
        present = {box.kind for box in self.boxes if not box.is_open}
        entries = [(kind, words) for kind, words in WORDS.items() if kind in present and kind != "scope"]
        if any(box.is_folded for box in self.boxes):
            entries.append(("scope", "folded: more inside"))
        if any(line.is_control for line in self.lines):
            entries.append(("line control", "only an order"))
            entries = [entry for entry in entries if entry[0] != "control"]
        if any(box.is_stack and not box.is_open for box in self.boxes):
            entries.append(("stack", "several alike"))
        if any(box.badge for box in self.boxes):
            entries.append((f"badge {TRAINED}", "trained by the optimizer"))
        if self.emphasis is not None and any(box.state == "dim" for box in self.boxes):
            entries.append(("dim", f"not {self.emphasis.words}"))
        if self.coloring.measured:
            entries.append(("share", self.coloring.measured))
        entries += [(f"tint {tint.hue} {tint.letter}", words) for tint, words in self.coloring.legend]
        samples, x = [], MARGIN
        for kind, text in entries:
            needed = 34 + text_width(text, FONT) + 18
            if x > MARGIN and x + needed > width + MARGIN:
                x, y = MARGIN, y + 24
            samples.append(Sample(kind, text, round(x, 1), round(y, 1)))
            x += needed
        return tuple(samples), y + (28 if samples else 0)


def line_width(elements: int) -> float:
    """Pixels for a tensor of so many elements: 1.2 for a scalar, 6 from about five million on, slowly between."""
    growth = (max(1.0, float(elements)) ** 0.3 - 1) / (5e6**0.3 - 1)
    return float(round(min(6.0, 1.2 + 4.8 * growth), 1))
