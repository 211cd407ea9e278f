"""Eyes, brows, lashes and teeth: their pictures, and where the eyes look."""
from __future__ import annotations

import numpy as np
from numpy.random import Generator

from .arrays import Bytes, Floats, rotation_x, rotation_y
from .pack import Pack, read_rgba
from .person import Person

COLOURS = ('blue', 'bluegreen', 'brown', 'brownlight', 'deepblue', 'green', 'grey', 'ice', 'lightblue')
MOSTLY_BROWN = (0.01, 0.01, 0.66, 0.30, 0.005, 0.005, 0.01, 0.0, 0.0)
MIXED = (0.14, 0.1, 0.26, 0.16, 0.06, 0.1, 0.09, 0.04, 0.05)
# Centres of the two irises in the picture.
IRISES = ((0.705, 0.295), (0.292, 0.701))


def draw_eye_colour(rng: Generator, person: Person) -> str:
    return str(rng.choice(COLOURS, p=MIXED if person.ancestry[2] >= 0.5 else MOSTLY_BROWN))


def draw_eye_picture(rng: Generator, pack: Pack, colour: str) -> Bytes:
    """The eyeball's texture, a little greyer than the picture, with a highlight on both irises."""
    eye = read_rgba(pack.data / f'eye_{colour}.png')[..., :3].astype(np.float32) / 255
    eye = eye * rng.uniform(0.9, 1.1) * (1 + rng.normal(0, 0.03, 3))
    grey = 0.55 if colour.startswith('brown') else 0.2
    eye = eye * (1 - grey) + eye.mean(-1, keepdims=True) * grey * np.array([1.04, 1.0, 0.96])
    eye = np.clip(eye * 1.02, 0, 1)
    side = len(eye)
    y, x = np.mgrid[0:side, 0 : eye.shape[1]] / float(side)
    right, down = rng.uniform(-0.035, 0.035), rng.uniform(-0.05, -0.02)
    for cx, cy in IRISES:
        spot = np.exp(-((x - cx - right) ** 2 + (y - cy - down) ** 2) / 0.016**2)
        eye = eye + np.clip(spot * 1.6, 0, 1)[..., None] * 0.85
    picture = np.full((*eye.shape[:2], 4), 255, np.uint8)
    picture[..., :3] = np.clip(eye, 0, 1) * 255
    return picture


def draw_gaze(rng: Generator, pack: Pack, base: Floats, neutral: Floats) -> Floats:
    """The eyeballs' vertices, both turned about their centres: some 6 degrees sideways, 3 up or down.

    base: the head's vertices as they are; neutral: without expression.
    """
    proxy = pack.proxies['eyeslow']
    vertices = proxy.fit(base, measured_on=neutral)
    turn = rotation_y(rng.normal(0, 0.10)) @ rotation_x(rng.normal(0, 0.05))
    side = proxy.fit(pack.base)[:, 0]
    for eye, name in ((side > 0, 'eyeL'), (side < 0, 'eyeR')):
        centre = base[pack.alignment_points[name]].mean(0)
        vertices[eye] = (vertices[eye] - centre) @ turn.T + centre
    return vertices


def draw_brow(rng: Generator, pack: Pack, hair_colour: Floats) -> tuple[str, Bytes]:
    """Its proxy, and its picture in a shade of the hair's colour."""
    name = f'brow{rng.integers(1, 13):02d}'
    dark = hair_colour.mean() < 0.3
    colour = np.clip(hair_colour * 0.75 + 0.01, 0.03, 0.75) if dark else np.clip(hair_colour * 0.6, 0.03, 0.6)
    picture = pack.picture(name).copy()
    picture[..., :3] = np.clip(colour * 255, 0, 255)
    picture[..., 3] = np.clip((picture[..., 3] / 255.0) ** 0.6 * 255 * rng.uniform(0.7, 1.1), 0, 255)
    return name, picture


def draw_lash(rng: Generator, pack: Pack, person: Person) -> tuple[str, Bytes]:
    name = f'lash{rng.integers(1, 5):02d}'
    picture = pack.picture(name).copy()
    picture[..., :3] = 20
    picture[..., 3] = picture[..., 3] * (0.9 if person.sex < 0.5 else 0.5)
    return name, picture


def draw_teeth(rng: Generator, pack: Pack) -> Bytes:
    picture = pack.picture('teeth').copy()
    shaded = picture[..., :3] * np.array([1.12, 1.06, 0.95]) * rng.uniform(0.95, 1.12)
    picture[..., :3] = np.clip(shaded, 0, 245)
    return picture
