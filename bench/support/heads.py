"""Heads of the procedural head model, for benchmarks that need the truth.

render CACHE PHOTOS SEED ...  takes PHOTOS photos of each head and writes what is true about it to CACHE/SEED
align TRUTH SURFACE PAIRS    lays a reconstruction's surface onto the true one by pairs of points, prints JSON

Needs numpy, scipy, PIL and gcc (Debian's python3).
"""
import json
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / 'models' / 'training'))

from heads.camera import FOCAL, PIVOT, RADIUS, label, look_at  # noqa: E402

ANGLES = (-90, -60, -30, 0, 30, 60, 90)
VIEW_SIDE = 256
# A photo is taken from closer than the portrait camera stands: its focal length in window sides.
PHOTO_SIDE, WINDOW_SIDE, PHOTO_FOCAL = 760, 340, (2.2, 3.4)
# Below this the head model ends; photos end a little above it.
PHOTO_BOTTOM = -0.38
# Shoulders are no part of a head.
NECK = -0.25
SURFACE_POINTS = 20000
# In world units of 0.4 m: the face is 95 mm around the tip of the nose; normals within 8 mm of each other are averaged
# to tell roughness from form.
FACE_RADIUS, ROUGH_RADIUS = 0.2375, 0.02


def render(cache, photos, seeds):
    from heads.head import HeadModel

    model = None
    for seed in seeds:
        folder = os.path.join(cache, str(seed))
        taken = lambda n: os.path.exists(os.path.join(folder, photo_name(n)))
        # The points came later than the rest: a folder from before lacks them.
        exists = lambda *names: all(os.path.exists(os.path.join(folder, name)) for name in names)
        if exists('truth.json', 'photo.points', 'normals.f32') and all(taken(n) for n in range(photos)):
            continue
        os.makedirs(folder, exist_ok=True)
        model = model or HeadModel()
        head = model.head(seed)
        surface(head, folder)
        if exists('truth.json', 'photo.points') and all(taken(n) for n in range(photos)):
            continue
        for n in range(1, photos):
            photograph(head, np.random.default_rng(7_000_000 + 1_000_000 * n + seed), seed + n, folder, n)
        truth = {'views': [view(head, degrees, folder) for degrees in ANGLES]}
        truth['photo'] = photograph(head, np.random.default_rng(7_000_000 + seed), seed, folder)
        # Last, because it says that the rest is there.
        with open(os.path.join(folder, 'truth.json'), 'w') as file:
            json.dump(truth, file)
        print(f'head {seed}', file=sys.stderr)


def surface(head, folder):
    """Points of the head without its shoulders, and their normals."""
    from heads.surface import visible_points

    points, normals = visible_points(head, SURFACE_POINTS, np.random.default_rng(0))
    kept = points[:, 1] > NECK
    for name, values in ('surface.f32', points), ('normals.f32', normals):
        values[kept].astype('<f4').tofile(os.path.join(folder, name))


def view(head, degrees, folder):
    """The head from a portrait camera: colours on white, and depth along the camera's axis (0: nothing there)."""
    from PIL import Image

    camera = look_at(np.radians(degrees), 0)
    rgb, depth, mask = head_picture(head, camera, VIEW_SIDE, FOCAL, np.ones((VIEW_SIDE, VIEW_SIDE, 3)))
    Image.fromarray(rgb).save(os.path.join(folder, f'view{degrees:+d}.png'))
    np.where(mask > 0.5, depth, 0).astype('<f4').tofile(os.path.join(folder, f'view{degrees:+d}.depth'))
    return {'degrees': degrees, 'label': numbers(label(camera, FOCAL))}


def photo_name(n):
    return 'photo.jpg' if n == 0 else f'photo-{n + 1}.jpg'


def photograph(head, rng, seed, folder, n=0):
    """
    A photo as people take them: somewhat turned and tilted, off the middle, from close by, with a background. Further
    photos are taken from one side and the other, in other light.
    """
    from PIL import Image

    yaw, pitch, roll = np.radians(np.clip(rng.normal(0, (13, 5, 5)), (-30, -12, -10), (30, 12, 10)))
    if n > 0:
        yaw = np.radians(rng.uniform(25, 42) * (1 if n % 2 else -1))
    focal = rng.uniform(*PHOTO_FOCAL)
    camera = look_at(yaw, pitch, radius=RADIUS * focal / FOCAL)
    turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    camera[:3, :3] = camera[:3, :3] @ turn
    in_photo = focal * WINDOW_SIDE / PHOTO_SIDE
    rgb, depth, mask = head_picture(head, camera, PHOTO_SIDE, in_photo, background(rng, seed % 3))
    distance = np.linalg.norm(camera[:3, 3] - PIVOT)
    bottom = int(PHOTO_SIDE * (0.5 - PHOTO_BOTTOM * in_photo / distance))
    top, left, right = (int(rng.uniform(0, 0.2) * PHOTO_SIDE) for _ in range(3))
    cut = slice(top, bottom), slice(left, PHOTO_SIDE - right)
    if n == 0:
        points = face_points(camera, in_photo, depth, mask)[cut]
        points.astype('<f4').tofile(os.path.join(folder, 'photo.points'))
    rgb = rgb[cut]
    light = rng.uniform(0.75, 1.15) * rng.uniform(0.94, 1.06, 3) if n > 0 else 1
    rgb = np.clip(rgb * light + rng.normal(0, 2, rgb.shape), 0, 255).astype(np.uint8)
    Image.fromarray(rgb).save(os.path.join(folder, photo_name(n)), quality=92, subsampling=0)
    # The camera as it stood; the photo is a part of its picture, so only its pose is of use.
    pose = {'yaw': float(np.degrees(yaw)), 'pitch': float(np.degrees(pitch)), 'roll': float(np.degrees(roll))}
    return {**pose, 'label': numbers(label(camera, in_photo))}


def face_points(camera, focal, depth, mask):
    """What each pixel of a picture shows of the face, in the head's frame: [side, side, 3], NaN where it is no face."""
    side = len(depth)
    at = (np.arange(side) + 0.5) / side - 0.5
    x, y = np.meshgrid(at, at)
    points = np.stack([x, y, np.full_like(x, focal)], -1) / focal * depth[..., None] @ camera[:3, :3].T + camera[:3, 3]
    return np.where(((mask > 0.99) & is_face(points))[..., None], points, np.nan)


def is_face(points):
    return (points[..., 2] > 0.05) & (points[..., 1] > NECK) & (points[..., 1] < 0.17)


def background(rng, kind):
    """Linear light: plain, a gradient, or blurred noise."""
    from PIL import Image

    plain = np.ones((PHOTO_SIDE, PHOTO_SIDE, 3)) * rng.uniform(0.05, 0.6, 3)
    if kind == 0:
        return plain
    if kind == 1:
        ramp = np.linspace(0, 1, PHOTO_SIDE)[:, None, None]
        return plain * (1 - ramp) + ramp * rng.uniform(0.05, 0.6, 3)
    blobs = (rng.uniform(0.02, 0.6, (12, 12, 3)) * 255).astype(np.uint8)
    return np.asarray(Image.fromarray(blobs).resize((PHOTO_SIDE, PHOTO_SIDE), Image.BICUBIC)) / 255


def head_picture(head, camera, side, focal, behind):
    """The head over `behind` (linear light), 8 bits sRGB; depth; mask."""
    view = head.render(camera, side, focal=focal, background=(0, 0, 0))
    # Photos are of 8 bits before the background comes in: over black a picture is the head times its mask, in sRGB.
    to_linear = lambda c: np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    to_srgb = lambda c: np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)
    linear = to_linear(view.rgb / 255) + (1 - view.mask)[..., None] * behind
    return (np.clip(to_srgb(np.clip(linear, 0, 1)), 0, 1) * 255 + 0.5).astype(np.uint8), view.depth, view.mask


def numbers(array):
    return [float(value) for value in array]


def align(truth, surface, pairs):
    """
    The similarity that lays the reconstruction's face on the true one, and how far the true surface is from the
    reconstruction then. Pairs are points of both faces that the photo shows in the same place, so that neither what is
    wrong elsewhere nor a smooth cheek that fits anywhere moves the one against the other; the worst fifth is left out.
    """
    from scipy.spatial import cKDTree

    load = lambda name, width: np.fromfile(name, '<f4').reshape(-1, width).astype(np.float64)
    target = load(os.path.join(truth, 'surface.f32'), 3)
    source, aim = np.split(load(pairs, 6), 2, axis=1)
    kept = np.ones(len(aim), bool)
    for _ in range(10):
        scale, rotation, offset = similarity(source[kept], aim[kept])
        distance = np.linalg.norm(scale * source @ rotation.T + offset - aim, axis=1)
        kept = distance <= np.quantile(distance, 0.8)
    points, normals = np.split(load(surface, 6), 2, axis=1)
    points, normals = scale * points @ rotation.T + offset, normals @ rotation.T
    distance, _ = cKDTree(points).query(target)
    matrix = np.eye(4)
    matrix[:3] = np.column_stack([scale * rotation, offset])
    print(json.dumps({
        'matrix': matrix.reshape(-1).tolist(),
        'mean': distance.mean(), 'p90': np.quantile(distance, 0.9), 'face': distance[target[:, 2] > 0.05].mean(),
        **face_figures(target, load(os.path.join(truth, 'normals.f32'), 3), points, normals),
    }))


def face_figures(target, target_normals, points, normals):
    """
    How near the face comes when it alone is laid on the true one, by similarity ICP: median distance, median degrees
    between normals, and how much rougher it is: high-passed normals against the true ones, 1 where they are as rough.
    """
    from scipy.spatial import cKDTree

    middle = np.flatnonzero((abs(target[:, 0]) < 0.05) & (target[:, 1] > NECK) & (target[:, 1] < 0.17))
    tip = target[middle[target[middle, 2].argmax()]]
    kept = np.linalg.norm(target - tip, axis=1) < FACE_RADIUS
    target, target_normals = target[kept], target_normals[kept]
    for _ in range(30):
        distance, nearest = cKDTree(points).query(target)
        near = distance <= np.quantile(distance, 0.9)
        scale, rotation, offset = similarity(points[nearest[near]], target[near])
        points, normals = scale * points @ rotation.T + offset, normals @ rotation.T
    distance, nearest = cKDTree(points).query(target)
    found = normals[nearest]
    degrees = lambda a, b: np.degrees(np.arccos(np.clip((a * b).sum(1), -1, 1)))
    around = cKDTree(target).query_ball_point(target, ROUGH_RADIUS)

    def roughness(values):
        smooth = np.array([values[neighbours].mean(0) for neighbours in around])
        return np.median(degrees(values, smooth / np.maximum(np.linalg.norm(smooth, axis=1), 1e-9)[:, None]))

    return {
        'face_median': np.median(distance),
        'face_degrees': np.median(degrees(target_normals, found)),
        'face_roughness': roughness(found) / roughness(target_normals),
    }


def similarity(source, target):
    """Umeyama 1991: scale, rotation and offset of the least-squares similarity."""
    ms, mt = source.mean(0), target.mean(0)
    u, d, vt = np.linalg.svd((target - mt).T @ (source - ms))
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = u * sign @ vt
    scale = (d * sign).sum() / ((source - ms) ** 2).sum()
    return scale, rotation, mt - scale * rotation @ ms


if __name__ == '__main__':
    if sys.argv[1] == 'render':
        render(sys.argv[2], int(sys.argv[3]), [int(seed) for seed in sys.argv[4:]])
    else:
        align(sys.argv[2], sys.argv[3], sys.argv[4])
