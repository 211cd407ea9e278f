"""A person's shape: weights of morph targets and identity modes, drawn at random, and the alignment to the head's frame."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import numpy as np
from numpy.random import Generator

from .arrays import Floats, rotation_x
from .pack import Pack

ANCESTRIES = ('african', 'asian', 'caucasian')

# Standard deviation of the weights of two-sided targets, by the part of the face.
SPREAD = {
    'head': 0.16, 'eyes': 0.24, 'nose': 0.28, 'mouth': 0.24, 'chin': 0.24, 'cheek': 0.3, 'ears': 0.3, 'forehead': 0.26,
    'eyebrows': 0.3, 'neck': 0.15,
}  # fmt: skip
# How strongly the targets of detail count, 1 being MakeHuman's whole range.
DETAIL = 0.6
# What is heavier of a head that is: on what is below and above zero of these, so much.
FAT = {'head/head-fat': 1.0, 'cheek/l-cheek-volume': 0.7, 'cheek/r-cheek-volume': 0.7, 'neck/neck-double': 0.8}
# Standard deviation of the identity modes.
MODES = 0.85
OPPOSITES = (
    ('decr', 'incr'), ('down', 'up'), ('in', 'out'), ('backward', 'forward'), ('concave', 'convex'),
    ('compress', 'uncompress'),
)  # fmt: skip
# Age, place and pose are drawn otherwise or not at all.
NOT_DRAWN = ('head-age', 'head-trans', 'neck-trans', 'head-angle', 'mouth-trans-in', 'nose-trans-in')

# What EG3D's crop aligns, in the head's frame: eyes, nose tip, corners of the mouth (left of the person first). Deep3DFace's
# mean face (decimetres), scaled by 300/700 * 2.5/4.2647 and moved so that its mean depth is the pivot's.
ALIGNED = (
    np.array(
        [[0.311, 0.290, 0.133], [-0.311, 0.290, 0.133], [0.003, -0.046, 0.552], [0.250, -0.381, 0.223],
         [-0.250, -0.381, 0.223]]
    ) * 0.2512 + np.array([0, 0, 0.137])
)  # fmt: skip
ALIGNED_WEIGHTS = np.array([1, 1, 0.6, 1, 1])[:, None]
# How the base mesh nods against that, radians: the best of -0.5, -0.495, ... for the mean of 24 faces.
PITCH = -0.5 + 0.005 * 82


@dataclass(frozen=True)
class Shape:
    # Base vertices [5480, 3], decimetres.
    vertices: Floats
    # What was drawn: weights of the 516 targets, of the 100 modes, and of the modes' mean.
    parameters: Floats


@dataclass(frozen=True)
class Axis:
    """Two targets that are each other's opposite, of one side or of both."""

    # (below zero, above zero) of every side.
    targets: tuple[tuple[int, int], ...]
    spread: float
    # Of the draw, once limited to -1..1, and of each side's.
    scale: float
    side_scale: float


class Shapes:
    """Draws shapes. Which numbers are drawn in which order is what a seed means: it must not change."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.axes = list(_axes(pack))
        two_sided = {name for pair in _pairs(pack) for name in pair}
        detail = [n for n in pack.target_names if n.split('/')[0] not in ('macrodetails', 'expression', 'asym')]
        one_sided = [name for name in detail if name not in two_sided]
        self.forms = [pack.target_index[n] for n in one_sided if n.startswith(('head/head-', 'chin/'))]
        self.asymmetries = sorted({name[:-2] for name in pack.target_names if name.startswith('asym/')})

    def draw(self, rng: Generator, male: float, age: float, ancestry: Floats, fat: float = 0) -> Shape:
        """male 0..1, age in years (10 to 80), ancestry [3] weights of ANCESTRIES, summing to 1.

        fat: -1 lean to 1 fat, added to what is drawn.
        """
        pack = self.pack
        weights = np.zeros(len(pack.target_names), np.float32)
        self._macro(rng, weights, male, age, ancestry)
        self._detail(rng, weights)
        self._resting_expression(rng, weights, ANCESTRIES[int(np.argmax(ancestry))])
        for name, share in FAT.items():
            weights[pack.target_index[name + ('-incr' if fat > 0 else '-decr')]] += abs(fat) * share
        vertices = pack.base + (weights @ pack.targets).reshape(-1, 3)
        modes = np.clip(rng.normal(0, MODES, len(pack.identity_modes)), -2.2, 2.2).astype(np.float32)
        mean = rng.uniform(0.1, 0.9)
        vertices = vertices + (modes @ pack.identity_modes).reshape(-1, 3) + pack.identity_mean * mean
        return Shape(vertices, np.concatenate([weights, modes, [mean]]))

    def _macro(self, rng: Generator, weights: Floats, male: float, age: float, ancestry: Floats) -> None:
        """MakeHuman's macro targets: sex, age, ancestry, weight and muscle, multiplied with each other."""
        if age < 25:
            child = max(0, (25 - age) / 14.0)
            ages = {'child': child, 'young': 1 - child}
        else:
            old = min(1, (age - 25) / 55.0)
            ages = {'young': 1 - old, 'old': old}
        weight = _thirds(np.clip(rng.normal(0.5, 0.22), 0, 1), 'weight')
        muscle = _thirds(np.clip(rng.normal(0.5, 0.15), 0, 1), 'muscle')
        index = self.pack.target_index
        for sex, of_sex in (('male', male), ('female', 1 - male)):
            for at, of_age in ages.items():
                for origin, of_origin in zip(ANCESTRIES, ancestry):
                    weights[index[f'macrodetails/{origin}-{sex}-{at}']] += of_sex * of_age * of_origin
                for muscles, of_muscle in muscle.items():
                    for fat, of_fat in weight.items():
                        name = f'macrodetails/universal-{sex}-{at}-{muscles}-{fat}'
                        # The middle of all has no target: it is the base mesh.
                        if name in index:
                            weights[index[name]] += of_sex * of_age * of_muscle * of_fat

    def _detail(self, rng: Generator, weights: Floats) -> None:
        for axis in self.axes:
            value = np.clip(rng.normal(0, axis.spread * DETAIL), -1, 1) * axis.scale
            for below, above in axis.targets:
                lopsided = rng.normal(0, 0.06) if len(axis.targets) > 1 else 0
                side = np.clip(value + lopsided, -1, 1) * axis.side_scale
                weights[above if side > 0 else below] += abs(side)
        for form in self.forms:
            weights[form] += max(0, rng.normal(-0.15, 0.22)) * DETAIL
        for name in self.asymmetries:
            value = rng.normal(0, 0.12) * DETAIL
            weights[self.pack.target_index[name + ('-l' if value > 0 else '-r')]] += abs(value)

    def _resting_expression(self, rng: Generator, weights: Floats, ancestry: str) -> None:
        """How this person's face looks at rest: a slight smile, narrow or wide eyes, brows, lips apart."""
        rng.random()  # Drawn for nothing, but all that follows depends on it.
        index = self.pack.target_index

        def add(unit: str, strength: float) -> None:
            weights[index[f'expression/units/{ancestry}/{unit}']] += strength

        smile = min(max(0, rng.normal(0.3, 0.35)), 0.9)
        wide = max(0, rng.normal(-0.1, 0.12))
        narrow = abs(rng.normal(0.1, 0.12))
        add('mouth-corner-puller', smile * 0.9)
        add('mouth-upward-retraction', smile * 0.25 * rng.random())
        for side in ('left', 'right'):
            add(f'eye-{side}-slit', min(0.6, smile * 0.3 + narrow))
            add(f'eye-{side}-opened-up', wide)
        brows = rng.normal(0.2, 0.2)
        for side in ('left', 'right'):
            add(f'eyebrows-{side}-{"up" if brows > 0 else "down"}', min(0.7, abs(brows)))
        lips = rng.random()
        if lips < 0.18 and smile > 0.2:
            add('mouth-open', 0.08 + 0.2 * rng.random())
        elif lips < 0.25:
            add('mouth-part-later', 0.3 * rng.random())
        add('mouth-pursing', max(0, rng.normal(-0.2, 0.2)))


def alignment(pack: Pack, vertices: Floats) -> tuple[Floats, Floats]:
    """From decimetres to the head's frame: matrix [3, 3] and offset [3], points @ matrix.T + offset."""
    turn = rotation_x(PITCH)
    points = (turn @ alignment_points(pack, vertices).T).T
    weights = ALIGNED_WEIGHTS / ALIGNED_WEIGHTS.sum()
    middle, aim = (points * weights).sum(0), (ALIGNED * weights).sum(0)
    a, b = points - middle, ALIGNED - aim
    # Seen from the front; heads differ in size within limits.
    scale = (weights * a[:, :2] * b[:, :2]).sum() / (weights * a[:, :2] ** 2).sum()
    scale = np.clip(scale, 0.21, 0.29)
    # The middle of the head stays in the middle of the picture, however lopsided the face is.
    middle[0] = aim[0] = 0
    return scale * turn, aim - scale * middle


def alignment_points(pack: Pack, vertices: Floats) -> Floats:
    """[5, 3] in the order of ALIGNED, decimetres."""
    point = {name: vertices[indices].mean(0) for name, indices in pack.alignment_points.items()}
    # The front of the eyeball, not its centre.
    front = np.array([0, 0, 0.12])
    return np.array([point['eyeL'] + front, point['eyeR'] + front, point['nose'], point['mouthL'], point['mouthR']])


def _thirds(x: float, noun: str) -> dict[str, float]:
    return {f'min{noun}': max(0, 1 - 2 * x), f'average{noun}': 1 - abs(2 * x - 1), f'max{noun}': max(0, 2 * x - 1)}


def _pairs(pack: Pack) -> Iterator[tuple[str, str]]:
    """All two-sided targets, in the order of the pack."""
    used: set[str] = set()
    for name in pack.target_names:
        if name.split('/')[0] in ('macrodetails', 'expression', 'asym') or name in used:
            continue
        for low, high in OPPOSITES:
            other = name[: -len(low)] + high
            if name.endswith('-' + low) and other in pack.target_index:
                used |= {name, other}
                yield name, other
                break


def _axes(pack: Pack) -> Iterator[Axis]:
    index = pack.target_index
    for below, above in _pairs(pack):
        part, name = below.split('/')
        # The right side is drawn with the left one.
        if name.startswith('r-') or any(word in name for word in NOT_DRAWN):
            continue
        sides = [(index[below], index[above])]
        if name.startswith('l-'):
            sides.append((index[below.replace('/l-', '/r-')], index[above.replace('/l-', '/r-')]))
        halved = 0.5 if 'epicanthus' in name or 'scale' in name else 1
        scale = halved * (0.6 if 'eye-scale' in name else 1)
        yield Axis(tuple(sides), SPREAD[part], scale, 0.6 if 'epicanthus' in name else 1)
