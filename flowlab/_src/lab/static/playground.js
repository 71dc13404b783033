// The playground: a slider for the learning rate, buttons, and the picture that Python draws (after picture.js).
// While it runs the page asks for one picture after the other, so a busy kernel is never flooded.

const PACE = 120; // milliseconds between two requests: below ten messages a second
const DARK = ['[data-jp-theme-light="false"]', "body.vscode-dark", "body.vscode-high-contrast", "html.theme-dark"];

function render({ model, el }) {
  el.classList.add("flow-lab", "flow-playground");
  if (model.get("projector")) el.classList.add("flow-projector");
  ownKeys(el);
  let isRunning = false;
  let isWaiting = false; // for an answer
  let wanted; // a position of the slider that has not been sent yet
  let last = 0;
  let timer;

  const bar = make("div", "flow-bar", "", { role: "group", "aria-label": "playground" });
  const id = `flow-rate-${Math.random().toString(36).slice(2)}`;
  const label = make("label", "flow-label", "learning rate", { for: id });
  const slider = make("input", "flow-rate", "", { type: "range", min: "0", max: "100", step: "1", id });
  const number = make("output", "flow-number", "", { for: id });
  const button = (key, sign, word, title, action) => {
    const made = make("button", "", "", { type: "button", title: `${title} (${key})`, "aria-keyshortcuts": key });
    const text = make("span", "flow-word", word);
    made.append(make("span", "flow-sign", sign, { "aria-hidden": "true" }), " ", text, " ", make("kbd", "", key));
    made.addEventListener("click", action);
    bar.append(made);
    return made;
  };
  bar.append(label, slider, number);
  const step = button("n", "►", "Step", "one training step", () => { stop(); ask("step"); });
  const run = button("r", "►►", "Run", "run, and stop again", () => { if (isRunning) stop(); else start(); });
  const again = button("s", "⇤", "Start again", "back to the start; the curve so far stays", () => { stop(); ask("start"); });
  const view = make("div", "flow-view");
  el.append(bar);
  const say = liveText(el);
  el.append(view);

  function ask(what, text = "") {
    isWaiting = true;
    last = Date.now();
    model.send({ do: what, text });
  }
  function start() {
    if (!model.get("state").can) return;
    isRunning = true;
    showRun();
    next();
  }
  function stop() {
    isRunning = false;
    showRun();
    say(model.get("say"));
  }
  // what comes next: a moved slider first, then the next picture of a run
  function next() {
    clearTimeout(timer);
    if (isWaiting && Date.now() - last < 5000) return; // a busy kernel answers later
    if (!isRunning && wanted === undefined) return;
    const rest = PACE - (Date.now() - last);
    if (rest > 0) { timer = setTimeout(next, rest); return; }
    if (wanted !== undefined) { const text = wanted; wanted = undefined; ask("rate", text); }
    else ask("run");
  }
  slider.addEventListener("input", () => { wanted = slider.value; next(); });

  function showRun() {
    run.querySelector(".flow-word").textContent = isRunning ? "Stop" : "Run";
    run.querySelector(".flow-sign").textContent = isRunning ? "■" : "►►";
  }
  function show() {
    const picture = readPicture(model.get("svg"));
    view.replaceChildren(picture);
  }
  function showState() {
    const state = model.get("state");
    isWaiting = false;
    if (wanted === undefined && document.activeElement !== slider) slider.value = state.position;
    number.textContent = Number(state.rate).toPrecision(2).replace(/\.?0+$/, "").replace(/^$/, "0");
    slider.setAttribute("aria-valuetext", `rate ${state.rate}`);
    step.disabled = run.disabled = !state.can;
    again.disabled = !state.steps;
    if (isRunning && state.done) stop();
    if (!isRunning) say(model.get("say")); // while it runs the picture tells enough
    next();
  }
  el.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = { n: step, r: run, s: again }[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat && (event.key !== "n" || isWaiting || Date.now() - last < PACE)) return;
    action.click();
  });

  // the picture follows the page when it turns dark, unless somebody has chosen its theme
  let theme = "light";
  function lookAround() {
    if (!model.get("state").follows) return;
    const now = DARK.some((selector) => el.closest(selector)) ? "dark" : "light";
    if (now === theme) return;
    theme = now;
    ask("theme", now);
  }
  const watcher = new MutationObserver(lookAround);
  for (const element of [document.documentElement, document.body]) {
    watcher.observe(element, { attributes: true, attributeFilter: ["class", "data-jp-theme-light"] });
  }

  model.on("change:svg", show);
  model.on("change:state", showState);
  show();
  showState();
  requestAnimationFrame(lookAround); // once it is part of the page
  return () => {
    isRunning = false;
    clearTimeout(timer);
    watcher.disconnect();
    model.off("change:svg", show);
    model.off("change:state", showState);
  };
}
export default { render };
