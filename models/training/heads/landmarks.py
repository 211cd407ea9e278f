"""Stable landmarks of the face: vertices of the base mesh where MediaPipe finds its landmarks too (data/landmarks.csv).

choose_landmarks.py tells how they were found, on 198 heads. `spread` is the median distance, at rest and in millimetres,
between a vertex and the places where the landmarker saw its landmark: 1 at the corners of the mouth, 2 around the eyes, 3
on the nose, 5 to 6 at chin and jaw.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .arrays import Floats, Ints
from .pack import DATA, Pack

FILE = DATA / 'landmarks.csv'


@dataclass(frozen=True)
class Landmarks:
    # MediaPipe's numbers, 0..467, rising; and for each the place in this list of its mirror image.
    indices: Ints
    mirror: Ints
    # Drawn vertices (of the subdivided mesh).
    vertices: Ints

    def places(self, pack: Pack, base: Floats) -> Floats:
        """[n, 3] on a head with these base vertices [5480, 3], same unit."""
        placed: Floats = pack.subdivision[self.vertices] @ base
        return placed

    def mirrored(self, points: Floats) -> Floats:
        """The same landmarks of the mirrored head."""
        flipped: Floats = points[self.mirror] * [-1, 1, 1]
        return flipped


@lru_cache(maxsize=1)
def stable_landmarks(file: Path = FILE) -> Landmarks:
    rows = np.loadtxt(file, delimiter=',', skiprows=1)
    indices, partners, vertices = rows[:, :3].astype(int).T
    return Landmarks(indices, np.searchsorted(indices, partners), vertices)
