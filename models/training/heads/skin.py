"""The skin's texture: tones and details of twenty photographed skins mixed, and what is painted over them."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from .arrays import Bytes, Floats, smoothstep, value_noise
from .atlas import HEAD, SHOULDERS, Atlas
from .person import Beard, Cloth, Person

# sRGB of skin from the least melanin to the most.
TONES = np.log(
    [[0.84, 0.68, 0.60], [0.79, 0.60, 0.50], [0.66, 0.485, 0.385], [0.47, 0.33, 0.25], [0.32, 0.225, 0.17]]
)
AGES = {'young': 24, 'middleage': 48, 'old': 72}
LIPSTICKS = np.array([[0.0, -0.35, -0.22], [0.05, -0.2, -0.1], [-0.15, -0.45, -0.3]])
# Low frequencies are kept at a quarter of the atlas's size.
REDUCTION = 4


class Skins:
    """Photographed skins, taken apart in the logarithm of their sRGB: patches of colour, and detail.

    Detail is there of the first ten. Everything that is mixed or painted adds up in that logarithm.
    """

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        full = sorted(atlas.pack.data.glob('skin_full_*.jpg'))
        low = sorted(atlas.pack.data.glob('skin_low_*.png'))
        self.names = [p.stem.split('_', 2)[2] for p in full + low]
        face = np.zeros(atlas.shape, bool)
        face[atlas.covered] = atlas.face
        height, width = (length // REDUCTION for length in atlas.shape)
        face = face[::REDUCTION, ::REDUCTION][:height, :width]
        self.patches: list[Floats] = []
        self.details: list[Floats] = []
        for path in full:
            logarithm = _logarithm(path)
            patches = _resize(logarithm, (width, height), Image.BOX)
            self.patches.append(patches)
            self.details.append((logarithm - self._enlarge(patches))[atlas.covered])
        self.patches += [_logarithm(path) for path in low]
        # Apart from its tone.
        self.patches = [patches - patches[face].mean(0) for patches in self.patches]

    def paint(
        self, rng: Generator, person: Person, hair_colour: Floats, scalp: Floats | None, beard: Beard | None,
        cloth: Cloth | None,
    ) -> Bytes:
        """The atlas [height, width, 4]. scalp: how far each drawn vertex is coloured like hair."""
        atlas = self.atlas
        skin = self._mixed(rng, person)
        self._make_up(rng, person, skin)
        hair = np.log(np.maximum(hair_colour, 0.02))
        strands = self._noise(rng, 3) * 0.12 + self._noise(rng, 8) * 0.08
        if scalp is not None:
            _paint_over(skin, atlas.from_vertices(scalp), hair, strands)
        if beard is not None:
            mask = np.clip(atlas.beard * beard.jaw + atlas.moustache * beard.moustache + atlas.chin * beard.chin, 0, 1)
            _paint_over(skin, mask * np.clip(0.95 + 2.2 * strands, 0.3, 1.4), hair + 0.1, strands)
        if cloth is not None:
            dressed = (atlas.position[:, 1] < neckline(cloth, atlas.position)) & np.isin(atlas.island, (HEAD, SHOULDERS))
            weave = self._noise(rng, 2) * 0.05 + self._noise(rng, 40) * 0.05
            skin[dressed] = np.log(np.maximum(cloth.colour, 0.02)) + weave[dressed][:, None]
        colours: Bytes = (np.clip(np.exp(skin), 0, 1) * 255 + 0.5).astype(np.uint8)
        return atlas.picture(colours)

    def _mixed(self, rng: Generator, person: Person) -> Floats:
        """Patches of three skins that suit the person, their tone, and details of two; float32 [n, 3]."""
        patches = sum(w * self.patches[i] for i, w in self._suitable(rng, person, len(self.patches), 3))
        place = np.clip(person.melanin, 0, 0.999) * 4
        i = int(place)
        tone = TONES[i] * (1 - (place - i)) + TONES[i + 1] * (place - i)
        tone = tone + rng.normal(0, 0.025) * np.array([0.3, 1, 1.2])
        tone = tone + rng.normal(0, 0.03) * np.array([0.2, 0.5, 1.4]) + rng.normal(0, 0.05)
        skin = self._enlarge((patches + tone).astype(np.float32))[self.atlas.covered]
        for i, w in self._suitable(rng, person, len(self.details), 2):
            skin += self.details[i] * np.float32(w * 1.35)
        return skin

    def _make_up(self, rng: Generator, person: Person, skin: Floats) -> None:
        """Blush, lips, freckles, blotches: in place."""
        atlas = self.atlas
        dark = float(np.clip((person.melanin - 0.3) / 0.5, 0, 1))
        blush = atlas.blush[:, None] * np.array([0.02, -0.10, -0.07])
        skin += blush * min(1.2, max(0, rng.normal(0.5, 0.4))) * (1 - 0.6 * dark)
        if person.male < 0.5 and rng.random() < 0.5:
            skin += atlas.lips[:, None] * (LIPSTICKS[rng.integers(3)] * rng.uniform(0.3, 1.1))
        else:
            skin += atlas.lips[:, None] * np.array([0, -0.12, -0.08]) * rng.uniform(-0.3, 1)
        if person.melanin < 0.35 and rng.random() < 0.25:
            freckles = np.clip(self._noise(rng, 5) - 1.15, 0, 1) * np.exp(-(((atlas.position[:, 1] - 6.95) / 0.25) ** 2))
            skin -= freckles[:, None] * np.array([0.12, 0.3, 0.4]) * rng.uniform(0.3, 1)
        blotches = self._noise(rng, 90) * 0.025 + self._noise(rng, 24) * 0.015
        skin += blotches[:, None] * np.array([0.6, 1, 1])

    def _suitable(self, rng: Generator, person: Person, among: int, count: int) -> list[tuple[int, float]]:
        """`count` of the first `among` skins and their shares; those of the person's tone, sex and age come first."""

        def fit(name: str) -> float:
            dark = float(np.clip((person.melanin - 0.35) / 0.3, 0, 1))
            tone = -2.0 * abs(('dark' in name) - dark) * 2
            return tone + -1.2 * abs(('_male' in name) - person.male) + -abs(AGES[name.split('_')[0]] - person.age) / 16.0

        odds = np.exp([fit(name) for name in self.names[:among]])
        chosen = rng.choice(among, count, replace=False, p=odds / odds.sum())
        return list(zip(chosen.tolist(), rng.dirichlet([1.2] * count)))

    def _enlarge(self, patches: Floats) -> Floats:
        height, width = self.atlas.shape
        return _resize(patches, (width, height), Image.BICUBIC)

    def _noise(self, rng: Generator, cell: int) -> Floats:
        noise: Floats = value_noise(rng, self.atlas.shape, cell)[self.atlas.covered]
        return noise


def neckline(cloth: Cloth, rest: Floats) -> Floats:
    """The height below which cloth covers points [n, 3] of the base mesh at rest."""
    x, z = np.abs(rest[:, 0]), rest[:, 2]
    middle = np.clip(1 - x / 0.6, 0, 1)
    line: Floats = cloth.height - cloth.front * smoothstep(z, 0.0, 0.9) - cloth.cut * smoothstep(z, 0.4, 0.9) * middle
    return line


def _paint_over(skin: Floats, mask: Floats, colour: Floats, noise: Floats) -> None:
    there = np.flatnonzero(mask > 0)
    opacity = np.clip(mask[there], 0, 0.97)[:, None].astype(np.float32)
    skin[there] = skin[there] * (1 - opacity) + (colour.astype(np.float32) + noise[there, None]) * opacity


def _logarithm(path: Path) -> Floats:
    picture = np.asarray(Image.open(path).convert('RGB'), dtype=np.float32)
    logarithm: Floats = np.log(np.maximum(picture, 4) / 255)
    return logarithm


def _resize(picture: Floats, size: tuple[int, int], method: int) -> Floats:
    channels = [np.asarray(Image.fromarray(picture[..., c]).resize(size, method)) for c in range(3)]
    return np.stack(channels, -1)
