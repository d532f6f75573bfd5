// What is on the page, from the JSON beside this script: files, views, bars, table.
const data = JSON.parse(document.getElementById("data").textContent);
const FEW = 10;
const viewer = new Viewer($("cloud"));
let item = null, view = 0, all = false, overview = null;

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

// What the points are coloured by. Parts come from all views, from those points that this view sees, or from it alone.
const HIDDEN = [120, 124, 130], MARKED = [213, 94, 0];
const PART_MODES = ["From all views", "Seen in this view", "From this view alone"];
let mode = 0, marked = false;

const modes = () => item.parts ? PART_MODES.slice(0, item.parts.alone ? 3 : 2) : item.colors ? ["Own colours", "Height"] : ["Height"];

function partColours() {
  const { names, colours, labels } = item.parts, n = names.length;
  const one = bytes(item.views[view].parts), whole = bytes(labels), palette = [...colours, HIDDEN];
  const shown = [whole, whole.map((part, i) => one[i] === 255 ? n : part), one.map(part => Math.min(part, n))][mode];
  const rgb = new Uint8Array(3 * shown.length);
  shown.forEach((part, i) => rgb.set(palette[part], 3 * i));
  return rgb;
}

function colour() {
  const name = modes()[mode];
  const rgb = item.parts ? partColours() : name === "Height" ? heights(viewer.points) : bytes(item.colors);
  if (marked && item.clip) {  // CLIP's points come first
    for (let i = 0; i < rgb.length; i++) rgb[i] = i < 3 * item.clip ? MARKED[i % 3] : 0.25 * rgb[i] + 0.75 * 185;
  }
  viewer.colour(rgb, marked ? item.clip : 0);
  mark($("modes"), mode);
}

function parts() {
  const { names = [], colours, share = [] } = item.parts || {}, total = share.reduce((a, b) => a + b, 0);
  $("part-names").replaceChildren(...names.map((name, k) => {
    const row = make("li", ""), swatch = make("i", "");
    swatch.style.background = `rgb(${colours[k].join(" ")})`;
    row.append(swatch, make("b", name), make("span", `${percent(share[k] / total)} %`));
    return row;
  }));
  mode = Math.min(mode, modes().length - 1);
  tabs($("modes"), modes().map(name => make("button", name)), i => { mode = i; colour(); });
  $("modes").hidden = modes().length < 2;
  $("mark-line").hidden = !item.clip;
  $("mark-text").textContent = `Mark the ${(item.clip || 0).toLocaleString("en")} points that CLIP gets`;
}

function choose(i, look = true) {
  view = i;
  const v = item.views[i];
  $("view").src = v.image;
  $("view").alt = `Depth map of view ${i + 1}: ${v.name}`;
  const mirrored = item.mirrored ? " (a mirror image, as PointCLIP renders it)" : "";
  $("view-note").textContent = `View ${i + 1} of ${item.views.length}: ${v.name}${mirrored}`;
  mark($("views"), i);
  if (look && v.camera) { viewer.turned = true; viewer.turnTo(v.camera); }
  colour();
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

// Which file is shown stands after the #, so that links, the back button and bookmarks work.
function route() {
  const n = data.items.length, number = n === 1 ? 1 : Number(location.hash.slice(1)) || 0;
  const i = number >= 1 && number <= n ? number - 1 : -1;
  $("overview").hidden = i >= 0;
  $("file").hidden = i < 0;
  navigation(i);
  scrollTo(0, 0);
  if (i >= 0) return openFile(i);
  document.title = `${n} files · pointclip`;
  overview = overview || new Overview(data, $("file-table"));
  $("overview-note").textContent = overview.note();
}

function navigation(i) {
  const n = data.items.length;
  if (n === 1) return $("files").replaceChildren(make("b", data.items[0].name, { title: data.items[0].name }));
  const list = make("select", "", { "aria-label": "File" });
  list.append(...["Choose a file", ...data.items.map(it => it.name)].map((name, k) => make("option", name, { value: k })));
  list.options[0].disabled = true;
  list.selectedIndex = i + 1;
  list.addEventListener("change", () => { location.hash = list.value; });
  const step = (by, sign, title) => make("a", sign, { href: `#${(i + by + n) % n + 1}`, title, "aria-label": title });
  const all = make("a", `All ${n} files`, i < 0 ? { href: "#", "aria-current": "page" } : { href: "#" });
  $("files").replaceChildren(all, list, ...(i < 0 ? [] : [step(-1, "‹", "Previous file"), step(1, "›", "Next file")]));
}

document.body.classList.toggle("plain", !data.classes);
$("mark").addEventListener("change", e => { marked = e.target.checked; colour(); });
$("more").addEventListener("click", () => { all = !all; results(); });
$("all-note").textContent = data.reading || "";
$("footer").textContent = data.made;
$("theme").addEventListener("click", () => {
  const dark = (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
});
addEventListener("hashchange", route);
route();

// The cloud turns slowly until somebody touches it.
(function idle(before) {
  requestAnimationFrame(now => {
    if (viewer.turned || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    if (item) {
      viewer.matrix = times(viewer.matrix, turn([0, 1, 0], Math.min(50, now - before) * 0.0004));
      viewer.draw();
    }
    idle(now);
  });
})(performance.now());
