"""What a face does: ICT-FaceKit's blendshapes carried over to the base mesh (ictexpr.npz), drawn at random and applied.

An expression is a dictionary of strengths 0..1 by blendshape, {'jawOpen': 0.4, 'mouthSmile_L': 0.8}; {} is the neutral
face. The names are ARKit's, L and R being the person's own sides.
"""
from __future__ import annotations

from pathlib import Path
from typing import Mapping

import numpy as np
from numpy.random import Generator

from .arrays import Floats, Ints

Expression = Mapping[str, float]

# Decimetres between the eyeball and the edge of a lid that slides over it.
EYE_CLEARANCE = 0.010

# How often a face is neutral, and how often each kind of mouth, eyes and brows is drawn when it is not.
NEUTRAL = 0.40
MOUTHS = {
    'rest': 0.22, 'smile_closed': 0.18, 'smile_open': 0.20, 'jaw': 0.14, 'pucker': 0.09, 'funnel': 0.05, 'frown': 0.05,
    'press': 0.03, 'sideways': 0.04,
}  # fmt: skip
EYES = {'rest': 0.50, 'squint': 0.16, 'blink': 0.09, 'half': 0.09, 'wink': 0.04, 'wide': 0.12}
BROWS = {'rest': 0.50, 'up': 0.22, 'inner_up': 0.08, 'down': 0.14, 'one_up': 0.06}
MIRROR = {'_L': '_R', '_R': '_L', 'Left': 'Right', 'Right': 'Left'}


class Blendshapes:
    def __init__(self, data: Path) -> None:
        with np.load(data / 'ictexpr.npz') as file:
            self.names = [str(name) for name in file['names']]
            # [55, 5480, 3], decimetres.
            self.deltas: Floats = file['deltas'].astype(np.float32)
            # Base vertices of each eye: edges of the upper and lower lid, the eyeball, all of the lids.
            self.lids: dict[str, dict[str, Ints]] = {
                side: {part: file[f'{part}_{side}'] for part in ('up', 'low', 'eye', 'lid')} for side in 'LR'
            }
        self.index = {name: i for i, name in enumerate(self.names)}

    def vector(self, expression: Expression) -> Floats:
        """float32 [55], limited to 0..1.

        Raises KeyError for a name that is no blendshape.
        """
        weights = np.zeros(len(self.names), np.float32)
        for name, strength in expression.items():
            weights[self.index[name]] = strength
        return np.clip(weights, 0, 1)

    def apply(self, neutral: Floats, expression: Expression) -> Floats:
        """Base vertices [5480, 3] with the expression; lids meet and slide over the eyeballs, whoever it is."""
        weights = self.vector(expression)
        if not weights.any():
            return neutral
        used = np.flatnonzero(weights)
        vertices: Floats = neutral + np.tensordot(weights[used], self.deltas[used], 1)
        for side in 'LR':
            self._move_lids(neutral, vertices, weights, side)
        return vertices

    def _move_lids(self, neutral: Floats, vertices: Floats, weights: Floats, side: str) -> None:
        """In place: the blink closes this person's gap by exactly its strength, then the lids are lifted off the eyeball."""
        lids = self.lids[side]
        upper, lower, lid, eye = lids['up'], lids['low'], lids['lid'], lids['eye']
        centre = neutral[eye].mean(0)
        strength = weights[self.index['eyeBlink_' + side]]
        blink = self.deltas[self.index['eyeBlink_' + side]]
        gap = vertices[upper, 1] - np.interp(vertices[upper, 0], vertices[lower, 0], vertices[lower, 1])
        if strength > 0:
            without_blink = np.maximum(gap - strength * blink[upper, 1], 0)
            # Shut lids overlap a little.
            wanted = (1 - strength) * without_blink - 0.008 * strength
        else:
            # Nothing else may cross the lids.
            wanted = np.maximum(gap, 0.004)
        more = np.clip((wanted - gap) / np.minimum(blink[upper, 1], -0.008), -1.5, 1.5)
        before_eye = (np.sign(neutral[:, 0]) == np.sign(centre[0])) & (neutral[:, 2] > centre[2])
        moved = np.flatnonzero((blink[:, 1] < -0.001) & before_eye)
        vertices[moved, 1] += np.interp(neutral[moved, 0], neutral[upper, 0], more) * blink[moved, 1]
        self._clear_eyeball(neutral, vertices, lid, eye, centre, strength)
        turns = (weights[self.index[f'eyeLook{way}_{side}']] for way in ('Up', 'Down', 'In', 'Out'))
        if any(turn > 0 for turn in turns):
            # Turns that are added up shrink the ball.
            radius = np.linalg.norm(neutral[eye] - centre, axis=1)
            turned = vertices[eye] - centre
            vertices[eye] = centre + turned * (radius / np.maximum(np.linalg.norm(turned, axis=1), 1e-6))[:, None]

    @staticmethod
    def _clear_eyeball(neutral: Floats, vertices: Floats, lid: Ints, eye: Ints, centre: Floats, blink: float) -> None:
        """In place: no lid lies deeper than it did at rest, or than the eyeball and a margin; shut ones never do."""
        rest, now = neutral[lid] - centre, vertices[lid] - centre
        radius = np.linalg.norm(neutral[eye] - centre, axis=1).max() + EYE_CLEARANCE
        floor = np.maximum(np.minimum(np.linalg.norm(rest, axis=1), radius), blink * radius)
        vertices[lid] = centre + now * np.maximum(1, floor / np.linalg.norm(now, axis=1))[:, None]


def mirrored(expression: Expression) -> dict[str, float]:
    """The same face seen in a mirror."""

    def other(name: str) -> str:
        end = next((end for end in MIRROR if name.endswith(end)), '')
        return name[: len(name) - len(end)] + MIRROR.get(end, '')

    return {other(name): strength for name, strength in expression.items()}


def draw_expression(rng: Generator) -> dict[str, float]:
    """A plausible one; neutral two times in five."""
    if rng.random() < NEUTRAL:
        return {}
    while True:
        strengths = {name: x for name, x in _Face(rng).draw().items() if x > 0}
        if strengths:
            return strengths


class _Face:
    """One draw of mouth, eyes and brows."""

    def __init__(self, rng: Generator) -> None:
        self.rng = rng
        self.strengths: dict[str, float] = {}
        # How lopsided this face is.
        self.skew = rng.normal(0, 0.35) if rng.random() < 0.3 else rng.normal(0, 0.05)

    def draw(self) -> dict[str, float]:
        mouth, eyes, brows = self._choose(MOUTHS), self._choose(EYES), self._choose(BROWS)
        self._mouth(mouth, self.rng.uniform(0.25, 1))
        self._eyes(eyes, self.rng.uniform(0.3, 1))
        self._brows(brows, self.rng.uniform(0.25, 1))
        if self.rng.random() < 0.08:
            self._both('cheekPuff', self.rng.uniform(0.2, 0.7) if mouth in ('rest', 'press') else 0)
        return self.strengths

    def _choose(self, odds: Mapping[str, float]) -> str:
        return str(self.rng.choice(list(odds), p=np.array(list(odds.values())) / sum(odds.values())))

    def _add(self, name: str, strength: float) -> None:
        self.strengths[name] = float(np.clip(self.strengths.get(name, 0) + strength, 0, 1))

    def _both(self, name: str, strength: float, skew: float | None = None) -> None:
        skew = self.skew if skew is None else skew
        self._add(name + '_L', strength * min(1, 1 + skew))
        self._add(name + '_R', strength * min(1, 1 - skew))

    def _side(self) -> str:
        return 'L' if self.rng.random() < 0.5 else 'R'

    def _mouth(self, kind: str, s: float) -> None:
        rng, add, both = self.rng, self._add, self._both
        if kind == 'smile_closed':
            both('mouthSmile', s)
            both('cheekSquint', 0.5 * s)
            both('mouthPress', rng.uniform(0, 0.3))
            both('mouthDimple', rng.uniform(0, 0.4) * s)
        elif kind == 'smile_open':
            both('mouthSmile', 0.9 * s)
            both('cheekSquint', 0.6 * s)
            both('eyeSquint', 0.4 * s)
            both('mouthUpperUp', rng.uniform(0.2, 0.7) * s)
            both('mouthLowerDown', rng.uniform(0.1, 0.6) * s)
            add('jawOpen', rng.uniform(0.02, 0.35) * s)
        elif kind == 'jaw':
            add('jawOpen', rng.uniform(0.15, 0.9))
            both('mouthStretch', rng.uniform(0, 0.4))
            add('jawLeft' if self.skew > 0 else 'jawRight', abs(self.skew) * 0.5)
        elif kind == 'pucker':
            add('mouthPucker', s)
        elif kind == 'funnel':
            add('mouthFunnel', 0.8 * s)
            add('jawOpen', rng.uniform(0.05, 0.3))
        elif kind == 'frown':
            both('mouthFrown', s)
            add('mouthShrugLower', rng.uniform(0, 0.6) * s)
        elif kind == 'press':
            both('mouthPress', s)
            add('mouthRollLower', rng.uniform(0, 0.5))
            add('mouthRollUpper', rng.uniform(0, 0.4))
        elif kind == 'sideways':
            add('mouthLeft' if rng.random() < 0.5 else 'mouthRight', 0.7 * s)
            both('mouthSmile', rng.uniform(0, 0.5))

    def _eyes(self, kind: str, s: float) -> None:
        rng, add, both = self.rng, self._add, self._both
        if kind == 'squint':
            both('eyeSquint', s)
            both('cheekSquint', 0.4 * s)
            both('eyeBlink', rng.uniform(0, 0.3))
        elif kind == 'blink':
            both('eyeBlink', rng.uniform(0.92, 1), 0)
        elif kind == 'half':
            both('eyeBlink', rng.uniform(0.3, 0.7), self.skew * 0.4)
        elif kind == 'wink':
            side = self._side()
            add('eyeBlink_' + side, 1)
            add('cheekSquint_' + side, 0.6 * s)
            add('mouthSmile_' + side, 0.4 * s)
        elif kind == 'wide':
            both('eyeWide', s)

    def _brows(self, kind: str, s: float) -> None:
        add, both = self._add, self._both
        if kind == 'up':
            both('browInnerUp', 0.8 * s, 0)
            both('browOuterUp', s)
        elif kind == 'inner_up':
            both('browInnerUp', s, 0)
        elif kind == 'down':
            both('browDown', s)
            both('noseSneer', self.rng.uniform(0, 0.3) * s)
        elif kind == 'one_up':
            side = self._side()
            add('browOuterUp_' + side, s)
            add('browInnerUp_' + side, 0.6 * s)
