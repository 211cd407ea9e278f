"""Names of array types, and small functions on arrays that several parts need."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]


def smoothstep(x: Any, low: Any, high: Any) -> Any:
    """0 below `low`, 1 above `high`, smooth between; `low` may be the greater."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def vertex_normals(vertices: Floats, triangles: Ints) -> Floats:
    """[n, 3], of length 1; each triangle counts by its area."""
    corner = vertices[triangles[:, 0]]
    areas = np.cross(vertices[triangles[:, 1]] - corner, vertices[triangles[:, 2]] - corner)
    normals = np.zeros((len(vertices), 3))
    for k in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(triangles[:, k], areas[:, axis], len(vertices))
    lengths: Floats = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / (lengths + 1e-12)


def rotation_x(angle: float) -> Floats:
    """[3, 3]; positive angles (radians) turn y towards z."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def rotation_y(angle: float) -> Floats:
    """[3, 3]; positive angles (radians) turn z towards x."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def sphere(count: int) -> Floats:
    """[count, 3] directions evenly all round (a Fibonacci lattice)."""
    i = np.arange(count) + 0.5
    y = 1 - 2 * i / count
    radius = np.sqrt(1 - y * y)
    turn = np.pi * (1 + 5**0.5) * i
    return np.stack([radius * np.cos(turn), y, radius * np.sin(turn)], 1)


def value_noise(rng: Generator, shape: tuple[int, int], cell: int) -> Floats:
    """Smooth noise, about N(0, 1) at points `cell` pixels apart."""
    height, width = shape
    grid = rng.standard_normal((height // cell + 3, width // cell + 3)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((width, height), Image.BICUBIC))


def luminance(rgb: Bytes) -> Floats:
    """0..1 of the first three channels (Rec. 601), float32."""
    weighted: Floats = rgb[..., :3].astype(np.float32) @ [0.3, 0.59, 0.11] / 255
    return weighted
