// A point cloud on a plain 2D canvas: discs into a depth buffer, then shaded by how far their
// neighbours lie behind (eye-dome lighting). No WebGL, so it draws on any machine and in any remote session.
"use strict";

const RAMP = [[58, 98, 165], [90, 128, 168], [134, 152, 152], [188, 173, 122], [226, 184, 66]];
const CAMERA = 3.2;

const times = (a, b) => [0, 1, 2].map(i => [0, 1, 2].map(j => a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j]));
const transpose = m => [0, 1, 2].map(i => [0, 1, 2].map(j => m[j][i]));

function turn([x, y, z], angle) {  // rotation about a unit axis
  const c = Math.cos(angle), s = Math.sin(angle), t = 1 - c;
  return [
    [t * x * x + c, t * x * y - s * z, t * x * z + s * y],
    [t * x * y + s * z, t * y * y + c, t * y * z - s * x],
    [t * x * z - s * y, t * y * z + s * x, t * z * z + c]];
}

function axisAngle(m) {
  const angle = Math.acos(Math.max(-1, Math.min(1, (m[0][0] + m[1][1] + m[2][2] - 1) / 2)));
  let axis = [m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]];
  let norm = Math.hypot(...axis);
  if (norm < 1e-4) {  // no turn, or half a turn: then a column of M + 1 is the axis
    const k = [0, 1, 2].reduce((a, b) => m[a][a] > m[b][b] ? a : b);
    axis = [0, 1, 2].map(i => m[i][k] + (i === k));
    norm = Math.hypot(...axis) || 1;
  }
  return [axis.map(v => v / norm), angle];
}

function heights(points) {  // red, green, blue of each point, by its height
  const n = points.length / 3, rgb = new Uint8Array(3 * n);
  let low = Infinity, high = -Infinity;
  for (let i = 1; i < points.length; i += 3) { low = Math.min(low, points[i]); high = Math.max(high, points[i]); }
  for (let i = 0; i < n; i++) {
    const t = 3.999 * (points[3 * i + 1] - low) / (high - low || 1), k = t | 0, f = t - k;
    for (let j = 0; j < 3; j++) rgb[3 * i + j] = RAMP[k][j] * (1 - f) + RAMP[k + 1][j] * f;
  }
  return rgb;
}

class Renderer {  // points to pixels, for a canvas of any size
  constructor() {
    this.home = times(turn([1, 0, 0], 0.4), turn([0, 1, 0], -0.65));
    this.zoom = 1;
    this.matrix = this.home;
  }

  load(points) {  // Float32Array x y z x y z ..., y up, within the unit sphere
    this.points = points;
    this.rgb = heights(points);
    this.large = 0;  // how many of the points, the first ones, are shown larger
    this.spacing = this.median(points, points.length / 3);
  }

  median(points, n) {  // distance to the nearest neighbour, of some points
    const some = Math.min(n, 200), distances = new Float32Array(some);
    for (let k = 0; k < some; k++) {
      const i = 3 * Math.floor(k * n / some);
      let nearest = Infinity;
      for (let j = 0; j < points.length; j += 3) {
        const x = points[i] - points[j], y = points[i + 1] - points[j + 1], z = points[i + 2] - points[j + 2];
        const d = x * x + y * y + z * z;
        if (d < nearest && d > 1e-12) nearest = d;  // not itself, nor the same point once more
      }
      distances[k] = Math.sqrt(nearest);
    }
    return distances.sort()[some >> 1];
  }

  render(canvas, size) {
    if (canvas.width !== size || canvas.height !== size) canvas.width = canvas.height = size;
    if (this.size !== size) {
      this.size = size;
      this.image = new ImageData(size, size);
      this.depth = new Float32Array(size * size);
      this.front = new Int32Array(size * size);  // the point in front, counted from 1
    }
    this.splat(size);
    this.light(size);
    this.context = canvas.getContext("2d");
    this.context.putImageData(this.image, 0, 0);
  }

  splat(size) {
    const { points, depth, front, matrix: [a, b, c] } = this;
    depth.fill(0); front.fill(0);
    const scale = 0.44 * size * this.zoom * Math.sqrt(CAMERA * CAMERA - 1) / CAMERA;
    const radius = Math.max(1.2, Math.min(0.012 * size * this.zoom, 1.3 * scale * this.spacing));
    for (let i = 0, n = points.length / 3; i < n; i++) {
      const x = points[3 * i], y = points[3 * i + 1], z = points[3 * i + 2];
      const near = CAMERA / (CAMERA - (c[0] * x + c[1] * y + c[2] * z));  // larger is nearer
      const u = size / 2 + scale * near * (a[0] * x + a[1] * y + a[2] * z);
      const v = size / 2 - scale * near * (b[0] * x + b[1] * y + b[2] * z);
      const r = radius * near * (i < this.large ? 1.7 : 1), r2 = r * r;
      const top = Math.max(0, Math.ceil(v - r)), bottom = Math.min(size - 1, Math.floor(v + r));
      const left = Math.max(0, Math.ceil(u - r)), right = Math.min(size - 1, Math.floor(u + r));
      for (let row = top; row <= bottom; row++) {
        const rest = r2 - (row - v) * (row - v);
        for (let column = left; column <= right; column++) {
          const at = row * size + column;
          if ((column - u) * (column - u) <= rest && near > depth[at]) { depth[at] = near; front[at] = i + 1; }
        }
      }
    }
  }

  light(size) {
    const { depth, front, rgb } = this, out = this.image.data;
    const reach = Math.max(1, Math.round(size / 420));
    const around = [-reach, reach, -reach * size, reach * size];
    const edge = reach + 1;
    for (let row = 0, at = 0; row < size; row++) {
      for (let column = 0; column < size; column++, at++) {
        const o = 4 * at;
        if (!front[at]) { out[o + 3] = 0; continue; }
        let behind = 0;
        if (row > edge && row < size - edge && column > edge && column < size - edge) {
          for (const step of around) {
            const other = depth[at + step];
            behind += other ? Math.max(0, Math.min(0.15, other - depth[at])) : 0.02;
          }
        }
        const far = Math.min(1, Math.max(0, (1.45 - depth[at]) / 0.7));
        const light = Math.exp(-9 * behind) * (1.12 - 0.42 * far);
        const from = 3 * (front[at] - 1);
        for (let j = 0; j < 3; j++) out[o + j] = light * rgb[from + j];
        out[o + 3] = 255;
      }
    }
  }
}

class Viewer extends Renderer {  // on the page: turned and zoomed by hand
  constructor(canvas) {
    super();
    this.canvas = canvas;
    this.turned = false;
    this.moving = 0;
    let last = null;
    canvas.addEventListener("pointerdown", e => { last = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId); this.turned = true; });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
    canvas.addEventListener("pointermove", e => {
      if (!last) return;
      this.drag(e.clientX - last[0], e.clientY - last[1]);
      last = [e.clientX, e.clientY];
    });
    canvas.addEventListener("wheel", e => {
      e.preventDefault();
      this.zoom = Math.max(0.4, Math.min(6, this.zoom * Math.exp(-e.deltaY / 900)));
      this.draw();
    }, { passive: false });
    canvas.addEventListener("dblclick", () => { this.zoom = 1; this.turnTo(this.home); });
    canvas.addEventListener("keydown", e => {
      const step = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] }[e.key];
      if (step) { e.preventDefault(); this.turned = true; this.drag(...step); }
    });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  show(points) { this.load(points); this.draw(); }

  colour(rgb, large = 0) {  // Uint8Array of red green blue red ...
    this.rgb = rgb;
    this.large = large;
    this.draw();
  }

  drag(dx, dy) {  // sideways about the cloud's up axis, up and down about the screen's
    this.moving++;
    const scale = 3.4 / this.canvas.clientWidth;
    this.matrix = times(turn([1, 0, 0], dy * scale), times(this.matrix, turn([0, 1, 0], dx * scale)));
    this.draw();
  }

  turnTo(target) {
    const from = this.matrix, [axis, angle] = axisAngle(times(target, transpose(from)));
    const run = ++this.moving, start = performance.now();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = now => {
      if (run !== this.moving) return;
      const t = still ? 1 : Math.min(1, Math.max(0, (now - start) / 450)), eased = t * t * (3 - 2 * t);
      this.matrix = t === 1 ? target : times(turn(axis, angle * eased), from);
      this.draw();
      if (t < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  draw() {
    if (this.waiting || !this.points) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }

  paint() {
    const size = Math.min(1100, Math.round(this.canvas.clientWidth * (window.devicePixelRatio || 1)));
    if (size) this.render(this.canvas, size);
  }
}
