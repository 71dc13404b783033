// The picture of a graph with its buttons and panel (after picture.js). What to show is decided in Python.

function render({ model, el }) {
  el.classList.add("flow-lab", "flow-graph");
  if (model.get("follows")) el.classList.add("flow-follow");
  if (model.get("projector")) el.classList.add("flow-projector");
  ownKeys(el);
  const ask = (what, text = "") => model.send({ do: what, text });

  // buttons
  const bar = make("div", "flow-bar", "", { role: "toolbar", "aria-label": "graph" });
  const search = make("input", "flow-search", "", {
    type: "search", placeholder: "search /", "aria-label": "search operations by name, type or shape",
  });
  let place = bar;
  const button = (text, title, action) => {
    const made = make("button", "", text, { type: "button", title });
    made.addEventListener("click", action);
    place.append(made);
    return made;
  };
  bar.append(search);
  const traced = button("Inputs", "bring out all that leads to the selected box (t)", () => act("trace"));
  const needed = button("Needed", "show what running the selected box needs (n)", () => act("need"));
  const path = button("Path", "first the start, then the end of a path (p)", () => act("path"));
  const all = button("Show all", "show everything alike again (a)", () => ask("all"));
  const forward = button("Model alone", "leave out gradients, optimizer, initial values", () =>
    ask("forward", model.get("controls").forward ? "off" : "on"));
  const colors = make("select", "", "", { "aria-label": "colours by", title: "colours by" });
  colors.addEventListener("change", () => ask("color", colors.value));
  bar.append(colors);
  button("Close all", "close the scopes that were opened (c)", () => ask("close"));
  place = make("span", "flow-group"); // these stay together on one line
  bar.append(make("span", "flow-gap"), place);
  button("−", "smaller (-)", () => picture.zoomBy(1 / 1.2));
  button("+", "larger (+)", () => picture.zoomBy(1.2));
  button("SVG", "save the picture as SVG", () => download("graph.svg", model.get("scene").svg, "image/svg+xml"));
  button("PNG", "save the picture as PNG", () => ask("png"));
  const help = button("?", "keys", () => {
    keys.hidden = !keys.hidden;
    help.setAttribute("aria-expanded", String(!keys.hidden));
  });
  const keys = make("p", "flow-keys", "");
  keys.hidden = true;
  const results = make("div", "flow-found");
  results.hidden = true;

  // picture and panel
  const body = make("div", "flow-body");
  const view = make("div");
  const side = make("aside", "flow-side", "", { "aria-label": "selected operation", tabindex: "-1" });
  body.append(view, side);
  el.append(bar, keys, results, body);
  const say = liveText(el);

  const selected = () => picture.selected ?? model.get("selected");
  function act(what) {
    const box = selected();
    if (box === null || box === undefined) return say("select a box first");
    if (what === "path" && !model.get("controls").start) what = "start";
    ask(what, box);
  }

  const picture = new Picture(view, {
    select: (id, again) => {
      ask("select", id);
      if (again) side.focus();
    },
    open: (id) => ask("open", id),
    leave: () => { ask("select", ""); if (model.get("controls").emphasis) ask("all"); },
    key: (event) => {
      if (event.altKey) return false;
      if (event.key === "/") search.focus();
      else if (event.key === "t") act("trace");
      else if (event.key === "n") act("need");
      else if (event.key === "p") act("path");
      else if (event.key === "a") ask("all");
      else if (event.key === "c") ask("close");
      else if (event.key === "?") help.click();
      else return false;
      return true;
    },
  });

  const release = besideOrBelow(body, picture, side);
  const go = (name) => ask("go", name);

  // search: Enter takes the first result, the arrow down goes into the list, Escape back to the picture
  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask("search", search.value), 150);
  });
  search.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const first = results.querySelector("button");
    if (event.key === "Enter" && first && model.get("found").query === search.value) first.click();
    else if (event.key === "Enter") { clearTimeout(waiting); ask("search", search.value); }
    else if (event.key === "ArrowDown" && first) first.focus();
    else if (event.key === "Escape") { search.value = ""; ask("search", ""); backToPicture(); }
    else return;
    event.preventDefault();
  });
  results.addEventListener("keydown", (event) => {
    const items = [...results.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "ArrowDown") items[Math.min(at + 1, items.length - 1)]?.focus();
    else if (event.key === "ArrowUp") at > 0 ? items[at - 1].focus() : search.focus();
    else if (event.key === "Escape") { search.value = ""; ask("search", ""); backToPicture(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  side.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    backToPicture();
    event.preventDefault();
    event.stopPropagation();
  });
  function backToPicture() {
    picture.focus(picture.selected ?? picture.groups.keys().next().value);
  }

  // what Python says
  function drawScene() {
    const { svg, boxes } = model.get("scene");
    if (model.get("selected") !== null) picture.selected = model.get("selected");
    picture.draw(svg, boxes, []);
    markEdges();
  }
  function markEdges() { // the arrows of the selected box
    picture.lines.forEach((line) => {
      const touches = [line.dataset.from, line.dataset.to].includes(picture.selected ?? "");
      line.classList.toggle("flow-is-selected", touches);
    });
  }
  function showSelected() {
    const id = model.get("selected");
    if (id !== picture.selected) picture.select(id);
    markEdges();
  }
  function showControls() {
    const state = model.get("controls");
    forward.setAttribute("aria-pressed", String(Boolean(state.forward)));
    for (const one of [traced, needed, path]) one.disabled = !state.name;
    all.disabled = !state.emphasis;
    path.textContent = state.start ? "Path to here" : "Path";
    path.setAttribute("aria-pressed", String(Boolean(state.start)));
    colors.replaceChildren(...(state.colors || []).map((name) => {
      const option = make("option", "", `colour: ${name}`, { value: name });
      option.selected = name === state.color;
      return option;
    }));
    keys.textContent = state.help || "";
  }
  function showFound() {
    const links = model.get("found").links || [];
    results.hidden = !links.length;
    results.replaceChildren(...links.map((link) => {
      const row = make("div");
      const one = setName(make("button", "flow-link", "", { type: "button" }), link.text);
      one.addEventListener("click", () => { go(link.name); search.value = ""; ask("search", ""); });
      row.append(one, make("span", "flow-faint", ` ${link.detail}`));
      return row;
    }));
  }
  const showPanel = () => fillPanel(side, model.get("panel"), { go }, model);
  const speak = () => say(model.get("say"));
  const files = (message, buffers) => {
    if (message.focus !== undefined) { picture.select(message.focus); picture.focus(message.focus); markEdges(); }
    if (message.file) download(message.file, buffers[0], "image/png");
  };

  const listeners = {
    "change:scene": drawScene, "change:selected": showSelected, "change:panel": showPanel, "change:found": showFound,
    "change:controls": showControls, "change:say": speak, "msg:custom": files,
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  drawScene();
  showSelected();
  showPanel();
  showControls();
  speak();
  return () => {
    clearTimeout(waiting);
    release();
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}
export default living(render);
