"""From a map of where text is to rectangles around its lines.

The post-processing of differentiable binarisation (Liao et al. 2020, arXiv 1911.08947): connected areas above a
threshold, the smallest rectangle around each, grown by area * ratio / perimeter. Written in numpy, because the usual
libraries for it weigh ten times as much as the models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_TEXT, _SURE, _GROWN = 0.3, 0.55, 1.7
_LEAST = 3.0
"""Pixels of the map that a line must be high."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that may be turned: its middle, its sides, and the direction of its width (unit vector)."""

    x: float
    y: float
    width: float
    height: float
    right: tuple[float, float]


def boxes(chance: Floats) -> list[Box]:
    """[height, width] chance of text -> lines of text, in the map's pixels."""
    found = []
    for points, weight in _areas(chance):
        if weight < _SURE or len(points) < 4:
            continue
        box = _smallest(_hull(points))
        if box is None or min(box.width, box.height) < _LEAST:
            continue
        grow = box.width * box.height * _GROWN / (2 * (box.width + box.height))
        found.append(Box(box.x, box.y, box.width + 2 * grow, box.height + 2 * grow, box.right))
    return found


def _areas(chance: Floats) -> list[tuple[NDArray[np.float64], float]]:
    """Of every connected area the ends of its runs [n, 2] (x, y), and its mean chance."""
    mask = chance > _TEXT
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, begins = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    sums = np.concatenate([[0.0], np.cumsum(chance, dtype=np.float64)])
    width = chance.shape[1]
    weights = sums[rows * width + ends] - sums[rows * width + begins]
    parent = list(range(len(rows)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first = np.searchsorted(rows, np.arange(chance.shape[0] + 1))
    for row in range(1, chance.shape[0]):
        above, here = first[row - 1], first[row]
        while above < first[row] and here < first[row + 1]:
            if begins[above] <= ends[here] and begins[here] <= ends[above]:  # corners touch, too
                parent[root(here)] = root(above)
            if ends[above] < ends[here]:
                above += 1
            else:
                here += 1
    groups: dict[int, list[int]] = {}
    for at in range(len(rows)):
        groups.setdefault(root(at), []).append(at)
    areas = []
    for runs in groups.values():
        chosen = np.array(runs)
        points = np.concatenate(
            [
                np.stack([x, y + dy], axis=1)
                for x in (begins[chosen], ends[chosen])
                for y, dy in ((rows[chosen], 0), (rows[chosen], 1))
            ]
        )
        areas.append((points.astype(np.float64), float(weights[chosen].sum() / (ends[chosen] - begins[chosen]).sum())))
    return areas


def _hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The convex hull, by Andrew's monotone chain."""
    ordered = np.unique(points, axis=0)

    def half(chain: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        kept: list[NDArray[np.float64]] = []
        for point in chain:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], point) <= 0:
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _smallest(hull: NDArray[np.float64]) -> Box | None:
    """The smallest rectangle around a convex hull: one of its sides lies on an edge of the hull."""
    if len(hull) < 3:
        return None
    edges = np.roll(hull, -1, axis=0) - hull
    rights = edges / np.linalg.norm(edges, axis=1, keepdims=True)
    downs = np.stack([-rights[:, 1], rights[:, 0]], axis=1)
    along, across = hull @ rights.T, hull @ downs.T
    low, high = np.stack([along.min(0), across.min(0)]), np.stack([along.max(0), across.max(0)])
    sides = high - low
    best = int(np.argmin(sides[0] * sides[1]))
    centre = (low[:, best] + high[:, best]) / 2
    middle = centre[0] * rights[best] + centre[1] * downs[best]
    right, (width, height) = rights[best], sides[:, best]
    # The width is the side that lies more horizontally; it points to the right.
    if abs(right[0]) < abs(right[1]):
        right, width, height = downs[best], height, width
    if right[0] < 0:
        right = -right
    return Box(float(middle[0]), float(middle[1]), float(width), float(height), (float(right[0]), float(right[1])))
