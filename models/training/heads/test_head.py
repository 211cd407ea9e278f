"""What a head promises: landmarks on the face, lids that meet, outfits that go together, pictures that agree."""
from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from .camera import FOCAL, look_at
from .expression import Blendshapes, draw_expression, mirrored
from .head import HeadModel, Kind
from .landmarks import stable_landmarks
from .outfit import FREE_TEMPLES, draw_outfit, wears_nothing
from .pack import DATA, Pack
from .person import CROPPED, draw_hair, draw_person
from .raster import Mesh, Texture
from .surface import visible_points


def test_landmarks_lie_on_the_skin_and_left_is_left(model: HeadModel) -> None:
    landmarks = stable_landmarks()
    right_eye, left_eye = (int(np.flatnonzero(landmarks.indices == i)[0]) for i in (33, 263))
    assert landmarks.mirror[right_eye] == left_eye
    heads = [model.head(seed) for seed in (910_003, 910_021)]
    # One of each, or mirroring is not tested.
    assert {head.mirrored for head in heads} == {False, True}
    for head in heads:
        skin = head.vertices[head.kind == Kind.SKIN]
        distance, _ = cKDTree(skin).query(head.landmarks)
        assert distance.max() < 0.015
        assert head.landmarks[right_eye, 0] < 0 < head.landmarks[left_eye, 0]


def test_depth_mask_and_normals_agree(model: HeadModel) -> None:
    camera = look_at(0.5, 0.1)
    head = model.head(910_021)
    view = head.render(camera, 96)
    assert ((view.depth > 0) == (view.mask > 0.5)).all()
    # What depth says of the slope is what the normals say, where the surface is smooth.
    at = ((np.arange(96) + 0.5) / 96 - 0.5) / FOCAL
    x, y = np.meshgrid(at, at)
    points = np.stack([x, y, np.ones_like(x)], -1) * view.depth[..., None]
    across, down = points[1:-1, 2:] - points[1:-1, :-2], points[2:, 1:-1] - points[:-2, 1:-1]
    slope = -np.cross(across, down)
    slope = slope / (np.linalg.norm(slope, axis=2, keepdims=True) + 1e-12) @ camera[:3, :3].T
    whole = cheeks(view.mask)
    angle = np.degrees(np.arccos(np.clip((slope * view.normal[1:-1, 1:-1]).sum(2), -1, 1)))[whole]
    assert len(angle) > 1000 and np.median(angle) < 8


def cheeks(mask: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Pixels of the middle third that the head covers with all their neighbours."""
    whole = mask[1:-1, 1:-1] > 0.99
    for row, column in ((0, 1), (2, 1), (1, 0), (1, 2)):
        whole &= mask[row : row + 94, column : column + 94] > 0.99
    third = np.zeros_like(whole)
    third[30:70, 25:70] = True
    return np.asarray(whole & third)


def test_a_blink_closes_the_eyes_of_anyone(model: HeadModel) -> None:
    shapes = model.blendshapes
    for seed in (1, 2, 3):
        rng = np.random.default_rng(seed)
        person = draw_person(rng)
        neutral = model.shapes.draw(rng, person.male, person.age, person.ancestry).vertices
        shut = shapes.apply(neutral, {'eyeBlink_L': 1, 'eyeBlink_R': 1})
        for side in 'LR':
            assert gap(shapes, neutral, side) > 0.05
            assert gap(shapes, shut, side) < 0.012


def gap(shapes: Blendshapes, vertices: np.ndarray, side: str) -> float:  # type: ignore[type-arg]
    """Greatest distance between the lids' edges, decimetres."""
    upper, lower = (vertices[shapes.lids[side][edge]] for edge in ('up', 'low'))
    return float((upper[:, 1] - np.interp(upper[:, 0], lower[:, 0], lower[:, 1])).max())


def test_expressions_are_plausible_and_have_a_mirror_image() -> None:
    shapes = Blendshapes(DATA)
    drawn = [draw_expression(np.random.default_rng(seed)) for seed in range(400)]
    neutral = sum(not expression for expression in drawn) / len(drawn)
    assert 0.3 < neutral < 0.5
    for expression in drawn:
        assert all(0 < strength <= 1 for strength in expression.values())
        shapes.vector(expression)
        assert mirrored(mirrored(expression)) == expression
    assert mirrored({'jawLeft': 0.5, 'mouthSmile_L': 1}) == {'jawRight': 0.5, 'mouthSmile_R': 1}
    assert not shapes.vector({}).any()
    with pytest.raises(KeyError):
        shapes.vector({'frown': 1})


def test_outfits_go_together() -> None:
    pack = Pack()
    worn = {'glasses': 0, 'beard': 0, 'hat': 0}
    for seed in range(1500):
        rng = np.random.default_rng(seed)
        person = draw_person(rng)
        outfit = draw_outfit(np.random.default_rng([seed, 71]), person, draw_hair(rng, person))
        assert outfit.style in (None, CROPPED) or f'hair_{outfit.style}' in pack.proxies
        for kind in ('glasses', 'beard', 'hat'):
            name = getattr(outfit, kind)
            worn[kind] += name is not None
            assert name is None or name in pack.extras[kind]
        if outfit.glasses:
            assert outfit.style is None or outfit.style in FREE_TEMPLES
        if outfit.beard:
            assert person.sex > 0.5 and person.age >= 25
        if outfit.hat:
            assert outfit.style == CROPPED
    assert 120 < worn['glasses'] < 450 and 20 < worn['beard'] < 120 and 60 < worn['hat'] < 160


def test_only_the_first_evaluation_set_wears_nothing() -> None:
    assert [wears_nothing(seed) for seed in (0, 899_999, 900_000, 909_999, 910_000)] == [False, False, True, True, False]


def test_visible_points_are_what_pictures_show(model: HeadModel) -> None:
    head, camera = model.head(19), look_at(0, 0)
    points, normals = visible_points(head, 2000, np.random.default_rng(0))
    assert points.shape == normals.shape == (2000, 3)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-3) and np.abs(points).max() <= 0.75
    view = head.render(camera, 128)
    x, y, z = ((points - camera[:3, 3]) @ camera[:3, :3]).T
    column, row = (np.floor((c / z * FOCAL + 0.5) * 128).astype(int) for c in (x, y))
    shown = (np.minimum(column, row) >= 0) & (np.maximum(column, row) < 128)
    column, row, z = column[shown], row[shown], z[shown]
    behind = (z - view.depth[row, column])[view.mask[row, column] > 0.99]
    # Depth is a pixel's mean: a few points at edges lie before it.
    assert np.quantile(behind, 0.02) > -0.03
    assert (np.abs(behind) < 0.02).mean() > 0.3


def test_the_nearest_opaque_triangle_is_seen() -> None:
    corners = np.array([[0, 0], [8, 0], [0, 8]])
    screen = np.array([[x, y, depth, 1 / depth] for depth in (2, 1) for x, y in corners], np.float32)
    clear = np.zeros((2, 2, 4), np.uint8)
    for tested, nearest in ((False, 1), (True, 0)):
        textures = [Texture(np.full_like(clear, 255), False), Texture(clear, tested)]
        mesh = Mesh(np.arange(6).reshape(2, 3), np.zeros((2, 6)), np.array([0, 1]), np.zeros(2), textures)
        seen = mesh.rasterise(screen, 8, 8, True, False)
        assert seen.triangle[1, 1] == nearest and seen.triangle[7, 7] == -1
        assert seen.depth[1, 1] == pytest.approx(2 - nearest)
