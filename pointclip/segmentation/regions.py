"""Regions: points that hang together get one feature, so that a region gets one label.

`geometric_regions` follows the steps that GeoZe's authors publish as SimpleGeoZe (Mei et al.,
"Geometrically-driven aggregation for zero-shot 3D point cloud understanding", CVPR 2024): k-means
on position, normal and local shape, borders moved by affinity, regions split into pieces.
`kmeans_regions` is its first step on positions and normals alone.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pointclip.segmentation.geometry import neighbours


NEIGHBOURS = 10
SMALLEST = 4  # points of a region
_TINY = 1e-12

Edges = Int[np.ndarray, "point neighbour"]
Regions = Int[np.ndarray, " point"]


def geometric_regions(
    points: Float[np.ndarray, "point 3"],
    normals: Float[np.ndarray, "point 3"],
    histograms: Float[np.ndarray, "point bin"],
    count: int = 32,
) -> Regions:
    """About `count` regions of a cloud at unit radius, from normals and FPFH."""
    edges = neighbours(points, NEIGHBOURS)
    local = np.sqrt(histograms / np.maximum(histograms.sum(1, keepdims=True), _TINY))
    cues = [points, outer_products(normals), local]
    scaled = np.concatenate([cue / max(_mean_step(cue, edges), _TINY) for cue in cues], axis=1)
    labels = kmeans(scaled, farthest_points(points, count))
    weights = edge_affinities(points, normals, local, edges)
    return split_pieces(move_borders(labels, edges, weights), edges)


def kmeans_regions(
    points: Float[np.ndarray, "point 3"], normals: Float[np.ndarray, "point 3"], count: int = 32
) -> Regions:
    """`count` regions by k-means on positions and normals."""
    edges = neighbours(points, NEIGHBOURS)
    cues = [points, outer_products(normals)]
    scaled = np.concatenate([cue / max(_mean_step(cue, edges), _TINY) for cue in cues], axis=1)
    return kmeans(scaled, farthest_points(points, count))


def region_features(
    features: Float[np.ndarray, "point channel"], regions: Regions
) -> Float[np.ndarray, "region channel"]:
    """The unit mean of the unit features of each region's points; those without one (zeros: seen by
    no view) do not count. Zeros for a region of such points only."""
    count = int(regions.max()) + 1
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.where(length > 0, length, 1)
    member = coo_matrix((np.ones(len(regions)), (regions, np.arange(len(regions)))))
    total = np.asarray(member.tocsr()[:count] @ unit)
    size = np.linalg.norm(total, axis=1, keepdims=True)
    return (total / np.where(size > 0, size, 1)).astype(np.float32)


def outer_products(normals: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 6"]:
    """n nᵀ without its repeats: a cue that does not know which way a normal points."""
    x, y, z = normals.T
    root = np.sqrt(2)
    return np.stack([x * x, y * y, z * z, root * x * y, root * x * z, root * y * z], axis=1)


def farthest_points(points: Float[np.ndarray, "point 3"], count: int) -> Int[np.ndarray, " seed"]:
    """Farthest-point sampling; the first is farthest from the mean."""
    count = min(count, len(points))
    chosen = np.empty(count, np.int64)
    chosen[0] = ((points - points.mean(0)) ** 2).sum(1).argmax()
    nearest = ((points - points[chosen[0]]) ** 2).sum(1)
    for k in range(1, count):
        chosen[k] = nearest.argmax()
        nearest = np.minimum(nearest, ((points - points[chosen[k]]) ** 2).sum(1))
    return chosen


def kmeans(
    cues: Float[np.ndarray, "point cue"], seeds: Int[np.ndarray, " seed"], rounds: int = 20
) -> Regions:
    """Lloyd's algorithm from the given points, until labels repeat; an empty centre stays."""
    centres = cues[seeds].astype(np.float64)
    cues = cues.astype(np.float64)
    labels = np.full(len(cues), -1)
    for _ in range(rounds):
        # |x - c|² less |x|², which all centres share.
        found = ((centres**2).sum(1) - 2 * cues @ centres.T).argmin(1)
        if (found == labels).all():
            break
        labels = found
        size = np.bincount(labels, minlength=len(centres))
        member = coo_matrix(
            (np.ones(len(cues)), (labels, np.arange(len(cues)))), (len(centres), len(cues))
        )
        total = member.tocsr() @ cues
        centres[size > 0] = total[size > 0] / size[size > 0, None]
    return labels


def orient(
    points: Float[np.ndarray, "point 3"], normals: Float[np.ndarray, "point 3"], edges: Edges
) -> Int[np.ndarray, " point"]:
    """A sign for every normal: outward from the mean, then at most 8 rounds with the neighbours."""
    sign = np.where(np.einsum("ni,ni->n", normals, points - points.mean(0)) < 0, -1, 1)
    alike = np.einsum("ni,nki->nk", normals, normals[edges])
    for _ in range(8):
        votes = (alike * sign[edges]).sum(1)
        turned = np.where(votes > 0, 1, np.where(votes < 0, -1, sign))
        if (turned == sign).all():
            break
        sign = turned
    return sign


def edge_affinities(
    points: Float[np.ndarray, "point 3"],
    normals: Float[np.ndarray, "point 3"],
    local: Float[np.ndarray, "point bin"],
    edges: Edges,
) -> Float[np.ndarray, "point neighbour"]:
    """How alike neighbours are: near, parallel, of one local shape, with no notch between them."""
    facing = normals * orient(points, normals, edges)[:, None]
    step = points[:, None] - points[edges]
    length = np.linalg.norm(step, axis=2)
    bend = facing[:, None] - facing[edges]
    notch = -np.einsum("nki,nki->nk", bend, step) / np.maximum(length, _TINY)
    differences = [
        length**2,
        1 - np.abs(np.einsum("ni,nki->nk", normals, normals[edges])),
        1 - np.einsum("ni,nki->nk", local, local[edges]),
        notch,
    ]
    total = np.zeros_like(length)
    for difference in differences:
        positive = np.maximum(difference, 0)
        total += positive / max(positive.mean(), _TINY)
    return np.exp(-total)


def move_borders(
    labels: Regions, edges: Edges, weights: Float[np.ndarray, "point neighbour"], rounds: int = 3
) -> Regions:
    """Every point takes the label to which its neighbours are most alike; its own has no vote."""
    rows = np.repeat(np.arange(len(labels)), edges.shape[1])
    for _ in range(rounds):
        count = int(labels.max()) + 1
        cells = rows * count + labels[edges].ravel()
        votes = np.bincount(cells, weights.ravel(), len(labels) * count)
        labels = votes.reshape(len(labels), count).argmax(1)
    return labels


def split_pieces(labels: Regions, edges: Edges) -> Regions:
    """Connected pieces of the regions, numbered from 0; very small ones join a neighbour's."""
    first = np.repeat(np.arange(len(labels)), edges.shape[1])
    second = edges.ravel()
    same = labels[first] == labels[second]
    shape = (len(labels), len(labels))
    links = coo_matrix((np.ones(same.sum()), (first[same], second[same])), shape)
    pieces = connected_components(links, directed=False)[1]
    for _ in range(3):
        small = np.bincount(pieces)[pieces] < SMALLEST
        if not small.any():
            break
        large_neighbour = ~small[edges]
        joins = small & large_neighbour.any(1)
        target = edges[np.arange(len(edges)), large_neighbour.argmax(1)]
        pieces = np.where(joins, pieces[target], pieces)
    return np.unique(pieces, return_inverse=True)[1]


def _mean_step(cue: Float[np.ndarray, "point cue"], edges: Edges) -> float:
    return float(np.linalg.norm(cue[:, None] - cue[edges], axis=2).mean())
