// The page of one registration: the viewer of clouds with a camera's lines over it.
"use strict";

class CameraViewer extends Viewer {
  paint() {
    super.paint();
    if (!this.lines || !this.image) return;
    const size = this.canvas.width, { matrix: [a, b, c], context } = this;
    const scale = 0.44 * size * this.zoom * Math.sqrt(CAMERA * CAMERA - 1) / CAMERA;
    const dot = (m, p) => m[0] * p[0] + m[1] * p[1] + m[2] * p[2];
    const place = p => {
      const near = CAMERA / Math.max(0.2, CAMERA - dot(c, p));
      return [size / 2 + scale * near * dot(a, p), size / 2 - scale * near * dot(b, p)];
    };
    context.strokeStyle = "#d55e00";
    context.lineWidth = Math.max(2, size / 260);
    context.lineCap = "round";
    context.beginPath();
    for (const [from, to] of this.lines) {
      context.moveTo(...place(from));
      context.lineTo(...place(to));
    }
    context.stroke();
  }
}

const data = JSON.parse(document.getElementById("data").textContent);
const byId = name => document.getElementById(name);
byId("files").textContent = data.title;
byId("matches-note").textContent = data.pose.length ? data.note : "No pose was found.";
byId("matches").src = data.matches;
byId("overlay").src = data.overlay;
byId("footer").textContent = data.made;
for (const row of data.pose) {
  const line = byId("pose").insertRow();
  for (const value of row) {
    const cell = line.insertCell();
    cell.className = "number";
    cell.textContent = value.toFixed(5);
  }
}
const bytes = Uint8Array.from(atob(data.points), letter => letter.charCodeAt(0));
const steps = new Int16Array(bytes.buffer);
const viewer = new CameraViewer(byId("cloud"));
viewer.lines = data.lines;
viewer.show(Float32Array.from(steps, value => value / 32767 * data.extent));
byId("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.theme || (dark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
});
