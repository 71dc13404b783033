// Shared by the widgets: shows an SVG that Python drew, moves a focus through its boxes, and puts marks on them.
// Names of operations are any text a program chose, so they are set as textContent and never as HTML.

const SVG_TAGS = new Set(["svg", "g", "rect", "path", "circle", "text", "title"]);
const SMALLEST = 0.7; // a picture shrinks to make room for its panel, until letters of 13 pixels are 9 pixels high
const SIDE_WIDTH = 350; // pixels of the panel, as in picture.css

// An element with a class, a text and attributes: make("button", "flow-button", "Step", {title: "n"})
function make(tag, className = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// A long name that may break after each slash.
function setName(element, name) {
  element.replaceChildren();
  for (const part of name.split(/(?<=\/)/)) element.append(part, document.createElement("wbr"));
  return element;
}

// The SVG text as an element; whatever does not belong into one of our pictures is left out.
function readPicture(text) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (root.localName !== "svg") return document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const element of [...root.querySelectorAll("*")]) {
    if (!SVG_TAGS.has(element.localName)) { element.remove(); continue; }
    for (const { name } of [...element.attributes]) if (/^on|href$/i.test(name)) element.removeAttribute(name);
  }
  return document.importNode(root, true);
}

// A picture with a roving focus. `on` may have select(id), open(id), leave(id) and key(event, id);
// boxes are what Python says of each box: {label, up, down, left, right, out, open, folded}.
class Picture {
  constructor(host, on = {}) {
    this.host = host;
    this.on = on;
    this.boxes = {};
    this.groups = new Map(); // id -> <g>
    this.lines = []; // <g> of each line, in the order of the scene
    this.marks = {};
    this.selected = null;
    this.least = 0; // pixels: narrower it cannot be read
    this.zoom = null; // null: as wide as there is room for
    this.pressedOn = null; // the box of the first of two clicks
    host.classList.add("flow-view");
    host.addEventListener("click", (event) => this.clicked(event));
    host.addEventListener("dblclick", (event) => this.clicked(event, true));
    host.addEventListener("keydown", (event) => this.pressed(event));
  }

  // Show another drawing. The focus stays on its box, or on `fallback` (a list of ids) where that is gone.
  draw(svg, boxes = {}, fallback = []) {
    const hadFocus = this.host.contains(document.activeElement);
    const focused = hadFocus ? document.activeElement.getAttribute("data-id") : null;
    const picture = readPicture(svg);
    picture.removeAttribute("role");
    picture.setAttribute("role", "group");
    this.boxes = boxes;
    this.groups = new Map();
    for (const group of picture.querySelectorAll("g[data-id]")) {
      const id = group.getAttribute("data-id");
      const box = boxes[id] || {};
      this.groups.set(id, group);
      group.setAttribute("tabindex", "-1");
      group.setAttribute("role", "button");
      group.setAttribute("aria-label", box.label || id);
      if (box.folded || box.open) group.setAttribute("aria-expanded", box.open ? "true" : "false");
    }
    this.lines = [...picture.querySelectorAll("g.flow-edge")];
    this.width = parseFloat(picture.getAttribute("width")) || 0;
    this.least = SMALLEST * (parseFloat(picture.style.minWidth) || this.width);
    this.host.replaceChildren(picture);
    this.svg = picture;
    if (!this.groups.has(this.selected)) this.selected = fallback.find((id) => this.groups.has(id)) ?? null;
    const first = this.selected ?? this.groups.keys().next().value;
    if (first !== undefined) this.groups.get(first).setAttribute("tabindex", "0");
    this.scale(this.zoom);
    this.onDraw?.();
    this.mark(this.marks);
    if (hadFocus && first !== undefined) this.focus(this.selected === null && this.groups.has(focused) ? focused : first);
  }

  // marks: {name: {boxes: [id], lines: [number]}}; each gives the class flow-is-<name>.
  mark(marks) {
    this.marks = marks || {};
    const clear = (group) => {
      for (const name of [...group.classList]) if (name.startsWith("flow-is-")) group.classList.remove(name);
    };
    this.groups.forEach(clear);
    this.lines.forEach(clear);
    for (const [name, { boxes = [], lines = [] }] of Object.entries(this.marks)) {
      for (const id of boxes) this.groups.get(id)?.classList.add(`flow-is-${name}`);
      for (const k of lines) this.lines[k]?.classList.add(`flow-is-${name}`);
    }
    if (this.selected !== null) this.groups.get(this.selected)?.classList.add("flow-is-selected");
  }

  // Make a box the selected one, without telling Python.
  select(id) {
    for (const group of this.groups.values()) {
      group.setAttribute("tabindex", "-1");
      group.classList.remove("flow-is-selected");
    }
    this.selected = this.groups.has(id) ? id : null;
    const group = this.groups.get(id) ?? this.groups.values().next().value;
    group?.setAttribute("tabindex", "0");
    if (this.selected !== null) group.classList.add("flow-is-selected");
  }

  focus(id) {
    const group = this.groups.get(id);
    if (!group) return;
    group.focus({ preventScroll: true });
    this.show(id);
  }

  // Scroll the picture, not the page, until a box is seen.
  show(id) {
    const group = this.groups.get(id);
    if (!group) return;
    const box = group.getBoundingClientRect();
    const view = this.host.getBoundingClientRect();
    const edge = 24;
    if (box.left < view.left + edge) this.host.scrollLeft += box.left - view.left - edge;
    else if (box.right > view.right - edge) this.host.scrollLeft += Math.min(box.right - view.right + edge, box.left - view.left - edge);
    if (box.top < view.top + edge) this.host.scrollTop += box.top - view.top - edge;
    else if (box.bottom > view.bottom - edge) this.host.scrollTop += Math.min(box.bottom - view.bottom + edge, box.top - view.top - edge);
    if (this.host.closest(".flow-lab")?.contains(document.activeElement)) this.showOnPage(group);
  }

  // Scroll what the picture stands in, too: whoever walks with keys alone must see where the walk is.
  showOnPage(group) {
    const edge = 36;
    const beyond = (top, bottom) => {
      const box = group.getBoundingClientRect();
      return box.bottom > bottom - edge ? Math.min(box.bottom - bottom + edge, box.top - top - edge) : Math.min(0, box.top - top - edge);
    };
    for (let place = this.host.parentElement; place; place = place.parentElement) {
      if (place.scrollHeight <= place.clientHeight || !/auto|scroll/.test(getComputedStyle(place).overflowY)) continue;
      const view = place.getBoundingClientRect();
      place.scrollTop += beyond(view.top, view.bottom);
    }
    const page = document.scrollingElement;
    if (page) page.scrollTop += beyond(0, window.innerHeight);
  }

  // Draw at a zoom, or (null) as wide as there is room for: not larger than asked for, nor too small to be read.
  scale(zoom) {
    this.zoom = zoom === null ? null : Math.min(4, Math.max(0.3, zoom));
    if (!this.svg) return;
    const fits = this.zoom === null;
    this.svg.style.width = `${this.width * (this.zoom ?? 1)}px`;
    this.svg.style.maxWidth = fits ? "100%" : "none";
    this.svg.style.minWidth = fits ? `${this.least}px` : "0";
  }

  // Larger or smaller than it is now.
  zoomBy(factor) {
    const now = this.zoom ?? (this.svg?.getBoundingClientRect().width || this.width) / (this.width || 1);
    this.scale(now * factor);
  }

  // A click opens the panel, which takes room from the picture: the second click of two means the box of the first.
  clicked(event, twice = false) {
    const here = event.target.closest?.("g[data-id]")?.getAttribute("data-id") ?? null;
    if (event.detail < 2) this.pressedOn = here;
    const id = event.detail < 2 ? here : this.pressedOn;
    if (id === null || !this.groups.has(id)) return;
    if (event.detail < 2 || twice) this.choose(id);
    const box = this.boxes[id] || {};
    if ((twice || event.altKey) && (box.folded || box.open)) this.on.open?.(id);
  }

  choose(id) {
    this.select(id);
    this.focus(id);
    this.on.select?.(id);
  }

  pressed(event) {
    const id = event.target.closest?.("g[data-id]")?.getAttribute("data-id");
    if (id === undefined || id === null || event.ctrlKey || event.metaKey) return;
    const box = this.boxes[id] || {};
    const way = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" }[event.key];
    const ids = Object.keys(this.boxes).filter((one) => this.groups.has(one));
    if (way) {
      if (box[way] !== undefined && box[way] !== null) this.choose(box[way]);
    } else if (event.key === "PageDown" || event.key === "PageUp") { // one after the other, in reading order
      const next = ids[ids.indexOf(id) + (event.key === "PageDown" ? 1 : -1)];
      if (next !== undefined) this.choose(next);
    } else if (event.key === "Home") this.choose(ids[0]);
    else if (event.key === "End") this.choose(ids[ids.length - 1]);
    else if (event.key === "Enter" || event.key === " ") {
      if (box.folded || box.open) this.on.open?.(id);
      else this.on.select?.(id, true);
    } else if (event.key === "Escape") {
      if (box.out !== undefined && box.out !== null) this.choose(box.out);
      else { this.select(null); this.on.leave?.(id); }
    } else if (["+", "=", "-", "0"].includes(event.key)) {
      if (event.key === "0") this.scale(null);
      else this.zoomBy(event.key === "-" ? 1 / 1.2 : 1.2);
      this.show(id);
    } else if (!this.on.key?.(event, id)) return; // not ours: the page may use it
    event.preventDefault();
    event.stopPropagation();
  }
}

// The panel stands beside the picture where both have room, else below it. Returns what stops the watching.
function besideOrBelow(body, picture, side) {
  const look = () => {
    if (!body.clientWidth) return; // not on the page yet
    const isNarrow = body.clientWidth < picture.least + SIDE_WIDTH * (parseFloat(getComputedStyle(side).zoom) || 1);
    body.classList.toggle("flow-below", isNarrow);
    if (picture.selected !== null) picture.show(picture.selected);
  };
  const observer = new ResizeObserver(look);
  for (const place of [body, picture.host]) observer.observe(place);
  picture.onDraw = look;
  return () => observer.disconnect();
}

// Keep the page's own shortcuts away from a widget: JupyterLab has many on single letters, such as b for a new cell.
// It looks for the mark on the element in focus alone, and some versions look only after the widget had its turn.
function ownKeys(root) {
  root.classList.add("jp-mod-accept-input");
  root.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
  root.addEventListener("keydown", (event) => {
    const isForPage = event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab" || (event.shiftKey && event.key === "Enter");
    if (!isForPage) event.stopPropagation();
  });
}

// A widget that moves into the place of the still picture above it (see lab/in_place.py). It stays there when its own
// output goes, so it listens with the model of `initialize`, which outlives a view.
function living(build) {
  return () => {
    let own;
    return {
      initialize({ model }) { own = model; },
      async render({ model, el }) {
        if (!own.get("in_place")) return build({ model, el });
        while (!el.isConnected) await new Promise((resolve) => { setTimeout(resolve, 20); });
        const still = el.closest(".jp-OutputArea-child")?.previousElementSibling?.querySelector(".jp-OutputArea-output");
        if (!still?.matches(".jp-RenderedSVG, .jp-RenderedImage")) return build({ model, el });
        const place = make("div");
        for (const child of still.children) child.style.display = "none";
        still.append(place);
        build({ model: own, el: place });
        own.send({ do: "placed", text: "" });
      },
    };
  };
}

// A toolbar is one stop for Tab; the arrows go from button to button in it.
function rove(bar, first) {
  const all = [...bar.querySelectorAll("button")];
  for (const button of all) button.tabIndex = button === first ? 0 : -1;
  bar.addEventListener("keydown", (event) => {
    const at = all.indexOf(event.target);
    const to = {
      ArrowRight: (at + 1) % all.length, ArrowLeft: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1,
    }[event.key];
    if (at < 0 || to === undefined) return;
    all[to].focus();
    event.preventDefault();
    event.stopPropagation();
  });
  bar.addEventListener("focusin", (event) => {
    if (!all.includes(event.target)) return;
    for (const button of all) button.tabIndex = button === event.target ? 0 : -1;
  });
}

// A place for short news that a screen reader speaks.
function liveText(root) {
  const place = make("div", "flow-say", "", { "aria-live": "polite", role: "status" });
  root.append(place);
  return (text) => { place.textContent = text; };
}

// Let MathJax set a formula, where the page has it; the plain words stay where it has not.
function setFormula(element, tex, words, model) {
  element.textContent = words;
  element.setAttribute("aria-label", words);
  const manager = model.widget_manager;
  const typesetter = (manager?.rendermime ?? manager?._rendermime)?.latexTypesetter;
  if (!tex || (!typesetter && !globalThis.MathJax)) return;
  element.textContent = `\\[${tex}\\]`;
  const restore = () => { element.textContent = words; };
  try {
    if (typesetter) Promise.resolve(typesetter.typeset(element)).catch(restore);
    else if (MathJax.typesetPromise) MathJax.typesetPromise([element]).catch(restore);
    else if (MathJax.Hub) MathJax.Hub.Queue(["Typeset", MathJax.Hub, element]);
    else restore();
  } catch { restore(); }
}

// Offer bytes or text as a file.
function download(name, content, type) {
  const link = make("a", "", "", { download: name, href: URL.createObjectURL(new Blob([content], { type })) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// Draw the records of a panel (see lab/panel.py). `on` has go(name): follow a link to an operation.
function fillPanel(host, records, on, model) {
  const parts = [];
  for (const record of records || []) {
    const part = panelPart(record, on, model);
    if (part) parts.push(part);
  }
  host.replaceChildren(...parts);
}

function panelPart(record, on, model) {
  const { kind } = record;
  if (kind === "title") {
    const part = make("div", "flow-head");
    part.append(setName(make("h3"), record.text));
    if (record.detail) part.append(make("p", "flow-faint", record.detail));
    return part;
  }
  if (kind === "text") return make("p", record.faint ? "flow-faint" : "", record.text);
  if (kind === "formula") {
    const part = make("div", "flow-formula");
    setFormula(part, record.tex, record.text, model);
    return part;
  }
  const part = make(record.folded ? "details" : "section", `flow-part flow-part-${kind}`);
  if (record.label) part.append(make(record.folded ? "summary" : "h4", "", record.label));
  if (kind === "source") {
    part.append(make("p", "", record.place));
    if (record.code) part.append(make("pre", "", record.code));
  } else if (kind === "links") {
    const list = make("ul");
    for (const link of record.links) {
      const item = make("li");
      const button = setName(make("button", "flow-link", "", { type: "button" }), link.text);
      button.addEventListener("click", () => on.go?.(link.name));
      item.append(button);
      if (link.detail) item.append(make("span", "flow-faint", ` ${link.detail}`));
      list.append(item);
    }
    part.append(list);
    if (record.more) part.append(make("p", "flow-faint", record.more));
  } else if (kind === "rows") {
    part.append(tableOf(record.rows, true));
  } else if (kind === "table") {
    part.append(tableOf(record.rows, false, record.corner));
    if (record.more) part.append(make("p", "flow-faint", record.more));
  } else if (kind === "image") {
    part.append(make("img", record.smooth ? "" : "flow-pixels", "", {
      src: `data:image/png;base64,${record.png}`, alt: record.alt, width: record.width, height: record.height,
    }));
    if (record.text) part.append(make("p", "flow-faint", record.text));
  } else if (kind === "drawing") {
    part.append(readPicture(record.svg));
  } else return null;
  return part;
}

function tableOf(rows, firstIsName) {
  const table = make("table");
  for (const row of rows) {
    const line = table.insertRow();
    row.forEach((text, k) => line.append(make(firstIsName && k === 0 ? "th" : "td", "", String(text))));
  }
  return table;
}
