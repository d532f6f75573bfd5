"""`render_torch.surface` for CPUs, in time that grows with what is rendered, not with the grid.

Every point is written as large as the pooling window of its slice, and each row of each slice is
worked on where points fill it. One file, because numba's
cache of compiled code does not notice when a function that lives elsewhere changes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pointclip.core.jit import compiled
from pointclip.projection.smoothing import gaussian_taps, sharpness


ZERO, ONE, TWO, TINY = (np.float32(x) for x in (0, 1, 2, 1e-30))
NEAR = 2  # slices on both sides that an edge-keeping average weighs at once
NOTHING = 1 << 30  # where an empty span begins


def surface_arguments(p: Mapping[str, Any]) -> tuple:
    """What the kernel `surface` takes after the images, but for what it looks up."""

    def taps(width: int, sigma: float) -> np.ndarray:
        return np.array(gaussian_taps(width, sigma)[width // 2 :], np.float32)

    smooth = p["smooth"] != "none"
    across = taps(p["smooth_size"] if smooth else 1, p["sigma"])
    along = taps(p["smooth_depth"] if smooth else 1, p["sigma_depth"])
    return (
        (p["grid_size"], p["grid_depth"], p["densify"] // 2, p["densify_depth"] // 2, p["trim"]),
        np.array([p["scale"], p["depth_bias"], 1 + p["depth_bias"]], np.float32),
        across if len(across) > 1 else np.append(across, ZERO),  # the kernel wants a neighbour
        along,
        np.float32(sharpness(p) if p["smooth"] == "bilateral" else 0),
        # The nearest slices once more: a loop over a tuple, whose length is known, is unrolled.
        tuple(along[abs(z)] if abs(z) < len(along) else ZERO for z in range(-NEAR, NEAR + 1)),
    )


@compiled
def _larger(a, b):
    # Unlike max(), this does not look for NaN, and so is one instruction for eight numbers.
    return a if a > b else b


@compiled
def _empty(cells, spans, border):
    """Set the spans of all rows to zero, and make them empty."""
    for r in range(len(spans)):
        for c in range(spans[r, 0] + border, spans[r, 1] + border):
            cells[r + border, c] = ZERO
        spans[r, 0], spans[r, 1] = NOTHING, 0


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
    window,
    cells,
    values,
):
    """Render the images `start … stop`; if `cells` is not empty, look every point up as well.

    `cells` gets row and column of each point's pixel, `values` what the image would hold there
    if nothing lay before the point: close to the image's own value where the point is seen; and
    the same at (column, row), where PointCLIP V2's part segmentation looks points up.
    """
    size, slices, _, reach_z, trim = sizes
    views, n_points, side = len(rotations), points.shape[1], images.shape[1]
    half, half_z = len(across) - 1, len(along) - 1
    q = np.empty((3, n_points), np.float32)
    # Borders of zeros, as wide as each window reaches, save every loop its bounds.
    grid = np.zeros((slices + 2 * half_z, side + 2 * half, side + 2 * half), np.float32)
    spans = np.zeros((slices, side, 2), np.int64)
    spans[:, :, 0] = NOTHING
    deep, deep_spans = (grid.copy(), spans.copy()) if reach_z else (grid, spans)
    smooth_z = half_z > 0 and not sharp > 0
    ring = np.zeros((len(along) + half_z if smooth_z else 0, side, side), np.float32)
    runs = np.zeros((len(ring) + 1, side, 2), np.int64)
    runs[:, :, 0] = NOTHING
    padded = grid.shape[1] if sharp > 0 else 0
    value = np.zeros((padded, padded), np.float32)
    layers = (value, np.zeros_like(value), np.full_like(value, -ONE))
    sums = np.zeros((5, padded), np.float32)
    one = np.ones(1, np.float32)
    lines = np.zeros((2, side + 2 * half), np.float32)
    for item in range(start, stop):
        _rotate(points[item // views], rotations[item % views], q)
        _scatter(q, grid, spans, floats, sizes, half, half_z)
        image = images[item]
        if sharp > 0:
            _bilateral(grid, spans, across, along, window, sharp, reach_z, layers, sums, image)
        if reach_z and (sharp <= 0 or len(cells) > 0):
            _pool_slices(grid, spans, reach_z, half, half_z, deep, deep_spans)
        if smooth_z:
            _blur_from_front(deep, deep_spans, across, along, reach_z, ring, runs, lines, image)
        elif sharp <= 0:
            for s in range(slices):
                _blur(deep, deep_spans, s, across, lines, image)
        if len(cells) > 0:
            # An average that keeps edges has none of its own for what lies behind: no blur, then.
            taps = (one, one) if sharp > 0 else (across, along)
            frame = (slices, size, trim, half, half_z)
            _look_up(q, floats, frame, deep, taps, cells[item], values[item])
        for s in range(slices):
            _empty(grid[s + half_z], spans[s], half)
            _empty(deep[s + half_z], deep_spans[s], half)
        highest = _shade(image)
        if len(cells) > 0:
            for k in range(2):
                for n in range(n_points):
                    values[item, k, n] = ONE - values[item, k, n] / highest


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
def _scatter(q, grid, spans, floats, sizes, border, border_z):
    """Write every point into its slice, as large as the pooling window, and keep the largest.

    `spans` gets the columns, first and last + 1, that each row of each slice fills.
    """
    size, slices, reach, _, trim = sizes
    side = size - 2 * trim
    centre = np.empty(3, np.float32)
    longest = _frame(q, centre)
    for n in range(q.shape[1]):
        row, column, s, z = _cell(q, n, centre, longest, floats, slices, size)
        value = min(max(z, ONE), np.float32(slices - 2))
        row, column = row - trim, column - trim
        first, last = max(column - reach, 0), min(column + reach + 1, side)
        if first >= last:
            continue
        for r in range(max(row - reach, 0), min(row + reach + 1, side)):
            spans[s, r, 0] = min(spans[s, r, 0], first)
            spans[s, r, 1] = max(spans[s, r, 1], last)
            for c in range(first + border, last + border):
                cell = grid[s + border_z, r + border, c]
                grid[s + border_z, r + border, c] = _larger(value, cell)


@compiled
def _pool_slices(grid, spans, reach, border, border_z, deep, deep_spans):
    """The maximum over 2·reach+1 slices, and its spans."""
    slices, side = len(spans), spans.shape[1]
    for s in range(slices):
        for r in range(side):
            for k in range(max(s - reach, 0), min(s + reach + 1, slices)):
                first, last = spans[k, r, 0], spans[k, r, 1]
                if first >= last:
                    continue
                deep_spans[s, r, 0] = min(deep_spans[s, r, 0], first)
                deep_spans[s, r, 1] = max(deep_spans[s, r, 1], last)
                for c in range(first + border, last + border):
                    cell = deep[s + border_z, r + border, c]
                    deep[s + border_z, r + border, c] = _larger(
                        cell, grid[k + border_z, r + border, c]
                    )


@compiled
def _look_up(q, floats, sizes, grid, taps, cells, values):
    """The pixel of every point, and the blurred grid at the point's own cell and at the one with
    row and column exchanged.

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
        row, column, s = row - trim, column - trim, min(max(s, 1), slices - 3)
        values[0, n], values[1, n] = ZERO, ZERO
        if row < 0 or column < 0 or row >= side or column >= side:
            cells[n, 0], cells[n, 1] = -1, -1
            continue
        cells[n, 0], cells[n, 1] = row, column
        for k in range(-half_z, half_z + 1):
            layer = grid[s + k + border_z]
            for i in range(-half, half + 1):
                for j in range(-half, half + 1):
                    weight = along[abs(k)] * across[abs(i)] * across[abs(j)]
                    values[0, n] += weight * layer[row + i + border, column + j + border]
                    values[1, n] += weight * layer[column + i + border, row + j + border]


@compiled
def _blurred_span(spans, s, row, half):
    """First and last + 1 of the columns that a blurred row of a slice holds anything in."""
    side = spans.shape[1]
    first, last = NOTHING, 0
    for r in range(max(row - half, 0), min(row + half + 1, side)):
        first, last = min(first, spans[s, r, 0]), max(last, spans[s, r, 1])
    return (max(first - half, 0), min(last + half, side)) if first < last else (NOTHING, 0)


@compiled
def _blur(grid, spans, s, taps, lines, image):
    """Blur one slice across its rows and columns, and keep what is larger than in `image`."""
    for r in range(len(image)):
        first, last = _blurred_span(spans, s, r, len(taps) - 1)
        _blur_row(grid, s, r, first, last, taps, lines, lines, 1)
        for c in range(first, last):
            image[r, c] = _larger(image[r, c], lines[1, c])


@compiled
def _blur_row(grid, s, row, first, last, taps, lines, out, to):
    """Blur one row of a slice from column `first` to `last`, into row `to` of `out`; `grid` has a
    border of zeros."""
    half = len(taps) - 1
    g = row + half
    for c in range(first, last + 2 * half if first < last else first):
        lines[0, c] = grid[s, g, c] * taps[0] + (grid[s, g - 1, c] + grid[s, g + 1, c]) * taps[1]
    for d in range(2, half + 1):
        for c in range(first, last + 2 * half):
            lines[0, c] += (grid[s, g - d, c] + grid[s, g + d, c]) * taps[d]
    for c in range(first, last):
        k = c + half
        out[to, c] = lines[0, k] * taps[0] + (lines[0, k - 1] + lines[0, k + 1]) * taps[1]
    for d in range(2, half + 1):
        for c in range(first, last):
            k = c + half
            out[to, c] += (lines[0, k - d] + lines[0, k + d]) * taps[d]


@compiled
def _blur_from_front(grid, spans, across, along, reach, ring, runs, lines, image):
    """Blur across rows, columns and slices, and keep the maximum over the slices.

    From the nearest slice to the farthest: slice s holds nothing above s + `reach` + 1, the blurred
    one nothing above that and half the window, so a pixel that has more already needs no slice
    from there on. `ring` holds as many slices as the window, blurred across, with their spans in
    `runs`, whose last row holds a run of pixels that need no more slices, for each row.
    """
    half, half_z, slices, side = len(across) - 1, len(along) - 1, len(spans), len(image)
    count = len(ring)
    hidden = runs[count]
    blurred = ring.reshape(count * side, side)
    for r in range(side):
        hidden[r, 0], hidden[r, 1] = 0, 0
    for s in range(slices - 1 + half_z, -count, -1):
        t = s - half_z
        _empty(ring[t % count], runs[t % count], 0)
        enough = np.float32(s + half_z + reach + 2)
        for r in range(side):
            begin, end = _blurred_span(spans, t, r, half) if t >= 0 else (NOTHING, 0)
            runs[t % count, r, 0], runs[t % count, r, 1] = begin, end
            first, last = begin, end
            for k in range(count):
                first, last = min(first, runs[k, r, 0]), max(last, runs[k, r, 1])
            if first >= last:
                continue
            _hide(image, r, (first + last) // 2, enough, hidden)
            to = t % count * side + r
            # What lies before and behind the hidden run.
            for a, b in ((first, min(last, hidden[r, 0])), (max(first, hidden[r, 1]), last)):
                if max(a, begin) < min(b, end):
                    columns = max(a, begin), min(b, end)
                    _blur_row(grid, t + half_z, r, *columns, across, lines, blurred, to)
                if a < b and 0 <= s < slices:
                    _blur_along(ring, s, r, a, b, along, lines, image)


@compiled
def _hide(image, r, middle, value, run):
    """Widen the run of pixels of a row that have `value` or more; it begins at `middle`."""
    if run[r, 0] == run[r, 1]:
        if image[r, middle] < value:
            return
        run[r, 0] = run[r, 1] = middle
    while run[r, 1] < len(image) and image[r, run[r, 1]] >= value:
        run[r, 1] += 1
    while run[r, 0] > 0 and image[r, run[r, 0] - 1] >= value:
        run[r, 0] -= 1


@compiled
def _blur_along(ring, s, row, first, last, taps, lines, image):
    """Blur one row along the slices, and keep what is larger than in `image`."""
    count = len(ring)
    middle = s % count
    for c in range(first, last):
        lines[0, c] = ring[middle, row, c] * taps[0]
    for d in range(1, len(taps)):
        before, behind = (s - d) % count, (s + d) % count
        for c in range(first, last):
            lines[0, c] += (ring[before, row, c] + ring[behind, row, c]) * taps[d]
    for c in range(first, last):
        image[row, c] = _larger(image[row, c], lines[0, c])


@compiled
def _find_front(grid, spans, reach_z, border, border_z, value, first, last):
    """The nearest layer of every column: its value, and the slices that pooling repeats it in.

    A slice's values are larger than those of all slices behind it: pooling over slices repeats the
    nearest one in `reach_z` slices on both sides of its own. Empty columns have value 0 and none,
    as they are when this begins.
    """
    for s in range(len(spans)):
        start, stop = np.float32(max(s - reach_z, 0)), np.float32(min(s + reach_z, len(spans) - 1))
        for row in range(spans.shape[1]):
            r = row + border
            for c in range(spans[s, row, 0] + border, spans[s, row, 1] + border):
                found = grid[s + border_z, r, c]
                value[r, c] = found if found > 0 else value[r, c]
                first[r, c] = start if found > 0 else first[r, c]
                last[r, c] = stop if found > 0 else last[r, c]


@compiled
def _bilateral(grid, spans, across, along, window, sharp, reach_z, layers, sums, image):
    """The edge-keeping average around each column's nearest cell, of the grid pooled over slices.

    Most of a neighbouring column's cells that the window meets repeat the value of its nearest
    layer (`_find_front`), so they are weighed together. Where a neighbour's repetitions end within
    the window, what lies behind is added cell by cell.
    """
    half, half_z = len(across) - 1, len(along) - 1
    value, first, last = layers
    _find_front(grid, spans, reach_z, half, half_z, value, first, last)
    top, bottom, left, right = _united(spans)
    n = right - left
    total, weights, weight, behind = sums[0, :n], sums[1, :n], sums[2, :n], sums[3, :n]
    highest, wide = sums[4], n + 2 * half
    for r in range(top, bottom):
        sums[:] = ZERO
        for y in range(2 * half + 1):
            start = first[r + y, left:]
            for c in range(wide):
                highest[c] = _larger(highest[c], start[c])
        for x in range(2 * half + 1):
            start = highest[x:]
            for c in range(n):
                behind[c] = _larger(behind[c], start[c])
        own = value[r + half, left + half : right + half]
        middle = last[r + half, left + half : right + half]
        for y in range(2 * half + 1):
            for x in range(2 * half + 1):
                there = value[r + y, left + x : right + x]
                start, stop = first[r + y, left + x :], last[r + y, left + x :]
                tap_weight = across[abs(y - half)] * across[abs(x - half)]
                # Loops this short, over slices of arrays, vectorise.
                weight[:] = ZERO
                for z in range(NEAR + 1, half_z + 1):
                    for step in (np.float32(-z), np.float32(z)):
                        for c in range(n):
                            cell = middle[c] + step
                            within = (cell >= start[c]) & (cell <= stop[c])
                            weight[c] += along[z] if within else ZERO
                for c in range(n):
                    depth_weight = weight[c] + _repeated(middle[c], start[c], stop[c], window)
                    weight[c] = depth_weight * (_nearness(there[c], own[c], sharp) * tap_weight)
                for c in range(n):
                    total[c] += weight[c] * there[c]
                    weights[c] += weight[c]
        for c in range(n):
            if middle[c] - np.float32(half_z) < behind[c] and own[c] > 0:
                taps = (across, along, sharp, reach_z)
                more = _behind(grid, r + half, left + c + half, taps, layers)
                total[c] += more[0]
                weights[c] += more[1]
        line = image[r, left:right]
        for c in range(n):
            line[c] = total[c] / _larger(weights[c], TINY) if own[c] > 0 else ZERO
    for r in range(top + half, bottom + half):
        for c in range(left + half, right + half):
            value[r, c], first[r, c], last[r, c] = ZERO, ZERO, -ONE


@compiled
def _united(spans):
    """The box around all spans that are not empty: first and last + 1 row and column."""
    side = spans.shape[1]
    top, bottom, left, right = side, 0, side, 0
    for s in range(len(spans)):
        for r in range(side):
            if spans[s, r, 0] < spans[s, r, 1]:
                top, bottom = min(top, r), max(bottom, r + 1)
                left, right = min(left, spans[s, r, 0]), max(right, spans[s, r, 1])
    return top, bottom, left, max(left, right)


@compiled
def _repeated(middle, start, stop, window):
    """Of the weights of a window along the depth those of the slices from `start` to `stop`."""
    total = ZERO
    for z in range(len(window)):
        cell = middle + np.float32(z - len(window) // 2)
        total += window[z] if (cell >= start) & (cell <= stop) else ZERO
    return total


@compiled
def _nearness(tap, value, sharp):
    """The eighth power of a parabola, in place of exp()."""
    off = tap - value
    near = _larger(ONE - off * off * sharp, ZERO)
    near = near * near
    near = near * near
    return near * near


@compiled
def _behind(grid, r, c, taps, layers):
    """Weighted sum, and weights, of the window's cells behind the nearest layers around a pixel."""
    across, along, sharp, reach_z = taps
    value, first, last = layers
    half, half_z = len(across) - 1, len(along) - 1
    slices = len(grid) - 2 * half_z
    own, middle = value[r, c], int(last[r, c])
    total, weights = ZERO, ZERO
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            front = int(first[r + y, c + x])
            for s in range(max(middle - half_z, 0), min(middle + half_z + 1, front)):
                tap = ZERO
                for near in range(max(s - reach_z, 0), min(s + reach_z + 1, slices)):
                    tap = _larger(tap, grid[near + half_z, r + y, c + x])
                if tap > 0:
                    weight = across[abs(y)] * across[abs(x)] * along[abs(s - middle)]
                    weight *= _nearness(tap, own, sharp)
                    total += weight * tap
                    weights += weight
    return total, weights


@compiled
def _shade(image):
    highest = image.max()
    for r in range(image.shape[0]):
        for c in range(image.shape[1]):
            image[r, c] = ONE - image[r, c] / highest
    return highest
