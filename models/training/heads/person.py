"""Who a head is, apart from its shape: sex, age, ancestry, skin, the hair's colour and style, painted beards, cloth."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from .arrays import Floats

# Cropped hair, painted on the scalp instead of having a mesh.
CROPPED = 'cap'
FEMALE_STYLES = {
    'bob01': 0.2, 'bob02': 0.18, 'braid01': 0.05, 'long01': 0.26, 'ponytail01': 0.21, 'short03': 0.07, 'afro01': 0.03,
}  # fmt: skip
MALE_STYLES = {'short01': 0.24, 'short02': 0.30, 'short03': 0.06, 'short04': 0.30, 'afro01': 0.06, 'long01': 0.04}
# Linear RGB: black, dark to light brown, blond, light blond, red.
HAIR_COLOURS = np.array(
    [[0.09, 0.08, 0.075], [0.16, 0.12, 0.095], [0.25, 0.18, 0.13], [0.36, 0.25, 0.17], [0.52, 0.40, 0.28],
     [0.62, 0.50, 0.37], [0.40, 0.20, 0.12]]
)  # fmt: skip
GREY = np.array([0.58, 0.57, 0.55])


@dataclass(frozen=True)
class Person:
    # 0 female, 1 male: hair, beard, lashes; `male` 0..1 is the shape's and the skin's, somewhere near it.
    sex: float
    male: float
    # Years, 14 to 78.
    age: float
    # Weights of African, Asian and Caucasian, summing to 1.
    ancestry: Floats
    # Of the skin, 0..1.
    melanin: float


@dataclass(frozen=True)
class Hair:
    # sRGB [3], 0.04..0.8.
    colour: Floats
    # How much of it is grey, 0..1.
    grey: float
    # None: bald. CROPPED, or a proxy's name without `hair_`.
    style: str | None
    # How far a style's mesh stands off the head, about 1.
    volume: float


@dataclass(frozen=True)
class Beard:
    """A painted beard: strengths 0..1."""

    jaw: float
    moustache: float
    chin: float


@dataclass(frozen=True)
class Cloth:
    """What covers the shoulders: colour (sRGB [3]) and the neckline, decimetres on the base mesh."""

    colour: Floats
    height: float
    # How much lower it is in front, and how far it is cut down in the middle.
    front: float
    cut: float


def draw_person(rng: Generator) -> Person:
    sex = float(rng.random() < 0.5)
    male = abs(float(np.clip(sex + rng.normal(0, 0.12) * (1 if sex < 0.5 else -1), 0, 1)))
    age = float(np.clip(rng.gamma(4.5, 7.5) + 8, 14, 78))
    ancestry = rng.dirichlet([0.55, 0.55, 0.55])
    melanin = float(np.clip(ancestry @ [0.80, 0.30, 0.14] + rng.normal(0, 0.09), 0, 1))
    return Person(sex, male, age, ancestry, melanin)


def draw_hair(rng: Generator, person: Person) -> Hair:
    colour, grey = _hair_colour(rng, person)
    return Hair(colour, grey, _hair_style(rng, person), rng.uniform(0.85, 1.2))


def draw_beard(rng: Generator, person: Person) -> Beard | None:
    """A third is stubble, a fifth a full beard, an eighth a moustache, a goatee or both."""
    if person.sex < 0.5 or person.age <= 18:
        return None
    kind = rng.random()
    if kind < 0.35:
        return Beard(rng.uniform(0.0, 0.25), rng.uniform(0, 0.3), rng.uniform(0, 0.25))
    if kind < 0.55:
        full = rng.uniform(0.4, 0.95)
        return Beard(full, full, full)
    if kind < 0.68:
        moustache = rng.uniform(0.5, 0.95) * (rng.random() < 0.8)
        return Beard(0.05, moustache, rng.uniform(0.5, 0.95) * (rng.random() < 0.6))
    return None


def draw_cloth(rng: Generator) -> Cloth | None:
    """One in ten has bare shoulders."""
    height = rng.uniform(5.78, 6.02)
    colour = rng.choice([0.05, 0.15, 0.35, 0.6, 0.9]) * rng.uniform(0.6, 1, 3) + rng.uniform(0, 0.1)
    cloth = Cloth(colour, height, rng.uniform(0.0, 0.35), rng.choice([0, 0, 0.3]))
    return None if rng.random() < 0.1 else cloth


def _hair_colour(rng: Generator, person: Person) -> tuple[Floats, float]:
    grey = np.clip((person.age - 42) / 30 + rng.normal(0, 0.2), 0, 1) * (rng.random() < 0.8)
    # The strongest ancestry counts most.
    origin = person.ancestry**2.5 / np.sum(person.ancestry**2.5)
    dark = np.array([1, 0.22, 0.04, 0.0, 0.0, 0.0, 0.0])
    mixed = np.array([0.12, 0.25, 0.25, 0.15, 0.12, 0.08, 0.06])
    odds = dark * (origin[0] + origin[1]) + mixed * origin[2]
    colour = HAIR_COLOURS[rng.choice(7, p=odds / odds.sum())] * rng.uniform(0.8, 1.15, 1)
    colour = colour * (1 + rng.normal(0, 0.05) * np.array([1, 0.2, -0.8]))
    return np.clip(colour * (1 - grey) + GREY * grey, 0.04, 0.8), float(grey)


def _hair_style(rng: Generator, person: Person) -> str | None:
    kind = rng.random()
    if person.sex > 0.5:
        if kind >= 0.72:
            return CROPPED if kind < 0.9 else None
        style = str(rng.choice(list(MALE_STYLES), p=list(MALE_STYLES.values())))
        otherwise = 'short02'
    else:
        if kind >= 0.95:
            return CROPPED
        style = str(rng.choice(list(FEMALE_STYLES), p=list(FEMALE_STYLES.values())))
        otherwise = 'long01'
    return otherwise if style == 'afro01' and person.ancestry[0] < 0.35 else style
