"""`render_torch.perspective` for CPUs: the pixels that hold anything are listed, not looked for.

One file, because numba's cache of compiled code does not notice when a function elsewhere changes.
"""

import numpy as np

from pointclip.core.jit import compiled


NO_BITS, ONE_BIT = np.uint64(0), np.uint64(1)
# The upper six bits of this number times 2^k are different for every k: a table gives k back.
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
BIT_OF = np.zeros(64, np.int64)
for _bit in range(64):
    BIT_OF[(0x03F79D71B4CB0A89 << _bit) % 2**64 >> 58] = _bit
ZERO, ONE, TWO, TINY = (np.float32(x) for x in (0, 1, 2, 1e-12))


@compiled
def perspective(points, rotations, images, start, stop, splat, distance):
    size = images.shape[1]
    flat = images.reshape(len(images), size * size)
    most = min(points.shape[1] * splat * splat, size * size)
    pixels, values = np.empty(most, np.int32), np.empty(most, np.float32)
    scratch = _dots_scratch(points.shape[1], size)
    for item in range(start, stop):
        views = len(rotations)
        p, r = points[item // views], rotations[item % views]
        image = flat[item]
        for k in range(_dots(p, r, size, splat, distance, scratch, pixels, values)):
            image[pixels[k]] = values[k]


@compiled
def perspective_dots(points, rotations, pixels, values, counts, start, stop, size, splat, distance):
    """The pixels of the images `start … stop` that hold anything, in ascending order."""
    scratch, views = _dots_scratch(points.shape[1], size), len(rotations)
    for item in range(start, stop):
        p, r = points[item // views], rotations[item % views]
        found = _dots(p, r, size, splat, distance, scratch, pixels[item], values[item])
        counts[item] = found


@compiled
def _dots_scratch(points, size):
    """Row, column and weight of every point; sums, counts and marks of every pixel, all zero."""
    of_points = np.empty((3, points), np.float32)
    marks = np.zeros(size * size // 64 + 1, np.uint64)
    return of_points, np.zeros(size * size, np.float64), np.zeros(size * size, np.int32), marks


@compiled
def _dots(p, r, size, splat, distance, scratch, pixels, values):
    """Render one image as pixels and their values, and return how many; scratch stays zero."""
    (row, column, weight), total, count, marks = scratch
    first = np.float32(-0.5 if splat == 1 else -splat / 2)
    scale, end = np.float32(size), np.float32(size)
    r00, r01, r02 = r[0]
    r10, r11, r12 = r[1]
    r20, r21, r22 = r[2]
    for n in range(len(p)):
        x, y, z = p[n, 0], p[n, 1], p[n, 2]
        depth = x * r20 + y * r21 + z * r22 + distance
        depth = depth if depth != ZERO else TINY
        weight[n] = ONE / depth
        row[n] = ((x * r00 + y * r01 + z * r02) / depth + ONE) * scale / TWO
        column[n] = ((x * r10 + y * r11 + z * r12) / depth + ONE) * scale / TWO
    for i in range(splat):
        for j in range(splat):
            for n in range(len(p)):
                a = np.ceil(row[n] + (first + np.float32(i)))
                b = np.ceil(column[n] + (first + np.float32(j)))
                if a < ZERO or a >= end or b < ZERO or b >= end or weight[n] < ZERO:
                    continue
                pixel = np.int64(a) * size + np.int64(b)
                total[pixel] += np.float64(weight[n])
                count[pixel] += 1
                marks[pixel >> 6] |= np.uint64(1) << np.uint64(pixel & 63)
    found = 0
    for word in range(len(marks)):
        rest = marks[word]
        while rest != NO_BITS:
            above = rest & (rest - ONE_BIT)  # without its lowest bit
            pixel = word * 64 + BIT_OF[((rest ^ above) * DE_BRUIJN) >> np.uint64(58)]
            rest = above
            pixels[found] = pixel
            values[found] = np.float32(np.float64(count[pixel]) / total[pixel])
            total[pixel] = 0
            count[pixel] = 0
            found += 1
        marks[word] = 0
    return found
