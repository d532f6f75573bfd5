"""`render_torch.surface` for CPUs, in time that grows with what is rendered, not with the grid.

Each slice of the grid is worked on inside the box that its points fill. One file, because numba's
cache of compiled code does not notice when a function that lives elsewhere changes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pointclip.core.jit import compiled
from pointclip.projection.smoothing import gaussian_taps, sharpness


ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


def surface_arguments(p: Mapping[str, Any]) -> tuple:
    def taps(width: int, sigma: float) -> np.ndarray:
        return np.array(gaussian_taps(width, sigma)[width // 2 :], np.float32)

    smooth = p["smooth"] != "none"
    across = taps(p["smooth_size"] if smooth else 1, p["sigma"])
    return (
        (p["grid_size"], p["grid_depth"], p["densify"] // 2, p["densify_depth"] // 2, p["trim"]),
        np.array([p["scale"], p["depth_bias"], 1 + p["depth_bias"]], np.float32),
        across if len(across) > 1 else np.append(across, ZERO),  # the kernel wants a neighbour
        taps(p["smooth_depth"] if smooth else 1, p["sigma_depth"]),
        np.float32(sharpness(p) if p["smooth"] == "bilateral" else 0),
    )


@compiled
def _larger(a, b):
    # Unlike max(), this does not look for NaN, and so is one instruction for eight numbers.
    return a if a > b else b


@compiled
def _empty(cells, top, bottom, left, right):
    # A loop compiles in a tenth of the time that an assignment to a slice takes.
    for r in range(top, bottom):
        for c in range(left, right):
            cells[r, c] = ZERO


@compiled
def _rotate(points, r, out):
    for i in range(3):
        for n in range(points.shape[0]):
            out[i, n] = points[n, 0] * r[i, 0] + points[n, 1] * r[i, 1] + points[n, 2] * r[i, 2]


@compiled
def surface(
    points,
    rotations,
    images,
    start,
    stop,
    sizes,
    floats,
    across,
    along,
    sharp,
    cells,
    values,
    transposed,
):
    """Render the images `start … stop`; if `cells` is not empty, look every point up as well.

    `cells` gets row and column of each point's pixel, `values` what the image would hold there
    if nothing lay before the point: close to the image's own value where the point is seen.
    `transposed` looks up at (column, row), as PointCLIP V2's part segmentation was released.
    """
    size, slices, reach, reach_z, trim = sizes
    views, n_points, side = len(rotations), points.shape[1], images.shape[1]
    half, half_z = len(across) - 1, len(along) - 1
    q = np.empty((3, n_points), np.float32)
    # Borders of zeros, as wide as each window reaches, save every loop its bounds.
    rows = np.zeros((slices, size + 2 * reach, size), np.float32)
    grid = np.zeros((slices + 2 * half_z, side + 2 * half, side + 2 * half), np.float32)
    deep = np.zeros_like(grid) if reach_z else grid
    smooth_z = half_z > 0 and not sharp > 0
    blurred = np.zeros((len(grid) if smooth_z else 0, side, side), np.float32)
    front = np.zeros((side if sharp > 0 else 0, side), np.int32)
    boxes = np.zeros((slices, 4), np.int64)
    one = np.ones(1, np.float32)
    lines = np.zeros((2, side + 2 * half), np.float32)
    for item in range(start, stop):
        _rotate(points[item // views], rotations[item % views], q)
        _scatter(q, rows, boxes, floats, reach)
        for s in range(slices):
            _pool_rows(rows[s], boxes[s], grid[s + half_z], reach, trim, side, half)
        if reach_z:
            _pool_slices(grid, deep, boxes, reach_z, half, half_z)
        image = images[item]
        if sharp > 0:
            _bilateral(deep, boxes, across, along, sharp, front, image)
        else:
            for s in range(slices):
                target = blurred[s + half_z] if smooth_z else image
                _blur(deep[s + half_z], boxes[s], across, lines, target)
        if smooth_z:
            _blur_slices(blurred, along, boxes, half, image)
            for s in range(slices):
                top, bottom, left, right = _widened(boxes[s], half, side)
                _empty(blurred[s + half_z], top, bottom, left, right)
        if len(cells) > 0:
            # An average that keeps edges has none of its own for what lies behind: no blur, then.
            taps = (one, one) if sharp > 0 else (across, along)
            _look_up(
                q,
                floats,
                (slices, size, trim, half, half_z),
                deep,
                taps,
                transposed,
                cells[item],
                values[item],
            )
        for s in range(slices):
            top, bottom, left, right = boxes[s]
            for layer in (grid[s + half_z], deep[s + half_z]):
                _empty(layer, top + half, bottom + half, left + half, right + half)
        highest = _shade(image)
        if len(cells) > 0:
            for n in range(n_points):
                values[item, n] = ONE - values[item, n] / highest


@compiled
def _frame(q, centre):
    """Set the middle of the points' box, and return its longest side."""
    longest = ZERO
    for i in range(3):
        low, high = q[i].min(), q[i].max()
        centre[i] = (high + low) / TWO
        longest = _larger(longest, high - low)
    return longest if longest > 0 else ONE


@compiled
def _cell(q, n, centre, longest, floats, slices, size):
    """Row, column and slice of a point in the grid, and its depth in slices."""
    scale, bias, span = floats[0], floats[1], floats[2]
    x = (q[0, n] - centre[0]) / longest * TWO
    y = (q[1, n] - centre[1]) / longest * TWO
    z = (q[2, n] - centre[2]) / longest * TWO
    z = ((z + ONE) / TWO + bias) / span * np.float32(slices - 2)
    row = int(np.ceil((x * scale + ONE) / TWO * np.float32(size)))
    column = int(np.ceil((y * scale + ONE) / TWO * np.float32(size)))
    row = min(max(row, 1), size - 2)
    column = min(max(column, 1), size - 2)
    return row, column, min(max(int(np.ceil(z)), 0), slices - 1), z


@compiled
def _scatter(q, rows, boxes, floats, reach):
    """Write every point into its slice and row, as wide as the pooling window.

    `boxes` gets the rows and columns of each slice, first and last + 1, that hold anything.
    """
    slices, size = rows.shape[0], rows.shape[2]
    centre = np.empty(3, np.float32)
    longest = _frame(q, centre)
    for s in range(slices):
        boxes[s, 0] = boxes[s, 2] = size
        boxes[s, 1] = boxes[s, 3] = 0
    for n in range(q.shape[1]):
        row, column, s, z = _cell(q, n, centre, longest, floats, slices, size)
        value = min(max(z, ONE), np.float32(slices - 2))
        first, last = max(column - reach, 0), min(column + reach + 1, size)
        cells = rows[s, row + reach]
        for c in range(first, last):
            cells[c] = _larger(value, cells[c])
        boxes[s, 0], boxes[s, 1] = min(boxes[s, 0], row), max(boxes[s, 1], row + 1)
        boxes[s, 2], boxes[s, 3] = min(boxes[s, 2], first), max(boxes[s, 3], last)


@compiled
def _look_up(q, floats, sizes, deep, taps, transposed, cells, values):
    """The pixel of every point, and the blurred grid at the point's own cell.

    A pixel that is trimmed off is -1, -1, and its value that of nothing.
    """
    slices, size, trim, border, border_z = sizes
    across, along = taps
    half, half_z = len(across) - 1, len(along) - 1
    side = size - 2 * trim
    centre = np.empty(3, np.float32)
    longest = _frame(q, centre)
    for n in range(q.shape[1]):
        row, column, s, _ = _cell(q, n, centre, longest, floats, slices, size)
        if transposed:
            row, column = column, row
        row, column, s = row - trim, column - trim, min(max(s, 1), slices - 3)
        values[n] = ZERO
        if row < 0 or column < 0 or row >= side or column >= side:
            cells[n, 0], cells[n, 1] = -1, -1
            continue
        cells[n, 0], cells[n, 1] = row, column
        for k in range(-half_z, half_z + 1):
            for i in range(-half, half + 1):
                for j in range(-half, half + 1):
                    weight = along[abs(k)] * across[abs(i)] * across[abs(j)]
                    cell = deep[s + k + border_z, row + i + border, column + j + border]
                    values[n] += weight * cell


@compiled
def _pool_rows(rows, box, grid, reach, trim, side, border):
    """The maximum over 2·reach+1 rows, written to the trimmed grid; `rows` is left empty.

    Windows of 2, 4, 8 … rows come from two of half the width each; `box` becomes the result's.
    """
    top, bottom, left, right = box
    if top >= bottom:
        box[0], box[1], box[2], box[3] = 0, 0, 0, 0
        return
    first, last = max(top - reach, 0), bottom + reach
    window = 1
    while 2 * window <= 2 * reach + 1:
        for r in range(first, last):
            for c in range(left, right):
                rows[r, c] = _larger(rows[r, c], rows[r + window, c])
        window *= 2
    # Row r is now the maximum of rows r … r + window - 1, and row 0 is `reach` above the grid.
    rest = 2 * reach + 1 - window
    box[0], box[1] = max(top - reach - trim, 0), min(bottom + reach - trim, side)
    box[2], box[3] = max(left - trim, 0), min(right - trim, side)
    for r in range(box[0], box[1]):
        for c in range(box[2], box[3]):
            value = _larger(rows[r + trim, c + trim], rows[r + trim + rest, c + trim])
            grid[r + border, c + border] = value
    _empty(rows, first, last, left, right)


@compiled
def _pool_slices(grid, deep, boxes, reach, border, border_z):
    """The maximum over 2·reach+1 slices; `boxes` become the result's."""
    slices = len(boxes)
    before = boxes.copy()
    for s in range(slices):
        for near in range(max(s - reach, 0), min(s + reach + 1, slices)):
            top, bottom, left, right = before[near]
            if top >= bottom:
                continue
            for r in range(top + border, bottom + border):
                for c in range(left + border, right + border):
                    deep[s + border_z, r, c] = _larger(
                        deep[s + border_z, r, c], grid[near + border_z, r, c]
                    )
            if boxes[s, 0] >= boxes[s, 1]:
                boxes[s, 0], boxes[s, 1], boxes[s, 2], boxes[s, 3] = top, bottom, left, right
            boxes[s, 0], boxes[s, 1] = min(boxes[s, 0], top), max(boxes[s, 1], bottom)
            boxes[s, 2], boxes[s, 3] = min(boxes[s, 2], left), max(boxes[s, 3], right)


@compiled
def _blur(grid, box, taps, lines, image):
    """Blur one slice across its rows and columns, and keep what is larger than in `image`."""
    top, bottom, left, right = box
    if top >= bottom:
        return
    side, half = len(image), len(taps) - 1
    line, blurred = lines[0], lines[1]
    first, last = max(left - half, 0), min(right + half, side)
    for r in range(max(top - half, 0), min(bottom + half, side)):
        g = r + half
        for c in range(left + half, right + half):
            line[c] = grid[g, c] * taps[0] + (grid[g - 1, c] + grid[g + 1, c]) * taps[1]
        for d in range(2, half + 1):
            for c in range(left + half, right + half):
                line[c] += (grid[g - d, c] + grid[g + d, c]) * taps[d]
        for c in range(first + half, last + half):
            blurred[c] = line[c] * taps[0] + (line[c - 1] + line[c + 1]) * taps[1]
        for d in range(2, half + 1):
            for c in range(first + half, last + half):
                blurred[c] += (line[c - d] + line[c + d]) * taps[d]
        for c in range(first, last):
            image[r, c] = _larger(image[r, c], blurred[c + half])
    for c in range(len(line)):
        line[c] = ZERO


@compiled
def _widened(box, reach, side):
    """A box that reaches so far further on all sides; empty boxes stay empty."""
    top, bottom, left, right = box
    if top >= bottom:
        return 0, 0, 0, 0
    return (
        max(top - reach, 0),
        min(bottom + reach, side),
        max(left - reach, 0),
        min(right + reach, side),
    )


@compiled
def _blur_slices(blurred, taps, boxes, reach, image):
    """Blur along the depth, where the slices around hold anything, and keep the maximum."""
    half, side = len(taps) - 1, len(image)
    for s in range(len(boxes)):
        top, bottom, left, right = side, 0, side, 0
        for near in range(max(s - half, 0), min(s + half + 1, len(boxes))):
            t, b, first, last = _widened(boxes[near], reach, side)
            if t < b:
                top, bottom = min(top, t), max(bottom, b)
                left, right = min(left, first), max(right, last)
        middle = s + half
        for r in range(top, bottom):
            for c in range(left, right):
                value = blurred[middle, r, c] * taps[0]
                for d in range(1, half + 1):
                    value += (blurred[middle - d, r, c] + blurred[middle + d, r, c]) * taps[d]
                image[r, c] = _larger(image[r, c], value)


@compiled
def _bilateral(grid, boxes, across, along, sharp, front, image):
    """The edge-keeping average around each column's nearest cell."""
    side, half, half_z = len(image), len(across) - 1, len(along) - 1
    height, width = grid.shape[1], grid.shape[2]
    for r in range(side):
        for c in range(side):
            front[r, c] = -1
    for s in range(len(boxes)):
        top, bottom, left, right = boxes[s]
        for r in range(top, bottom):
            for c in range(left, right):
                if grid[s + half_z, r + half, c + half] > 0:
                    front[r, c] = s
    cells = grid.reshape(grid.size)
    column = np.empty(side, np.int64)
    corner = np.empty(side, np.int64)
    value = np.empty(side, np.float32)
    total = np.empty(side, np.float32)
    weights = np.empty(side, np.float32)
    tap = np.empty(side, np.float32)
    for r in range(side):
        n = 0
        for c in range(side):
            if front[r, c] >= 0:
                column[n] = c
                corner[n] = (front[r, c] * height + r) * width + c
                value[n] = grid[front[r, c] + half_z, r + half, c + half]
                total[n], weights[n] = 0, 0
                n += 1
        for z in range(2 * half_z + 1):
            for y in range(2 * half + 1):
                for x in range(2 * half + 1):
                    step = (z * height + y) * width + x
                    fixed = np.float64(along[abs(z - half_z)]) * np.float64(across[abs(y - half)])
                    tap_weight = np.float32(fixed * np.float64(across[abs(x - half)]))
                    # Two loops: only the second can be vectorised, and it is most of the work.
                    for k in range(n):
                        tap[k] = cells[corner[k] + step]
                    for k in range(n):
                        off = tap[k] - value[k]
                        near = _larger(ONE - off * off * sharp, ZERO)
                        near = near * near
                        near = near * near
                        near = near * near * tap_weight
                        near = near if tap[k] > 0 else ZERO
                        total[k] += near * tap[k]
                        weights[k] += near
        for k in range(n):
            image[r, column[k]] = total[k] / weights[k]


@compiled
def _shade(image):
    highest = image.max()
    for r in range(image.shape[0]):
        for c in range(image.shape[1]):
            image[r, c] = ONE - image[r, c] / highest
    return highest
