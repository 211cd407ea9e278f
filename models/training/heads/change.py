"""Heads that differ in one trait alone: what a seed's person is like when older, bearded or smiling.

A change takes the place of what was drawn. Everybody it is made to is at rest, shaven and wears nothing but hair, so that
a change adds to the same head whatever it is. Its strength is counted in standard deviations of the trait; what most
people do not have or do (a beard, a smile) is two of them.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Iterator, Mapping

import numpy as np

from .arrays import Floats
from .outfit import Outfit
from .person import CROPPED, HAIR_COLOURS, Beard, Hair, Person


@dataclass(frozen=True)
class Change:
    """None: as drawn; but neither beard nor expression where none is given."""

    male: float | None = None
    age: float | None = None
    melanin: float | None = None
    # -1 lean to 1 fat, added to what was drawn.
    fat: float = 0
    style: str | None = None
    # Linear RGB.
    colour: Floats | None = None
    beard: Beard | None = None
    expression: Mapping[str, float] = field(default_factory=dict)

    def person(self, drawn: Person) -> Person:
        return replace(
            drawn,
            male=drawn.male if self.male is None else self.male,
            age=drawn.age if self.age is None else self.age,
            melanin=drawn.melanin if self.melanin is None else self.melanin,
        )

    def outfit(self, drawn: Outfit) -> Outfit:
        return Outfit(drawn.style if self.style is None else self.style, expression=self.expression)

    def hair(self, drawn: Hair) -> Hair:
        return drawn if self.colour is None else replace(drawn, colour=self.colour)


AGE_SPREAD, MALE_SPREAD, MELANIN_SPREAD = 14.0, 0.45, 0.25
# Of the logarithm of a colour's mean.
SHADE_SPREAD = 0.6
# Half a standard deviation of hair's length as below: a generator that goes twice as far by two washes out the face.
LENGTH_STEP = 0.2
# How far down the hair of a style reaches: 0 short, 1 beyond the shoulders.
LENGTHS = {
    CROPPED: 0.0, 'short01': 0.0, 'short02': 0.0, 'short03': 0.1, 'short04': 0.0, 'afro01': 0.3, 'bob01': 0.6, 'bob02': 0.6,
    'ponytail01': 0.4, 'braid01': 0.7, 'long01': 1.0, '50s_updo': 0.2, 'adrienne': 0.9, 'ashley_may': 1.0,
    'braided_rows': 0.7, 'daisy': 0.8, 'grump': 0.1, 'hazel': 1.0, 'island_princess': 1.0, 'katherine': 0.6, 'keylth': 1.0,
    'lady_hippy': 1.0, 'lara': 0.4, 'maxwell': 0.0, 'micky_afro': 0.3, 'short_daisy': 0.6, 'that_80s_babe': 1.0,
    'wavy_bob': 0.6,
}  # fmt: skip
# The styles that hair is changed to.
OTHER_STYLES = ('short02', 'bob01', 'long01')
FULL_BEARD = Beard(0.95, 0.95, 0.95)


def both(name: str, strength: float = 1) -> dict[str, float]:
    return {f'{name}_L': strength, f'{name}_R': strength}


# By trait: what a strength of 2 or -2 is.
EXPRESSIONS: Mapping[str, Mapping[float, Mapping[str, float]]] = {
    'smile': {2: both('mouthSmile') | both('cheekSquint', 0.5), -2: both('mouthFrown')},
    'jaw': {2: {'jawOpen': 0.8}},
    'eyes': {-2: both('eyeBlink'), 1: both('eyeWide')},
    'brows': {2: both('browOuterUp') | both('browInnerUp', 0.8), -2: both('browDown')},
}


def changes(person: Person, hair: Hair) -> Iterator[tuple[str, float, Change]]:
    """Trait, strength and change of everything that can be changed of a head; hair: as it is worn."""
    for trait, expressions in EXPRESSIONS.items():
        for strength, expression in expressions.items():
            yield trait, strength, Change(expression=expression)
    for age in (18.0, 75.0):
        yield 'age', (age - person.age) / AGE_SPREAD, Change(age=age)
    for male in (0.0, 1.0):
        if male != person.male:
            yield 'male', (male - person.male) / MALE_SPREAD, Change(male=male)
    for melanin in (0.05, 0.9):
        yield 'skin', (melanin - person.melanin) / MELANIN_SPREAD, Change(melanin=melanin)
    for fat in (-1.0, 1.0):
        yield 'weight', 2 * fat, Change(fat=fat)
    if hair.style is not None:
        for colour in (HAIR_COLOURS[0], HAIR_COLOURS[5]):
            lighter = float(np.log(colour.mean() / hair.colour.mean()))
            yield 'hair-colour', lighter / SHADE_SPREAD, Change(colour=colour)
        for style in OTHER_STYLES:
            if LENGTHS[style] != LENGTHS[hair.style]:
                yield 'hair', (LENGTHS[style] - LENGTHS[hair.style]) / LENGTH_STEP, Change(style=style)
    if person.sex > 0.5:
        yield 'beard', 2, Change(beard=FULL_BEARD)
