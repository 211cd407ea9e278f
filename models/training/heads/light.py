"""Light: a random environment, and the irradiance of every vertex, shadows included."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from .arrays import Floats, sphere
from .raster import Mesh, add_light

DIRECTIONS = 72
# Shadows are looked up in orthographic depth maps of so many pixels, which show so many world units either way.
SHADOW_SIDE = 176
SHADOW_EXTENT = 0.92
SHADOW_BIAS = 0.016


@dataclass(frozen=True)
class Lamp:
    """A soft source far away: radiance strength * exp(focus * (cosine to its direction - 1)) * colour."""

    direction: Floats
    strength: float
    focus: float
    colour: Floats


@dataclass(frozen=True)
class Environment:
    # Linear RGB from straight above and below.
    sky: Floats
    ground: Floats
    lamps: tuple[Lamp, ...]

    def radiance(self, directions: Floats) -> Floats:
        """Linear RGB [n, 3] that comes from directions [n, 3]."""
        up: Floats = directions[:, 1:2]
        total: Floats = self.sky * (0.5 + 0.5 * up) + self.ground * np.subtract(0.5, 0.5 * up)
        for lamp in self.lamps:
            lobe = np.exp(lamp.focus * (directions @ lamp.direction - 1))
            total = total + lamp.strength * lobe[:, None] * lamp.colour
        return total


def draw_environment(rng: Generator) -> Environment:
    """Sky and ground, a key light mostly from the front, a weaker fill from anywhere but behind."""
    warm = rng.normal(0, 0.08)
    sky = np.array([1 - warm, 1, 1 + warm]) * rng.uniform(0.3, 0.6)
    ground = sky * np.array([1.05, 1, 0.9]) * rng.uniform(0.25, 0.55)
    key = Lamp(
        _direction(rng.normal(0, 0.7), rng.uniform(0.15, 0.9)),
        rng.uniform(0.8, 2.6),
        rng.uniform(2.0, 9.0),
        np.array([1 + rng.normal(0, 0.06), 1, 1 + rng.normal(0, 0.08)]),
    )
    fill = Lamp(
        _direction(rng.uniform(-2.2, 2.2), rng.uniform(-0.2, 0.6)),
        rng.uniform(0.0, 0.7),
        3.0,
        np.array([1, 1, 1 + rng.normal(0, 0.1)]),
    )
    return Environment(sky, ground, (key, fill))


def irradiance(mesh: Mesh, vertices: Floats, normals: Floats, wrap: Floats, environment: Environment) -> Floats:
    """Linear RGB [n, 3], float32, of vertices [n, 3] with shading normals [n, 3] and wrap [n] (0: Lambert), all float32."""
    directions = sphere(DIRECTIONS)
    radiance = np.ascontiguousarray(environment.radiance(directions), np.float32)
    total = np.zeros((len(vertices), 3), np.float32)
    exact = vertices.astype(np.float64)
    for direction, light in zip(directions, radiance):
        screen = orthographic(exact, projection(direction, SHADOW_SIDE, SHADOW_EXTENT))
        depth = mesh.depth_map(screen, SHADOW_SIDE)
        towards = np.ascontiguousarray(direction, np.float32)
        add_light(screen, normals, wrap, towards, light, depth, SHADOW_BIAS, 4.0 / DIRECTIONS, total)
    # What bounces to and fro in every crease.
    lit: Floats = total + 0.04 * radiance.mean(0)
    return lit


def orthographic(vertices: Floats, projection: Floats) -> Floats:
    """Screen positions for the rasteriser, float32 [n, 4]; float64 vertices spare a conversion."""
    x, y, z = vertices.T
    screen = np.ones((len(vertices), 4), np.float32)
    for axis, (a, b, c, offset) in enumerate(projection):
        # Not a matrix product, which would wake BLAS's threads for so little.
        screen[:, axis] = x * a + y * b + z * c + offset
    return screen


def projection(direction: Floats, side: int, extent: float) -> Floats:
    """[3, 4]: from the head's frame to pixels of a square picture and depth, looked at from `direction`.

    extent: world units from the picture's middle to its edge.
    """
    right = np.cross(direction, [0, 1, 0] if abs(direction[1]) < 0.9 else [1, 0, 0])
    right /= np.linalg.norm(right)
    up = np.cross(right, direction)
    scale = side / (2 * extent)
    return np.array([[*(right * scale), side / 2], [*(up * scale), side / 2], [*(-direction), 0]])


def _direction(azimuth: float, elevation: float) -> Floats:
    return np.array(
        [math.sin(azimuth) * math.cos(elevation), math.sin(elevation), math.cos(azimuth) * math.cos(elevation)]
    )
