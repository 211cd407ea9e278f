"""Points on the surface that can be seen of a head, and their normals."""
from __future__ import annotations

import numpy as np
from numpy.random import Generator

from .arrays import Floats, sphere
from .head import Head, Kind
from .light import orthographic, projection
from .raster import depth_behind

DIRECTIONS = 96
SIDE = 320
EXTENT = 0.90
# World units that a visible point may lie behind what the depth maps see, which are coarse.
TOLERANCE = 0.008


def visible_points(head: Head, count: int, rng: Generator) -> tuple[Floats, Floats]:
    """At most `count` points and their normals, float32 [n, 3], evenly on all that can be seen from some direction.

    There are none on teeth. Normals are those of a corner of the point's triangle; of hair, those of its volume.
    """
    mesh, vertices = head.mesh, head.vertices
    a, b, c = (vertices[mesh.triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    area = area * np.where(head.kind[mesh.triangles[:, 0]] == Kind.TEETH, 0.0, 1.0)
    drawn = int(count * 2.5)
    triangle = rng.choice(len(area), drawn, p=area / area.sum()).astype(np.int32)
    r1, r2 = np.sqrt(rng.random(drawn)), rng.random(drawn)
    w1, w2, w0 = r1 * (1 - r2), r1 * r2, 1 - r1
    points = a[triangle] * w0[:, None] + b[triangle] * w1[:, None] + c[triangle] * w2[:, None]
    corners = mesh.uv[triangle].reshape(-1, 3, 2)
    uv = corners[:, 0] * w0[:, None] + corners[:, 1] * w1[:, None] + corners[:, 2] * w2[:, None]
    opacity = np.ones(drawn)
    for i, texture in enumerate(mesh.textures):
        if texture.tested:
            there = mesh.texture_of[triangle] == i
            height, width = texture.pixels.shape[:2]
            row = np.clip(((1 - uv[there, 1]) * height).astype(int), 0, height - 1)
            column = np.clip((uv[there, 0] * width).astype(int), 0, width - 1)
            opacity[there] = texture.pixels[row, column, 3] / 255.0
    seen = np.flatnonzero((opacity > 0.5) & (_depth_inside(head, points) < TOLERANCE))[:count]
    return points[seen].astype(np.float32), head.shading_normals[mesh.triangles[triangle[seen], 0]]


def _depth_inside(head: Head, points: Floats) -> Floats:
    """[n] world units: how far inside what can be seen of the head from all round; negative: in front of it."""
    projections = [projection(direction, SIDE, EXTENT) for direction in sphere(DIRECTIONS)]
    exact = head.vertices.astype(np.float64)
    depth = np.array([head.mesh.depth_map(orthographic(exact, p), SIDE) for p in projections])
    rows = np.ascontiguousarray(np.reshape(projections, (DIRECTIONS, 12)), np.float32)
    return depth_behind(np.ascontiguousarray(points, np.float32), rows, depth)
