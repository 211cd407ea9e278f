"""The data of the head model: MakeHuman's base mesh cut down to head, neck and shoulders, its morph targets, its
subdivision, and the meshes bound to it (headpack.npz, ictmodes.npz, extras.npz; data/INDEX.md)."""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import sparse

from .arrays import Bytes, Floats, Ints

DATA = Path(__file__).with_name('data')


@dataclass(frozen=True)
class Proxy:
    """A mesh that follows the base mesh, bound as MakeHuman's .mhclo binds one.

    Every vertex lies on three base vertices (references [n, 3], weights [n, 3]) plus an offset [n, 3] in decimetres,
    which along each axis is scaled by the distance of two base vertices (scale_axes: first, second, that distance at
    rest).
    """

    references: Ints
    weights: Floats
    offsets: Floats
    scale_axes: Floats
    triangles: Ints
    # [m, 3, 2], v upwards.
    uv: Floats

    def fit(self, vertices: Floats, scale: float = 1.0, measured_on: Floats | None = None) -> Floats:
        """The vertices [n, 3] on a head with these base vertices [5480, 3].

        measured_on: the base vertices that tell its size, where `vertices` bear an expression.
        """
        ruler = vertices if measured_on is None else measured_on
        unit = np.array(
            [abs(ruler[int(a), axis] - ruler[int(b), axis]) / rest for axis, (a, b, rest) in enumerate(self.scale_axes)]
        )
        placed: Floats = (vertices[self.references] * self.weights[:, :, None]).sum(1) + self.offsets * unit * scale
        return placed


class Pack:
    """Everything of the data folder that has vertices; pictures are read when they are first needed."""

    def __init__(self, data: Path = DATA) -> None:
        self.data = data
        with np.load(data / 'headpack.npz') as file:
            arrays = {name: file[name] for name in file.files}
        # Base vertices at rest, float32 [5480, 3], decimetres.
        self.base: Floats = arrays['base']
        self.target_names = [str(name) for name in arrays['names']]
        self.target_index = {name: i for i, name in enumerate(self.target_names)}
        # Displacement of every base vertex by every morph target, float32 [516, 5480 * 3].
        self.targets = _dequantise(arrays['tq'], arrays['tsc'])
        # One step of Catmull-Clark: what is drawn are the 18 764 vertices subdivision @ base.
        self.subdivision = sparse.csr_matrix(
            (arrays['S_v'], (arrays['S_i'], arrays['S_j'])), shape=(int(arrays['nsub']), len(self.base))
        )
        self.triangles: Ints = arrays['T']
        # Corners' texture coordinates [m, 6], and the atlas's island of every triangle (9: drawn nowhere).
        self.uv = arrays['U'].reshape(-1, 6)
        self.islands: Ints = arrays['I']
        self.atlas_width, self.atlas_height = (int(length) for length in arrays['atlas'])
        self.rest: Floats = self.subdivision @ self.base
        # Base vertices around the points the head is aligned by.
        points = ('eyeL', 'eyeR', 'nose', 'mouthL', 'mouthR')
        self.alignment_points: dict[str, Ints] = {name: arrays[f'lm_{name}'] for name in points}
        self.proxies = {str(name): _proxy(arrays, str(name)) for name in arrays['proxies']}
        # 100 identity modes of ICT-FaceKit and its mean, carried over to the base vertices.
        with np.load(data / 'ictmodes.npz') as file:
            self.identity_modes = _dequantise(file['q'], file['sc'])
            self.identity_mean: Floats = file['mean']
        with np.load(data / 'extras.npz') as file:
            kinds = dict(zip(file['names'].tolist(), file['kinds'].tolist()))
            self.extras = {kind: [name for name in kinds if kinds[name] == kind] for kind in set(kinds.values())}
            extras = {name: file[name] for name in file.files}
            for name, kind in kinds.items():
                self.proxies[('hair_' if kind == 'hair' else 'extra_') + name] = _proxy(extras, name)

    def picture(self, proxy: str) -> Bytes:
        """The colour map of a proxy with alpha, [height, width, 4]."""
        style = proxy.removeprefix('hair_')
        extra = proxy.startswith('extra_') or style in self.extras['hair']
        return read_rgba(self.data / (f'extra_{style.removeprefix("extra_")}.png' if extra else f'{proxy}.png'))


@lru_cache(maxsize=None)
def read_rgba(path: Path) -> Bytes:
    """[height, width, 4]; shared by all who ask, so not to be written to."""
    pixels = np.ascontiguousarray(np.asarray(Image.open(path).convert('RGBA')))
    pixels.flags.writeable = False
    return pixels


def _dequantise(steps: Any, scale: Any) -> Floats:
    vectors: Floats = (steps.astype(np.float32) * scale[:, None, None]).reshape(len(scale), -1)
    return vectors


def _proxy(arrays: dict[str, Any], name: str) -> Proxy:
    return Proxy(*(arrays[f'p_{name}_{part}'] for part in 'rwostu'))
