// What is on the page, from the JSON beside this script: files, views, bars, table.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const percent = p => (100 * p).toFixed(1);
const FEW = 10;
const viewer = new Viewer($("cloud"));
let item = null, view = 0, all = false;

function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;  // never markup: names of files and classes are not ours
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function decode(text, extent) {
  const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  return Float32Array.from(new Int16Array(bytes.buffer), v => v / 32767 * extent);
}

function tabs(box, buttons, choose) {  // click, and arrow keys as people expect of tabs
  buttons.forEach((button, i) => {
    button.setAttribute("role", "tab");
    button.type = "button";
    button.addEventListener("click", () => choose(i));
    button.addEventListener("keydown", e => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (!step) return;
      const next = (i + step + buttons.length) % buttons.length;
      choose(next);
      box.children[next].focus();
    });
  });
  box.replaceChildren(...buttons);
}

function mark(box, chosen) {
  [...box.children].forEach((button, i) => {
    button.setAttribute("aria-selected", i === chosen);
    button.tabIndex = i === chosen ? 0 : -1;
  });
}

const ranking = probabilities => [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);

function bars(list, probabilities, count) {
  list.replaceChildren(...ranking(probabilities).slice(0, count).map(k => {
    const row = make("li", "", { "data-class": data.classes[k], "data-probability": probabilities[k] });
    const track = make("div", "", { class: "track" }), fill = make("div", "", { class: "fill" });
    fill.style.width = `${100 * probabilities[k]}%`;
    track.append(fill);
    row.append(make("span", data.classes[k], { class: "name", title: data.classes[k] }), track,
      make("span", `${percent(probabilities[k])} %`, { class: "value" }));
    return row;
  }));
}

function table() {
  const head = make("tr", "");
  head.append(make("td", ""));
  item.views.forEach((v, i) => {
    const cell = make("th", "", { scope: "col", title: v.name });
    const button = make("button", String(i + 1));
    button.addEventListener("click", () => choose(i));
    cell.append(button);
    head.append(cell);
  });
  head.append(make("th", "all", { scope: "col" }));
  const rows = ranking(item.probabilities).slice(0, FEW).map(k => {
    const row = make("tr", "");
    row.append(make("th", data.classes[k], { scope: "row" }));
    for (const p of [...item.views.map(v => v.probabilities[k]), item.probabilities[k]]) {
      const cell = make("td", percent(p));
      cell.style.background = `color-mix(in srgb, var(--accent) ${Math.round(72 * p)}%, var(--well))`;
      row.append(cell);
    }
    row.lastChild.className = "total";
    return row;
  });
  $("table").replaceChildren(head, ...rows);
}

// Points in the colours of parts: from all views, of those that this view sees, or from it alone.
const MODES = ["Parts from all views", "Seen in this view", "Parts from this view alone"];
const HIDDEN = [120, 124, 130];
let mode = 0;

function labels(text) {
  return Uint8Array.from(atob(text), c => c.charCodeAt(0));
}

function colour() {
  const { names, colours, labels: all } = item.parts, n = names.length;
  const one = labels(item.views[view].parts), whole = labels(all);
  const shown = [whole, whole.map((part, i) => one[i] === 255 ? n : part), one.map(part => Math.min(part, n))][mode];
  viewer.paintParts(shown, [...colours, HIDDEN]);
  mark($("modes"), mode);
}

function parts() {
  $("parts").hidden = !item.parts;
  if (!item.parts) return;
  const { names, colours, share } = item.parts, total = share.reduce((a, b) => a + b, 0);
  $("part-names").replaceChildren(...names.map((name, k) => {
    const row = make("li", ""), swatch = make("i", "");
    swatch.style.background = `rgb(${colours[k].join(" ")})`;
    row.append(swatch, make("b", name), make("span", `${percent(share[k] / total)} %`));
    return row;
  }));
  tabs($("modes"), MODES.map(name => make("button", name)), i => { mode = i; colour(); });
}

function choose(i, look = true) {
  view = i;
  const v = item.views[i];
  $("view").src = v.image;
  $("view").alt = `Depth map of view ${i + 1}: ${v.name}`;
  const mirrored = item.mirrored ? " (a mirror image, as PointCLIP draws it)" : "";
  $("view-note").textContent = `View ${i + 1} of ${item.views.length}: ${v.name}${mirrored}`;
  mark($("views"), i);
  if (look && v.camera) { viewer.turned = true; viewer.turnTo(v.camera); }
  if (item.parts) colour();
  if (!data.classes) return;
  bars($("one"), v.probabilities, FEW);
  $("one-note").textContent = `View ${i + 1}: ${v.name}`;
  [...$("table").rows[0].cells].forEach((cell, k) => cell.setAttribute("aria-selected", k === i + 1));
}

function results() {
  const count = all ? data.classes.length : FEW;
  bars($("all"), item.probabilities, count);
  $("more").textContent = data.classes.length > FEW ? (all ? "Show fewer" : `Show all ${data.classes.length} classes`) : "";
}

function openFile(i) {
  item = data.items[i];
  document.title = `${item.name} · pointclip`;
  mark($("files"), i);
  $("cloud-note").textContent = item.note;
  viewer.show(decode(item.points, item.extent));
  parts();
  tabs($("views"), item.views.map((v, k) => {
    const button = make("button", "", { title: v.name, "aria-label": `View ${k + 1}: ${v.name}` });
    button.append(make("img", "", { src: v.image, alt: "" }));
    return button;
  }), choose);
  if (data.classes) { results(); table(); }
  choose(Math.min(view, item.views.length - 1), false);
}

document.body.classList.toggle("plain", !data.classes);
tabs($("files"), data.items.map(it => make("button", it.name)), openFile);
$("more").addEventListener("click", () => { all = !all; results(); });
$("all-note").textContent = data.reading || "";
$("footer").textContent = data.made;
$("theme").addEventListener("click", () => {
  const dark = (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
});
openFile(0);

// The cloud turns slowly until somebody touches it.
(function idle(before) {
  requestAnimationFrame(now => {
    if (viewer.turned || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    viewer.matrix = times(viewer.matrix, turn([0, 1, 0], Math.min(50, now - before) * 0.0004));
    viewer.draw();
    idle(now);
  });
})(performance.now());
