"""A head: a person put together from parts, lit, and rendered from any camera."""
from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from .arrays import Bytes, Floats, Ints, smoothstep, vertex_normals
from .atlas import Atlas
from .camera import FOCAL
from .change import Change
from .expression import Blendshapes, mirrored
from .eyes import draw_brow, draw_eye_colour, draw_eye_picture, draw_gaze, draw_lash, draw_teeth
from .hair import draw_fringe, draw_hair_mesh, draw_hair_picture, recoloured
from .landmarks import stable_landmarks
from .light import draw_environment, irradiance
from .outfit import Outfit, draw_outfit, wears_nothing
from .pack import DATA, Pack
from .person import CROPPED, Beard, Cloth, Hair, Person, draw_beard, draw_cloth, draw_hair, draw_person
from .raster import Mesh, Texture, Visible
from .shape import Shapes, alignment
from .skin import Skins, neckline

SUPERSAMPLING = 3
# The head ends at its box.
BOX = 0.5
# Decimetres that cloth lies off the shoulders.
CLOTH = 0.05
# Under a beard's mesh.
STUBBLE = Beard(0.6, 0.6, 0.6)


class Kind(IntEnum):
    """What a vertex belongs to."""

    SKIN = 0
    EYE = 1
    BROW = 2
    LASH = 3
    TEETH = 4
    # Beards too.
    HAIR = 5
    GLASSES = 6
    HAT = 7


@dataclass(frozen=True)
class Part:
    # [n, 3], decimetres.
    vertices: Floats
    triangles: Ints
    uv: Floats
    texture: Texture
    kind: Kind
    # World units that it is brought nearer in the depth test.
    bias: float = 0.0


@dataclass(frozen=True)
class View:
    """Square pictures of a head, row 0 at the top."""

    # sRGB [side, side, 3].
    rgb: Bytes
    # [side, side], world units along the optical axis; 0 where less than half of the pixel is the head.
    depth: Floats
    # [side, side], 0..1: how much of the pixel is the head.
    mask: Floats
    # Geometric normals [side, side, 3] in the head's frame, towards the camera; 0 where the pixel's centre shows nothing.
    normal: Floats


class HeadModel:
    """Reads the data once, in about two CPU seconds; then every seed is a head."""

    def __init__(self, data: Path = DATA) -> None:
        self.pack = Pack(data)
        self.shapes = Shapes(self.pack)
        self.blendshapes = Blendshapes(data)
        self.atlas = Atlas(self.pack)
        self.skins = Skins(self.atlas)

    def head(self, seed: int, change: Change | None = None, exposure: float | None = None) -> Head:
        """The head of a seed, always the same. What is drawn in which order is what the seed means.

        With a change: the seed's person with what the change says. Changed heads of one seed differ in nothing else: what
        takes more or fewer numbers from the stream when it is changed has streams of its own there. exposure: that of
        another of them, since it is otherwise what makes the face as bright as faces are, shaded by hair or not.
        """
        rng = np.random.default_rng(seed)

        def apart(stream: int) -> Generator:
            return np.random.default_rng([seed, stream]) if change else rng

        drawn = draw_person(rng)
        person = change.person(drawn) if change else drawn
        shape = self.shapes.draw(rng, person.male, person.age, person.ancestry, change.fat if change else 0)
        hair = draw_hair(rng, drawn)
        if wears_nothing(seed):
            outfit = Outfit(hair.style)
        else:
            outfit = draw_outfit(np.random.default_rng([seed, 71]), drawn, hair)
        if change:
            outfit, hair = change.outfit(outfit), change.hair(hair)
        hair = replace(hair, style=outfit.style)
        base = self.blendshapes.apply(shape.vertices, outfit.expression)

        scalp, thickness = self._draw_scalp(apart(72), hair)
        beard, cloth = draw_beard(rng, drawn), draw_cloth(rng)
        if change:
            beard = change.beard
        if outfit.beard:
            beard = STUBBLE
        stubble = apart(73).uniform(0.01, 0.05) if beard else 0
        body = self._relief(base, 0 if outfit.hat else thickness, beard, stubble, cloth)
        skin = self.skins.paint(apart(74), person, hair.colour, scalp, beard, cloth)
        parts = [Part(body, self.pack.triangles, self.pack.uv, Texture(skin, False), Kind.SKIN)]
        eye = draw_eye_colour(rng, person)
        styling = apart(75)
        parts += self._face_parts(rng, person, hair, eye, base, shape.vertices)
        if hair.style and hair.style != CROPPED:
            picture = draw_hair_picture(styling, self.pack, hair)
            fringe = draw_fringe(styling, hair)
            mesh = draw_hair_mesh(styling, self.pack, hair, shape.vertices, fringe)
            parts.append(self._part(f'hair_{hair.style}', mesh, Texture(picture, True), Kind.HAIR))
        parts += self._worn(outfit, hair, base, shape.vertices)

        matrix, offset = alignment(self.pack, shape.vertices)
        landmarks = stable_landmarks()
        points = landmarks.places(self.pack, base) @ matrix.T + offset
        mirror = bool(rng.random() < 0.5)
        expression = outfit.expression
        if mirror:
            points = landmarks.mirrored(points)
            expression = mirrored(expression)
        notes: dict[str, Any] = {
            'seed': seed, 'male': person.male, 'age': person.age, 'race': person.ancestry.round(3).tolist(),
            'mel': person.melanin, 'style': hair.style, 'eye': eye,
        }  # fmt: skip
        if not wears_nothing(seed):
            painted = [beard.jaw, beard.moustache, beard.chin] if beard else [0, 0, 0]
            notes |= {
                'hair': hair.colour.round(3).tolist(), 'grey': round(hair.grey, 3), 'stubble': np.round(painted, 3).tolist(),
                'beard': outfit.beard, 'glasses': outfit.glasses, 'hat': outfit.hat,
                'expression': {name: round(strength, 3) for name, strength in expression.items()},
            }  # fmt: skip
        return Head(
            rng, parts, matrix, offset, mirror, shape.parameters, points, self.blendshapes.vector(expression), notes, exposure
        )

    def at_rest(self, seed: int) -> tuple[Person, Hair]:
        """Who the head of a seed is, and what hair they wear: what changes are made to."""
        rng = np.random.default_rng(seed)
        person = draw_person(rng)
        self.shapes.draw(rng, person.male, person.age, person.ancestry)
        hair = draw_hair(rng, person)
        return person, replace(hair, style=draw_outfit(np.random.default_rng([seed, 71]), person, hair).style)

    def _draw_scalp(self, rng: Generator, hair: Hair) -> tuple[Floats | None, float]:
        """How far each drawn vertex is coloured like hair, and how thick cropped hair is (decimetres)."""
        if hair.style == CROPPED:
            return self.atlas.cropped * rng.uniform(0.75, 1.0), rng.uniform(0.0, 0.10)
        return (self.atlas.scalp(hair.style) * 0.95, 0) if hair.style else (None, 0)

    def _relief(
        self, base: Floats, thickness: float, beard: Beard | None, stubble: float, cloth: Cloth | None
    ) -> Floats:
        """The drawn vertices of the skin with cropped hair, beard and cloth raised."""
        atlas, triangles = self.atlas, self.pack.triangles
        body: Floats = self.pack.subdivision @ base
        if thickness:
            body = body + vertex_normals(body, triangles) * (atlas.cropped * thickness)[:, None]
        if beard:
            mask = atlas.at_vertices(
                np.clip(atlas.beard * beard.jaw + atlas.moustache * beard.moustache + atlas.chin * beard.chin, 0, 1)
            )
            body = body + vertex_normals(body, triangles) * (mask * mask * stubble)[:, None]
        if cloth:
            line = neckline(cloth, self.pack.rest)
            dressed = 1 - smoothstep(self.pack.rest[:, 1], line - 0.06, line)
            body = body + vertex_normals(body, triangles) * (CLOTH * dressed)[:, None]
        return body

    def _face_parts(
        self, rng: Generator, person: Person, hair: Hair, eye: str, base: Floats, neutral: Floats
    ) -> list[Part]:
        pack = self.pack
        eye_picture = draw_eye_picture(rng, pack, eye)
        eyes = self._part('eyeslow', draw_gaze(rng, pack, base, neutral), Texture(eye_picture, False), Kind.EYE)
        brow, brow_picture = draw_brow(rng, pack, hair.colour)
        lash, lash_picture = draw_lash(rng, pack, person)
        teeth_picture = draw_teeth(rng, pack)

        def fitted(name: str, texture: Texture, kind: Kind, bias: float = 0.0) -> Part:
            return self._part(name, pack.proxies[name].fit(base, measured_on=neutral), texture, kind, bias)

        return [
            eyes,
            fitted(brow, Texture(brow_picture, True), Kind.BROW, 0.006),
            fitted(lash, Texture(lash_picture, True), Kind.LASH, 0.002),
            fitted('teeth', Texture(teeth_picture, False), Kind.TEETH),
        ]

    def _worn(self, outfit: Outfit, hair: Hair, base: Floats, neutral: Floats) -> list[Part]:
        """Glasses and hats sit on the skull; a beard moves with the jaw."""
        parts = []
        for name, kind, on in (
            (outfit.glasses, Kind.GLASSES, neutral), (outfit.beard, Kind.HAIR, base), (outfit.hat, Kind.HAT, neutral),
        ):  # fmt: skip
            if name:
                proxy = f'extra_{name}'
                picture = self.pack.picture(proxy)
                if kind == Kind.HAIR:
                    picture = recoloured(picture, hair.colour, 0.6)
                vertices = self.pack.proxies[proxy].fit(on, measured_on=neutral)
                parts.append(self._part(proxy, vertices, Texture(picture, True), kind))
        return parts

    def _part(self, proxy: str, vertices: Floats, texture: Texture, kind: Kind, bias: float = 0.0) -> Part:
        bound = self.pack.proxies[proxy]
        return Part(vertices, bound.triangles, bound.uv.reshape(-1, 6), texture, kind, bias)


class Head:
    """One person in the head's frame, lit. Arrays are those of all parts, one after the other."""

    def __init__(
        self, rng: Generator, parts: list[Part], matrix: Floats, offset: Floats, mirror: bool, parameters: Floats,
        points: Floats, expression: Floats, notes: dict[str, Any], exposure: float | None = None,
    ) -> None:
        # What was drawn of the shape [617]; and what is noted of the head, as JSON takes it.
        self.parameters = parameters
        self.notes = notes
        # Whether left and right of the drawn shape have changed places.
        self.mirrored = mirror
        # Stable landmarks of the face, [n, 3] in the order of data/landmarks.csv.
        self.landmarks = points
        # Strengths 0..1 of the 55 blendshapes, as seen: of a mirrored head left is left.
        self.expression = expression
        count = [len(part.vertices) for part in parts]
        start = np.cumsum([0, *count[:-1]])
        vertices = np.concatenate([part.vertices for part in parts]) @ matrix.T + offset
        vertices[: count[0]] = np.clip(vertices[: count[0]], -BOX, BOX)
        triangles = np.concatenate([part.triangles + first for part, first in zip(parts, start)])
        inside = (np.abs(vertices[triangles]) <= BOX + 1e-4).all((1, 2))
        triangles = triangles[inside]
        uv = np.concatenate([part.uv for part in parts])[inside]
        texture_of = np.concatenate([np.full(len(part.triangles), i) for i, part in enumerate(parts)])[inside]
        bias = np.concatenate([np.full(len(part.triangles), part.bias) for part in parts])[inside]
        if mirror:
            # Corners change places, so that triangles keep their fronts.
            vertices = vertices * [-1, 1, 1]
            triangles = triangles[:, [0, 2, 1]]
            uv = uv.reshape(-1, 3, 2)[:, [0, 2, 1]].reshape(-1, 6)
        self.mesh = Mesh(triangles, uv, texture_of, bias, [part.texture for part in parts])
        # World units, float32 [n, 3].
        self.vertices: Floats = np.ascontiguousarray(vertices, np.float32)
        self.kind: Ints = np.concatenate([np.full(n, part.kind) for n, part in zip(count, parts)])
        # Geometric, float32 [n, 3]; of flat cards either way round.
        normals = vertex_normals(self.vertices.astype(np.float64), self.mesh.triangles)
        self.normals: Floats = normals.astype(np.float32)
        # What light falls on: hair is lit as the volume it is, not as its cards.
        self.shading_normals = self._shading_normals(normals)
        # Linear RGB, float32 [n, 3]; and what was multiplied for it.
        self.irradiance, self.exposure = self._light(rng, exposure)

    def render(
        self, camera: Floats, side: int, supersampling: int = SUPERSAMPLING, focal: float = FOCAL,
        background: Any = (0.5, 0.5, 0.5),
    ) -> View:
        """Photographs the head.

        camera: cam2world [4, 4]; focal: focal length in picture widths; background: linear RGB [3] or [side, side, 3].
        """
        wide = side * supersampling
        seen = self.rasterise(camera, wide, focal)
        radiance = self.mesh.shade(seen.triangle, seen.weights, self.irradiance).reshape(wide, wide, 3)
        covered = seen.triangle >= 0
        mask = _shrink(covered.astype(np.float32), supersampling)
        depth = _shrink(np.where(covered, seen.depth, 0), supersampling) / np.maximum(mask, 1e-6) * (mask > 0.5)
        linear = _shrink(radiance, supersampling) + (1 - mask)[..., None] * np.asarray(background, float)
        rgb = (_srgb(_tone_mapped(linear)) * 255 + 0.5).astype(np.uint8)
        return View(rgb, depth, mask, self._normals_seen(seen.triangle, seen.weights, supersampling, camera))

    def rasterise(self, camera: Floats, side: int, focal: float = FOCAL) -> Visible:
        """What each pixel of a square picture shows."""
        x, y, z = ((self.vertices - camera[:3, 3]) @ camera[:3, :3]).T
        screen = np.empty((len(z), 4), np.float32)
        screen[:, 0] = (x / z * focal + 0.5) * side
        screen[:, 1] = (y / z * focal + 0.5) * side
        screen[:, 2] = z
        screen[:, 3] = 1 / z
        return self.mesh.rasterise(screen, side, side, perspective=True, dithered=True)

    def _normals_seen(self, triangle: Ints, weights: Floats, supersampling: int, camera: Floats) -> Floats:
        middle = slice(supersampling // 2, None, supersampling)
        shown = np.ascontiguousarray(triangle[middle, middle])
        share = np.ascontiguousarray(weights[middle, middle])
        normals = self.mesh.interpolate(shown, share, self.normals)
        towards = camera[:3, 3] - self.mesh.interpolate(shown, share, self.vertices)
        normals *= np.sign((normals * towards).sum(1, keepdims=True))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
        return normals.reshape(*shown.shape, 3)

    def _shading_normals(self, normals: Floats) -> Floats:
        outwards = self.vertices - np.array([0, 0.12, 0.0])
        outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
        shading = normals.copy()
        for cards in (Kind.BROW, Kind.LASH, Kind.HAIR):
            card = self.kind == cards
            shading[card] *= np.sign((shading[card] * outwards[card]).sum(1, keepdims=True))
        hair = self.kind == Kind.HAIR
        shading[hair] = shading[hair] * 0.45 + outwards[hair] * 0.55
        shading /= np.linalg.norm(shading, axis=1, keepdims=True) + 1e-9
        return shading.astype(np.float32)

    def _light(self, rng: Generator, exposure: float | None) -> tuple[Floats, float]:
        kind, vertices = self.kind, self.vertices
        skin, hair = kind == Kind.SKIN, kind == Kind.HAIR
        wrap = np.where(skin, 0.12, np.where(hair, 0.35, 0.3)).astype(np.float32)
        environment = draw_environment(rng)
        light = irradiance(self.mesh, vertices, self.shading_normals, wrap, environment)
        # Light below the skin: shadows are warmer.
        brightness = light.mean(1, keepdims=True)[skin]
        shadow = np.clip(1 - brightness / np.percentile(brightness, 70), 0, 1)
        light[skin] = light[skin] * (1 + np.array([0.10, -0.02, -0.05]) * shadow)
        y, z = vertices[:, 1], vertices[:, 2]
        face = skin & (z > 0.12) & (y < 0.15) & (y > -0.2)
        drawn = float(rng.uniform(0.66, 0.92) / light[face].mean())
        exposure = drawn if exposure is None else exposure
        light = np.ascontiguousarray(light * exposure, np.float32)
        light[kind == Kind.EYE] *= 0.9
        light[kind == Kind.TEETH] *= 0.75
        return light, exposure


def _shrink(picture: Floats, factor: int) -> Floats:
    """The mean of every block of factor x factor pixels.

    The same sums in the same order as picture.reshape(...).mean((1, 3)), which the evaluation set was made with and which
    takes ten times as long.
    """
    rows = [[picture[row::factor, column::factor] for column in range(factor)] for row in range(factor)]
    if picture.ndim == 2:
        total = reduce(np.add, [reduce(np.add, row) for row in rows])
    else:
        total = reduce(np.add, [block for row in rows for block in row])
    return total / np.float32(factor * factor)


def _tone_mapped(linear: Floats) -> Floats:
    """Highlights above one half are rolled off."""
    linear = np.maximum(linear, 0)
    return np.where(linear < 0.5, linear, 0.5 + 0.5 * (1 - np.exp(-(linear - 0.5) / 0.5)))


def _srgb(linear: Floats) -> Floats:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
