// The overview of many files: a row each with a thumbnail, the prediction and a link; sorted by any column.
// Heading, order of two rows, and the direction in which people want it first.
const COLUMNS = [
  ["File", (a, b) => a.item.name.localeCompare(b.item.name, undefined, { numeric: true }), "ascending"],
  ["Prediction", (a, b) => a.label.localeCompare(b.label), "ascending"],
  ["Probability", (a, b) => a.probability - b.probability, "descending"],
];

class Overview {
  constructor(data, body) {
    this.data = data;
    this.renderer = new Renderer();
    this.rows = data.items.map((item, i) => this.row(item, i));
    const columns = data.classes ? COLUMNS : COLUMNS.slice(0, 1);
    const head = make("tr", "");
    head.append(make("td", ""));
    this.heads = columns.map(([name], k) => {
      const cell = make("th", "", { scope: "col" }), button = make("button", name, { type: "button" });
      button.addEventListener("click", () => this.sort(k));
      cell.append(button);
      head.append(cell);
      return cell;
    });
    this.body = make("tbody", "");
    this.body.append(...this.rows.map(row => row.element));
    const top = make("thead", "");
    top.append(head);
    body.replaceChildren(top, this.body);
    // A thumbnail is rendered when it comes into sight: hundreds at once would block the page.
    const seen = new IntersectionObserver(entries => entries.filter(e => e.isIntersecting).forEach(e => {
      seen.unobserve(e.target);
      this.thumbnail(e.target);
    }), { rootMargin: "400px" });
    this.rows.forEach(row => seen.observe(row.canvas));
  }

  row(item, i) {
    const element = make("tr", ""), canvas = make("canvas", "", { "aria-hidden": "true" });
    canvas.item = item;
    const link = make("a", "", { href: `#${i + 1}`, title: item.name, tabindex: -1 });
    link.append(canvas);
    const picture = make("td", "", { class: "thumbnail" }), name = make("td", "");
    picture.append(link);
    name.append(make("a", item.name, { href: `#${i + 1}` }));
    element.append(picture, name);
    if (!this.data.classes) return { element, canvas, item, i };
    const best = ranking(item.probabilities)[0], probability = item.probabilities[best];
    const value = make("td", ""), track = make("span", "", { class: "track" }), fill = make("div", "", { class: "fill" });
    fill.style.width = `${100 * probability}%`;
    track.append(fill);
    value.append(track, `${percent(probability)} %`);
    const label = this.data.classes[best];
    element.append(make("td", label), value);
    return { element, canvas, item, i, label, probability };
  }

  sort(column) {  // a second time: the other way round
    const [, compare, first] = COLUMNS[column], second = first === "ascending" ? "descending" : "ascending";
    const direction = this.heads[column].getAttribute("aria-sort") === first ? second : first;
    this.heads.forEach(cell => cell.removeAttribute("aria-sort"));
    this.heads[column].setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const order = [...this.rows].sort((a, b) => sign * compare(a, b) || a.i - b.i);
    this.body.replaceChildren(...order.map(row => row.element));
  }

  note() {  // how many files were predicted as each class, most first
    const files = `${this.rows.length} files`;
    if (!this.data.classes) return files;
    const counts = new Map();
    for (const row of this.rows) counts.set(row.label, (counts.get(row.label) || 0) + 1);
    const most = [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
    return `${files}: ${most.slice(0, 12).join(" · ")}${most.length > 12 ? " · …" : ""}`;
  }

  thumbnail(canvas) {
    const { item } = canvas;
    this.renderer.load(decode(item.points, item.extent));
    if (item.colors) this.renderer.rgb = bytes(item.colors);
    this.renderer.render(canvas, 128);
  }
}
