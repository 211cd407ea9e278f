"""Finds where MediaPipe's landmarks lie on the base mesh, and writes data/landmarks.csv. Run once, from models/training:

    /usr/bin/python3 -m heads.choose_landmarks photograph DIR [COUNT]
    npx tsx detect-landmarks.ts DIR
    /usr/bin/python3 -m heads.choose_landmarks choose DIR

Heads are photographed from the front, the product's own landmarker looks at the pictures, and every landmark it finds is
followed to the place on the mesh at rest that is seen there. A landmark's vertex is the one nearest to the median of these
places; their median distance from it is its spread.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

from .arrays import Floats, Ints
from .camera import look_at
from .head import Head, HeadModel, Kind
from .landmarks import FILE
from .pack import Pack

SIDE = 384
# Millimetres in a decimetre.
MM = 100
# Which landmarks to keep: the most stable ones first, none nearer to another than this, so that they cover the face and
# are not all eyes and lips; millimetres.
SPREAD, APART = 7.0, 8.5
# Before all others: nose tip, corners of eye and mouth, chin.
WANTED = (1, 33, 133, 61, 152)


def photograph(folder: Path, count: int) -> None:
    """Pictures of heads that wear nothing on the face, and what of the mesh at rest each pixel shows."""
    folder.mkdir(parents=True, exist_ok=True)
    model = HeadModel()
    for seed in range(count):
        head = model.head(seed)
        if any(head.notes[thing] for thing in ('glasses', 'beard', 'hat')):
            continue
        view = head.render(look_at(0, 0), SIDE, background=(0.6, 0.6, 0.6))
        Image.fromarray(view.rgb).save(folder / f'{seed:06d}.png')
        np.save(folder / f'{seed:06d}.npy', _rest_seen(model, head))


def _rest_seen(model: HeadModel, head: Head) -> Floats:
    """float32 [SIDE, SIDE, 3], decimetres; NaN where it is not skin. Mirrored heads are turned back by the caller's mean."""
    seen = head.rasterise(look_at(0, 0), SIDE)
    rest = np.full((SIDE, SIDE, 3), np.nan, np.float32)
    rows, columns = np.nonzero(seen.triangle >= 0)
    corners = head.mesh.triangles[seen.triangle[rows, columns]]
    skin = head.kind[corners[:, 0]] == Kind.SKIN
    second = seen.weights[rows, columns][skin]
    share = np.column_stack([1 - second.sum(1), second])
    places = (model.pack.rest[corners[skin]] * share[..., None]).sum(1)
    # The person's left is at x > 0 of the head's frame, whether or not the mesh was mirrored.
    if head.mirrored:
        places[:, 0] *= -1
    rest[rows[skin], columns[skin]] = places
    return rest


def choose(folder: Path) -> None:
    found: dict[str, list[list[float]]] = json.loads((folder / 'landmarks.json').read_text())
    places = []
    for name, points in found.items():
        rest = np.load(folder / f'{name}.npy')
        column, row = np.clip(np.array(points).astype(int).T, 0, SIDE - 1)
        places.append(rest[row, column])
    seen: Floats = np.array(places)
    middle = np.nanmedian(seen, 0)
    partner = _partners(middle)
    flip = np.array([-1, 1, 1])
    # Left and right tell the same thing twice.
    both = np.concatenate([seen, seen[:, partner] * flip])
    middle = np.nanmedian(both, 0)
    spread = np.nanmedian(np.linalg.norm(both - middle, axis=2), 0) * MM
    missing = np.isnan(both).any(2).mean(0)
    vertex = _vertices(middle, partner)
    usable = missing < 0.5
    order = [*WANTED, *(i for i in np.argsort(np.where(usable, spread, np.inf)) if usable[i])]
    places_at_rest = Pack().rest[vertex] * MM
    kept: list[int] = []
    for i in order:
        pair = sorted({int(i), int(partner[i])})
        distance = np.linalg.norm(places_at_rest[kept] - places_at_rest[i], axis=1)
        if spread[i] > SPREAD or (distance < APART).any() or len(set(vertex[pair])) < len(pair):
            continue
        kept += pair
    lines = ['landmark,mirror,vertex,spread']
    lines += [f'{i},{partner[i]},{vertex[i]},{spread[i]:.2f}' for i in sorted(kept)]
    FILE.write_text('\n'.join(lines) + '\n')
    print(f'{len(found)} heads; {len(kept)} landmarks, spread {np.median(spread[kept]):.2f} mm, at most {spread[kept].max():.2f}')


def _partners(middle: Floats) -> Ints:
    """Each landmark's mirror image."""
    # Irises are no skin.
    known = np.nan_to_num(middle, nan=99)
    _, partner = cKDTree(known).query(known * [-1, 1, 1])
    one_way = partner[partner] != np.arange(len(partner))
    partner[one_way] = np.flatnonzero(one_way)
    return np.asarray(partner)


def _vertices(middle: Floats, partner: Ints) -> Ints:
    """The nearest drawn vertex of each; of a pair, mirror images, and of those on the middle, one on the middle."""
    rest = Pack().rest
    tree = cKDTree(rest)
    _, mirror = tree.query(rest * [-1, 1, 1])
    central = np.flatnonzero(np.abs(rest[:, 0]) < 1e-3)
    vertex = np.zeros(len(middle), int)
    for i, place in enumerate(np.nan_to_num(middle, nan=99)):
        if partner[i] == i:
            vertex[i] = central[np.argmin(np.linalg.norm(rest[central] - place * [0, 1, 1], axis=1))]
        elif place[0] > 0:
            vertex[i] = tree.query(place)[1]
            vertex[partner[i]] = mirror[vertex[i]]
    return vertex


if __name__ == '__main__':
    if sys.argv[1] == 'photograph':
        photograph(Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 300)
    else:
        choose(Path(sys.argv[2]))
