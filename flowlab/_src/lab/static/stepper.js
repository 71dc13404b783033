// The stepper: buttons, keys, the picture with its layer of marks, and what a step has to tell (after picture.js).
// What happens is decided in Python; one request is under way at a time, so held keys do not pile up.

const WALK_PACE = 650; // milliseconds between the steps of the walk back when it plays by itself
const MESSAGE_GAP = 100; // at most ten messages a second
const MOST_WAITING = 5;
const PACED = ["next", "back", "walk", "over"]; // the keys that are held

function render({ model, el }) {
  el.classList.add("flow-lab", "flow-stepper");
  if (model.get("follows")) el.classList.add("flow-follow");
  if (model.get("projector")) el.classList.add("flow-projector");
  ownKeys(el);
  let isBusy = false;
  let lastSent = 0;
  const waiting = []; // presses that came too early; a held key adds none
  const ask = (what, text = "", isHeld = false) => {
    const isEarly = PACED.includes(what) && Date.now() < lastSent + MESSAGE_GAP;
    if (isBusy || isEarly || waiting.length) {
      if (isHeld || waiting.length >= MOST_WAITING) return false;
      waiting.push([what, text]);
      if (!isBusy) nextSoon();
      return true;
    }
    send(what, text);
    return true;
  };
  function send(what, text) {
    isBusy = true;
    lastSent = Date.now();
    setTimeout(finished, 5000); // a busy kernel answers later; the keys must not stay dead
    model.send({ do: what, text });
  }
  function finished() {
    isBusy = false;
    nextSoon();
  }
  let planned;
  function nextSoon() {
    if (!waiting.length) return;
    clearTimeout(planned);
    planned = setTimeout(() => {
      if (!isBusy && waiting.length) send(...waiting.shift());
    }, Math.max(0, lastSent + MESSAGE_GAP - Date.now()));
  }
  const chosen = () => picture.selected ?? "";

  // buttons: [request, key, sign, word, explanation, argument]
  const bar = make("div", "flow-bar", "", { role: "toolbar", "aria-label": "stepper" });
  const buttons = {};
  const keyed = {};
  const button = (what, key, sign, word, title, text) => {
    const made = make("button", "", "", { type: "button", title: `${title} (${key})`, "aria-keyshortcuts": key });
    made.append(make("span", "flow-sign", sign, { "aria-hidden": "true" }), ` ${word} `, make("kbd", "", key));
    const action = (isHeld = false) => { stopWalk(); return ask(what, text ? text() : "", isHeld); };
    made.addEventListener("click", () => action());
    buttons[what] = made;
    keyed[key] = action;
    bar.append(made);
    return made;
  };
  const walk = button("walk", "w", "↟", "Walk back", "from the fetch back to what it needs");
  button("back", "b", "◄", "Back", "one step back; variables get their old values");
  button("next", "n", "►", "Next", "run the next operation; a folded loop or branch as one").classList.add("flow-main");
  button("over", "o", "↷", "Over", "run a loop or branch with all that is in it");
  button("into", "i", "↘", "Into", "into the loop or branch that comes next");
  button("out", "u", "↗", "Out", "to the end of the loop or branch");
  button("continue", "c", "⇥", "To selected", "run until the selected box has run", chosen);
  button("end", "r", "►►", "Run", "to the end, or to the next breakpoint");
  button("nan", "x", "✗", "To NaN", "to the first NaN or Inf");
  button("start", "s", "⇤", "Start", "back to the start");
  bar.append(make("span", "flow-gap"));
  const help = make("button", "", "?", { type: "button", title: "keys (?)", "aria-expanded": "false" });
  const keys = make("p", "flow-keys", "");
  keys.hidden = true;
  help.addEventListener("click", () => {
    keys.hidden = !keys.hidden;
    keys.textContent = model.get("help");
    help.setAttribute("aria-expanded", String(!keys.hidden));
  });
  bar.append(help);
  rove(bar, buttons.next);

  // the walk back plays by itself on its button; its key walks one operation further
  let playing;
  const still = window.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
  function stopWalk() { clearInterval(playing); playing = undefined; }
  walk.addEventListener("click", () => {
    if (still) return;
    playing = setInterval(() => {
      if (model.get("state").can?.walk) ask("walk", "", true); else stopWalk();
    }, WALK_PACE);
  });

  // where the run is
  const where = make("div", "flow-where");
  const position = make("span", "flow-position");
  const following = make("strong", "flow-next");
  const outcome = make("span", "flow-outcome");
  where.append(following, position, outcome);

  // picture, panel and lists
  const body = make("div", "flow-body");
  const view = make("div");
  const side = make("aside", "flow-side", "", { "aria-label": "operation", tabindex: "-1" });
  const panel = make("div");
  const replace = form("Replace the value", "e.g. 3.5 or [1, 2]", "override");
  const lists = make("div", "flow-lists");
  const stops = form("Stop", "name, type, or max > 100", "break");
  side.append(panel, replace.part, lists);
  body.append(view, side);
  el.append(bar, keys);
  const say = liveText(el);
  el.append(where, body);

  function form(label, example, what) {
    const part = make("form", "flow-part");
    const id = `flow-${what}-${Math.random().toString(36).slice(2)}`;
    const input = make("input", "", "", { type: "text", placeholder: example, id, autocomplete: "off", spellcheck: "false" });
    const caption = make("label", "", label, { for: id });
    const send = make("button", "", what === "break" ? "Stop there" : "Replace", { type: "submit" });
    part.append(caption, input, send);
    part.addEventListener("submit", (event) => {
      event.preventDefault();
      if (ask(what, input.value)) { input.value = ""; toPicture(); }
    });
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") { input.value = ""; toPicture(); }
    });
    return { part, input, send };
  }
  function toPicture() {
    picture.focus(picture.selected ?? model.get("state").next_box ?? "");
    if (!view.contains(document.activeElement)) picture.focus(picture.groups.keys().next().value);
  }

  const picture = new Picture(view, {
    select: (id, again) => {
      stopWalk();
      ask("select", id);
      if (again) side.focus();
    },
    open: (id) => ask("open", id),
    leave: () => ask("select", ""),
    key: (event) => press(event),
  });
  const release = besideOrBelow(body, picture, side);
  keyed["p"] = () => ask("pause", chosen());
  keyed["t"] = () => ask("watch", chosen());
  keyed["v"] = () => {
    if (replace.part.hidden) say(`✗ ${model.get("state").current} has no value yet that could be replaced`);
    else replace.input.focus();
  };
  keyed["/"] = () => stops.input.focus();
  keyed["?"] = () => help.click();
  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !keyed[event.key]) return false;
    if (event.repeat && !["n", "b", "w", "o"].includes(event.key)) return true;
    keyed[event.key](event.repeat);
    return true;
  }
  // the letters work wherever the focus is inside of the stepper, except where text is typed
  el.addEventListener("keydown", (event) => {
    if (event.target.closest("input")) return;
    if (press(event)) { event.preventDefault(); event.stopPropagation(); }
    else if (event.key === "Escape" && side.contains(event.target)) { toPicture(); event.stopPropagation(); }
  });

  // what Python says
  function drawScene() {
    const { svg, boxes } = model.get("scene");
    picture.selected = model.get("selected");
    picture.draw(svg, boxes, []);
    drawMarks();
  }
  function drawMarks() {
    picture.svg?.querySelector("g.flow-layer")?.remove();
    const layer = document.createElementNS("http://www.w3.org/2000/svg", "g");
    layer.setAttribute("class", "flow-layer");
    layer.setAttribute("aria-hidden", "true");
    layer.append(...[...readPicture(model.get("state").marks || "<svg/>").children].filter((one) => one.localName === "g"));
    picture.svg?.append(layer);
    for (const mark of layer.querySelectorAll("g[data-of]")) { // the state belongs to the name that is spoken
      const group = picture.groups.get(mark.dataset.of);
      const label = picture.boxes[mark.dataset.of]?.label || mark.dataset.of;
      group?.setAttribute("aria-label", `${label}, ${mark.dataset.state}`);
    }
  }
  function showState() {
    const state = model.get("state");
    drawMarks();
    const can = state.can || {};
    const allowed = {
      walk: can.walk, back: can.back, next: can.forward, over: can.forward, into: can.into, out: can.out,
      continue: can.forward && picture.selected !== null, end: can.forward, nan: can.forward, start: can.back,
    };
    for (const [name, one] of Object.entries(buttons)) one.setAttribute("aria-disabled", String(!allowed[name]));
    el.dataset.phase = state.phase;
    following.textContent = state.next;
    position.textContent = state.position;
    outcome.textContent = state.result ? `result: ${state.result}` : "";
    fillPanel(panel, state.panel, { go: (name) => ask("go", name) }, model);
    replace.input.disabled = replace.send.disabled = !can.override;
    replace.part.hidden = !can.override;
    showLists(state);
    const id = focusedBox();
    if (state.at && id !== null && id !== state.at && !state.selected) picture.focus(state.at); // the focus walks along
    else if (state.at) picture.show(state.at);
  }
  function focusedBox() {
    return view.contains(document.activeElement) ? document.activeElement.getAttribute("data-id") : null;
  }
  function showLists(state) {
    const parts = [];
    const section = (title, rows, open = true) => {
      const part = make("details", "flow-part");
      part.open = folded[title] ?? open;
      part.addEventListener("toggle", () => { folded[title] = part.open; });
      part.append(make("summary", "", title), rows);
      parts.push(part);
    };
    if (state.variables.length) {
      section("Variables of this run", tableOf([["", "before", "now"], ...state.variables], true));
    }
    const watched = make("ul", "flow-plain");
    for (const [name, value] of state.watch) watched.append(row(`${name} = ${value}`, "no longer watch", () => ask("unwatch", name)));
    if (!state.watch.length) watched.append(make("li", "flow-faint", "empty: t puts the selected box here"));
    section("Watch list", watched, state.watch.length > 0);
    const breaks = make("div");
    const list = make("ul", "flow-plain");
    state.breaks.forEach((words, k) => list.append(row(words, "remove", () => ask("drop", String(k)))));
    breaks.append(list, stops.part);
    section("Breakpoints", breaks, state.breaks.length > 0);
    if (state.irreversible.length) {
      const items = make("ul");
      for (const words of state.irreversible) items.append(make("li", "", words));
      section("Cannot be taken back", items);
    }
    const log = make("ol", "flow-log");
    for (const line of state.log) {
      const item = make("li", line.past ? "" : "flow-ahead");
      const link = make("button", "flow-link", `${line.sign} ${line.text}`, { type: "button" });
      link.addEventListener("click", () => ask("go", line.name));
      item.append(link);
      if (!line.past) item.append(make("span", "flow-faint", " (taken back)"));
      log.append(item);
    }
    section("Log", log, false);
    const typing = document.activeElement === stops.input;
    lists.replaceChildren(...parts);
    if (typing) stops.input.focus();
    const past = log.querySelectorAll("li:not(.flow-ahead)");
    if (past.length && log.offsetParent) log.scrollTop = past[past.length - 1].offsetTop - log.offsetTop - 60;
  }
  const folded = {};
  function row(words, title, action) {
    const item = make("li", "", `${words} `);
    const drop = make("button", "flow-drop", "✕", { type: "button", title, "aria-label": `${title}: ${words}` });
    drop.addEventListener("click", action);
    item.append(drop);
    return item;
  }
  function showSelected() {
    const id = model.get("selected");
    if (id !== picture.selected) picture.select(id);
  }
  const speak = () => say(model.get("say"));
  const listeners = {
    "change:scene": drawScene, "change:selected": showSelected, "change:state": showState, "change:say": speak,
    "msg:custom": finished,
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  drawScene();
  showState();
  speak();
  return () => {
    stopWalk();
    release();
    clearTimeout(planned);
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
  };
}
export default living(render);
