"""The rasteriser raster.c: built once with gcc for this machine, called through ctypes."""
from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats, Ints

SOURCE = Path(__file__).with_name('raster.c')
FLAGS = ('-O3', '-march=native', '-ffast-math', '-shared', '-fPIC')


def library() -> ctypes.CDLL:
    """The compiled library, from the cache folder; several processes may build it at once.

    Raises OSError where gcc is missing or fails.
    """
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'halfturn-heads'
    key = hashlib.sha256(SOURCE.read_bytes() + repr((FLAGS, _processor())).encode()).hexdigest()[:16]
    path = cache / f'raster-{key}.so'
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f'.{os.getpid()}')
        try:
            subprocess.run(['gcc', *FLAGS, str(SOURCE), '-o', str(partial), '-lm'], check=True, capture_output=True)
        except FileNotFoundError as error:
            raise OSError('There is no gcc, which the rasteriser of the heads is built with. Install gcc.') from error
        except subprocess.CalledProcessError as error:
            raise OSError(f'gcc could not build {SOURCE}: {error.stderr.decode()[:300]}') from error
        partial.rename(path)
    return ctypes.CDLL(str(path))


def _processor() -> str:
    """What -march=native depends on: a home folder may be shared by unlike machines."""
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
        return next(line for line in lines if line.startswith(('flags', 'Features')))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


class _Texture(ctypes.Structure):
    _fields_ = [
        ('pixels', ctypes.c_void_p),
        ('width', ctypes.c_int32),
        ('height', ctypes.c_int32),
        ('tested', ctypes.c_int32),
    ]


@dataclass(frozen=True)
class Texture:
    """RGBA [height, width, 4], sRGB, row 0 at the top; `tested`: what is transparent is left out."""

    pixels: Bytes
    tested: bool


@dataclass(frozen=True)
class Visible:
    """What each pixel of a picture shows: its triangle (-1: none), two barycentric weights, depth (1e30: none)."""

    triangle: Ints
    weights: Floats
    depth: Floats


class Mesh:
    """Textured triangles as the rasteriser takes them.

    triangles [m, 3], uv [m, 6] (two of each corner, v upwards), texture_of [m]; bias [m] (world units) brings a triangle
    nearer in the depth test.
    """

    def __init__(self, triangles: Ints, uv: Floats, texture_of: Ints, bias: Floats, textures: list[Texture]) -> None:
        self.triangles = np.ascontiguousarray(triangles, np.int32)
        self.uv = np.ascontiguousarray(uv, np.float32)
        self.texture_of = np.ascontiguousarray(texture_of, np.int32)
        self.bias = np.ascontiguousarray(bias, np.float32)
        self.textures = [Texture(np.ascontiguousarray(t.pixels), t.tested) for t in textures]
        self._table = (_Texture * len(textures))(
            *(_Texture(t.pixels.ctypes.data, t.pixels.shape[1], t.pixels.shape[0], t.tested) for t in self.textures)
        )

    def rasterise(self, screen: Floats, width: int, height: int, perspective: bool, dithered: bool) -> Visible:
        """screen: float32 [n, 4], x and y in pixels, depth, its inverse (in perspective)."""
        triangle = np.empty((height, width), np.int32)
        weights = np.empty((height, width, 2), np.float32)
        depth = np.empty((height, width), np.float32)
        self._rasterise(screen, width, height, perspective, dithered, triangle, weights, depth)
        return Visible(triangle, weights, depth)

    def depth_map(self, screen: Floats, side: int) -> Floats:
        """[side, side], orthographic."""
        depth = np.empty((side, side), np.float32)
        self._rasterise(screen, side, side, False, False, None, None, depth)
        return depth

    def _rasterise(
        self,
        screen: Floats,
        width: int,
        height: int,
        perspective: bool,
        dithered: bool,
        triangle: Ints | None,
        weights: Floats | None,
        depth: Floats,
    ) -> None:
        bias = self.bias if len(self.bias) else None
        _lib().rasterise(
            len(self.triangles), _pointer(screen), _pointer(self.triangles), _pointer(self.uv),
            _pointer(self.texture_of), _pointer(bias), self._table, width, height, int(perspective), int(dithered),
            _pointer(triangle), _pointer(weights), _pointer(depth),
        )

    def shade(self, triangle: Ints, weights: Floats, irradiance: Floats) -> Floats:
        """Linear radiance [n, 3] of n points: triangle int32 [n], weights float32 [n, 2], irradiance float32 [vertices, 3]."""
        radiance = np.empty((triangle.size, 3), np.float32)
        _lib().shade(
            triangle.size, _pointer(triangle), _pointer(weights), _pointer(self.triangles), _pointer(self.uv),
            _pointer(self.texture_of), self._table, _pointer(irradiance), _pointer(radiance),
        )
        return radiance

    def interpolate(self, triangle: Ints, weights: Floats, vectors: Floats) -> Floats:
        """vectors float32 [vertices, 3] at the points of `shade`, float32 [n, 3]; 0 where there is no triangle."""
        found = np.empty((triangle.size, 3), np.float32)
        _lib().interpolate(
            triangle.size, _pointer(triangle), _pointer(weights), _pointer(self.triangles), _pointer(vectors),
            _pointer(found),
        )
        return found


def add_light(
    screen: Floats,
    normals: Floats,
    wrap: Floats,
    direction: Floats,
    radiance: Floats,
    depth: Floats,
    bias: float,
    solid_angle: float,
    irradiance: Floats,
) -> None:
    """Adds one direction's light to `irradiance` in place; all arrays are float32, as raster.c describes them."""
    height, width = depth.shape
    _lib().add_light(
        len(irradiance), _pointer(screen), _pointer(normals), _pointer(wrap), _pointer(direction), _pointer(radiance),
        _pointer(depth), width, height, ctypes.c_float(bias), ctypes.c_float(solid_angle), _pointer(irradiance),
    )


def depth_behind(points: Floats, projections: Floats, depth: Floats) -> Floats:
    """[n] world units; points [n, 3], projections [views, 12], depth [views, height, width], all float32."""
    views, height, width = depth.shape
    behind = np.empty(len(points), np.float32)
    _lib().depth_behind(
        len(points), _pointer(points), views, _pointer(projections), _pointer(depth), width, height, _pointer(behind)
    )
    return behind


_loaded: list[ctypes.CDLL] = []


def _lib() -> ctypes.CDLL:
    if not _loaded:
        _loaded.append(library())
    return _loaded[0]


def _pointer(array: NDArray[Any] | None) -> ctypes.c_void_p | None:
    if array is None:
        return None
    if not array.flags.c_contiguous or array.dtype.itemsize != 4:
        raise ValueError(f'The rasteriser takes contiguous arrays of 4-byte numbers, not {array.dtype} {array.shape}.')
    return ctypes.c_void_p(array.ctypes.data)
