"""What a head wears and does: rules that keep apart what does not go together.

Drawn from a stream of its own, so that the person stays who they are whatever they wear.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from numpy.random import Generator

from .camera import FIRST_HELD_OUT_SEED
from .expression import draw_expression
from .person import CROPPED, Hair, Person

# Held-out heads before these are neutral and wear nothing; all others may.
FIRST_DRESSED_HELD_OUT_SEED = 910_000

# How often a style takes the place of the one the person had, if it suits them.
NEW_STYLE = {'female': 0.6, 'male': 0.3}
STYLES = {
    'female': {
        '50s_updo': 1.0, 'adrienne': 0.6, 'ashley_may': 1.0, 'daisy': 0.7, 'hazel': 1.0, 'island_princess': 0.8,
        'katherine': 1.0, 'keylth': 0.8, 'lady_hippy': 0.7, 'lara': 0.8, 'short_daisy': 0.8, 'that_80s_babe': 0.6,
        'wavy_bob': 0.7,
    },
    'male': {'grump': 1.0, 'maxwell': 1.0, 'keylth': 0.25},
}  # fmt: skip
# The same for those whose hair is curly.
CURLY_STYLES = {
    'female': {'braided_rows': 1.0, 'micky_afro': 0.5, 'wavy_bob': 0.5, '50s_updo': 0.5, 'lara': 0.4},
    'male': {'braided_rows': 0.6, 'micky_afro': 0.2, 'maxwell': 0.8},
}
CURLY_FROM = 0.5

# Styles that leave eyes and temples free, so that nothing runs through the temples of the glasses.
FREE_TEMPLES = frozenset(
    {CROPPED, 'short01', 'short02', 'short03', 'short04', 'ponytail01', '50s_updo', 'braided_rows', 'grump', 'maxwell'}
)
GLASSES = {'frog1': 1.0, 'frog2': 1.0, 'frog3': 1.0, 'frog4': 0.7, 'tbm': 1.2, 'round': 0.9}
SUNGLASSES = {'sunglasses': 1.0}
# Of heads that could wear glasses: so many do in youth, so many in old age; and of these so many are dark.
GLASSES_YOUNG, GLASSES_OLD, DARK_GLASSES = 0.22, 0.5, 0.15
BEARD, BEARD_FROM_AGE = 0.10, 25
HATS = {'beanie': 1.0, 'trilby': 0.6, 'patrol_cap': 1.0, 'fishing_hat': 0.5}
HAT = 0.07


@dataclass(frozen=True)
class Outfit:
    """Names of proxies without their prefix; None: nothing."""

    style: str | None
    glasses: str | None = None
    beard: str | None = None
    hat: str | None = None
    expression: Mapping[str, float] = field(default_factory=dict)


def wears_nothing(seed: int) -> bool:
    """Whether a seed is of the first evaluation set."""
    return FIRST_HELD_OUT_SEED <= seed < FIRST_DRESSED_HELD_OUT_SEED


def draw_outfit(rng: Generator, person: Person, hair: Hair) -> Outfit:
    style = _style(rng, person, hair.style)
    wants_hat, hat = rng.random() < HAT, _choose(rng, HATS)
    if wants_hat:
        # Long hair would come through it.
        style = CROPPED
    wants_glasses = rng.random() < GLASSES_YOUNG + (GLASSES_OLD - GLASSES_YOUNG) * min(1, max(0, (person.age - 30) / 40))
    glasses = _choose(rng, SUNGLASSES if rng.random() < DARK_GLASSES else GLASSES)
    can_wear_glasses = style is None or style in FREE_TEMPLES
    grown = person.sex > 0.5 and person.age >= BEARD_FROM_AGE
    bearded = rng.random() < BEARD and grown
    return Outfit(
        style,
        glasses if wants_glasses and can_wear_glasses else None,
        'scruffy_beard' if bearded else None,
        hat if wants_hat else None,
        draw_expression(rng),
    )


def _style(rng: Generator, person: Person, style: str | None) -> str | None:
    sex = 'male' if person.sex > 0.5 else 'female'
    styles = CURLY_STYLES if person.ancestry[0] >= CURLY_FROM else STYLES
    changes, other = rng.random() < NEW_STYLE[sex], _choose(rng, styles[sex])
    # Who is bald or cropped stays so.
    return other if changes and style not in (None, CROPPED) else style


def _choose(rng: Generator, odds: Mapping[str, float]) -> str:
    total = sum(odds.values())
    return str(rng.choice(list(odds), p=[share / total for share in odds.values()]))
