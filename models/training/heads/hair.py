"""Hair that has a mesh: its vertices on a head, and its colour."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from .arrays import Bytes, Floats, luminance, smoothstep
from .pack import Pack
from .person import Hair

# Styles that vary in length, and styles whose fringe may be lifted off the eyes.
LENGTHS_VARY = ('bob01', 'bob02', 'long01', 'braid01')
FRINGES = ('bob01', 'bob02', 'short03', 'braid01', 'katherine')


@dataclass(frozen=True)
class Fringe:
    # Share of its length that stays, and the height (decimetres at rest) it is lifted towards.
    kept: float
    height: float


def recoloured(picture: Bytes, colour: Floats, contrast: float) -> Bytes:
    """The picture's shades in another colour; contrast is the exponent of its luminance."""
    shade = luminance(picture)
    middle = shade[picture[..., 3] > 128].mean()
    result = np.empty_like(picture)
    result[..., :3] = np.clip(colour * np.clip(shade / middle, 0.15, 2.2)[..., None] ** contrast, 0, 0.97) * 255
    result[..., 3] = picture[..., 3]
    return result


def draw_hair_picture(rng: Generator, pack: Pack, hair: Hair) -> Bytes:
    # Light hair shows less of its shades.
    contrast = rng.uniform(0.55, 0.9) * (1 - 0.45 * min(1, hair.colour.mean() / 0.5))
    return recoloured(pack.picture(f'hair_{hair.style}'), hair.colour, contrast)


def draw_fringe(rng: Generator, hair: Hair) -> Fringe | None:
    if hair.style in FRINGES and rng.random() < 0.96:
        return Fringe(rng.uniform(0.0, 0.28), rng.uniform(7.62, 7.9))
    return None


def draw_hair_mesh(rng: Generator, pack: Pack, hair: Hair, base: Floats, fringe: Fringe | None) -> Floats:
    """The style's vertices [n, 3] on a head (base vertices without expression), varied in length and waves."""
    proxy = pack.proxies[f'hair_{hair.style}']
    vertices = proxy.fit(base, hair.volume)
    rest = proxy.fit(pack.base)
    if hair.style in LENGTHS_VARY:
        length = rng.uniform(0.5, 1.1)
        vertices[:, 1] += np.minimum(0, rest[:, 1] - 7.0) * (length - 1)
    amplitude = rng.uniform(0, 0.05)
    frequency = rng.normal(0, 2.2, (3, 3))
    phase = rng.uniform(0, 6.28, 3)
    free = smoothstep(np.linalg.norm(rest - [0, 7.3, 0.5], axis=1), 0.75, 1.2)
    vertices = vertices + amplitude * np.sin(rest @ frequency + phase) * free[:, None]
    if fringe is not None:
        front = smoothstep(rest[:, 2], 0.7, 1.05) * (1 - smoothstep(np.abs(rest[:, 0]), 0.5, 0.85))
        lift = np.maximum(0, fringe.height - rest[:, 1]) * (1 - fringe.kept) * front
        vertices[:, 1] += lift
        vertices[:, 2] -= 0.22 * lift
    return vertices
