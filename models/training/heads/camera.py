"""Cameras around the head, in EG3D's convention: cam2world [4, 4] with x right, y down, z forward."""
from __future__ import annotations

import math

import numpy as np

from .arrays import Floats

# Focal length in picture widths, the point looked at, and the distance to it: EG3D's portrait camera for FFHQ.
FOCAL = 4.2647
PIVOT = np.array([0, 0, 0.2])
RADIUS = 2.7

FIRST_HELD_OUT_SEED = 900_000
HELD_OUT_YAWS = np.radians((0, 45, -45, 90, -90, 180))


def look_at(yaw: float, pitch: float, radius: float = RADIUS) -> Floats:
    """The camera `radius` from the pivot; yaw and pitch in radians, as EG3D's LookAtPoseSampler (0, 0: the front)."""
    azimuth = math.pi / 2 + yaw
    v = (math.pi / 2 + pitch) / math.pi
    polar = math.acos(1 - 2 * v)
    origin = np.array(
        [
            radius * math.sin(polar) * math.cos(math.pi - azimuth),
            radius * math.cos(polar),
            radius * math.sin(polar) * math.sin(math.pi - azimuth),
        ]
    )
    forward = PIVOT - origin
    forward /= np.linalg.norm(forward)
    right = -np.cross([0, 1, 0], forward)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    down /= np.linalg.norm(down)
    camera = np.eye(4)
    camera[:3, :3] = np.stack([right, down, forward], 1)
    camera[:3, 3] = origin
    return camera


def label(camera: Floats, focal: float) -> Floats:
    """EG3D's camera label, float32 [25]: cam2world and intrinsics, row by row."""
    return np.array([*camera.reshape(-1), focal, 0, 0.5, 0, focal, 0.5, 0, 0, 1], np.float32)


def recorded_cameras(seed: int) -> list[tuple[float, float, float]]:
    """Yaw and pitch (radians) and focal length of a record's views.

    The front, three portraits around it, one from behind, and one that takes in more than a portrait does, from anywhere.
    Held-out heads are photographed from where `npm run bench -- generator` looks at them.
    """
    if seed >= FIRST_HELD_OUT_SEED:
        return [(yaw, 0, FOCAL) for yaw in HELD_OUT_YAWS]
    rng = np.random.default_rng(10_000_000 + seed)
    around = [(np.clip(rng.normal(0, 0.55), -1.6, 1.6), np.clip(rng.normal(0, 0.2), -0.6, 0.6)) for _ in range(3)]
    behind = (np.pi + rng.uniform(-1.6, 1.6), np.clip(rng.normal(0, 0.2), -0.6, 0.6))
    anywhere = (rng.uniform(-np.pi, np.pi), np.clip(rng.normal(0.1, 0.3), -0.8, 0.8))
    portraits = [(0, 0), *around, behind]
    return [(yaw, pitch, FOCAL) for yaw, pitch in portraits] + [(*anywhere, FOCAL * rng.uniform(0.5, 0.8))]
