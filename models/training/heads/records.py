"""Records of heads, as the trainer reads them (README.md, "Records"): one .npz a head, several processes side by side.

Records of changes show each head many times: as it is at rest, and with every change that can be made to it.
"""
from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any, Iterator

import numpy as np
from numpy.typing import NDArray

from .camera import FIRST_HELD_OUT_SEED, FOCAL, label, look_at, recorded_cameras
from .change import Change, changes
from .head import Head, HeadModel, View

_model: list[HeadModel] = []


def take_records(folder: Path, seeds: range, size: int, processes: int, changed: bool = False) -> Iterator[int]:
    """Writes FOLDER/SEED.npz for every seed that has none yet; yields each that is done, in any order.

    size: side of the pictures in pixels; changed: whether the records are of changes. One is there as a whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [(folder, seed, size, changed) for seed in seeds if not _path(folder, seed).exists()]
    if not wanted:
        return
    # Read once: the processes share it from the moment they fork.
    _model[:] = [HeadModel()]
    if processes == 1:
        yield from map(_take, wanted)
        return
    with multiprocessing.get_context('fork').Pool(processes) as pool:
        yield from pool.imap_unordered(_take, wanted)


def record(head: Head, size: int) -> dict[str, NDArray[Any]]:
    """The arrays of one record; `head` is photographed from recorded_cameras of its seed."""
    seed = head.notes['seed']
    views: list[View] = []
    labels = []
    for yaw, pitch, focal in recorded_cameras(seed):
        camera = look_at(yaw, pitch)
        views.append(head.render(camera, size, focal=focal))
        labels.append(label(camera, focal))
    return {
        'rgb': np.array([view.rgb for view in views]),
        'depth': np.array([view.depth for view in views]).astype(np.float16),
        'mask': (np.array([view.mask for view in views]) * 255).astype(np.uint8),
        'normal': np.rint(np.array([view.normal for view in views]) * 127).astype(np.int8),
        'cam': np.array(labels),
        'ident': head.parameters.astype(np.float16),
        'expression': head.expression.astype(np.float16),
        'landmarks': head.landmarks.astype(np.float32),
        'meta': np.array(json.dumps(head.notes)),
    }


def change_record(model: HeadModel, seed: int, size: int) -> dict[str, NDArray[Any]]:
    """The arrays of one record of changes: a head at rest, then with each change, from the front and from both sides."""
    rng = np.random.default_rng(20_000_000 + seed)
    directions = [(0.0, 0.0), *((side * rng.uniform(0.3, 0.9), rng.uniform(-0.2, 0.2)) for side in (-1, 1))]
    cameras = [look_at(yaw, pitch) for yaw, pitch in directions]
    rested = model.head(seed, Change())
    made = list(changes(*model.at_rest(seed)))
    heads = [rested, *(model.head(seed, change, rested.exposure) for _, _, change in made)]
    views = [[head.render(camera, size) for camera in cameras] for head in heads]
    named = [{'trait': '', 'strength': 0}, *({'trait': name, 'strength': round(x, 4)} for name, x, _ in made)]
    return {
        'rgb': np.array([[view.rgb for view in seen] for seen in views]),
        'mask': (np.array([[view.mask for view in seen] for seen in views]) * 255).astype(np.uint8),
        'cam': np.array([label(camera, FOCAL) for camera in cameras]),
        'meta': np.array(json.dumps({'seed': seed, 'changes': named})),
    }


def check_seeds(seeds: range) -> None:
    """Raises ValueError where there are no seeds, or some are held out for evaluation and others are not."""
    if len(seeds) == 0 or seeds.start < 0:
        raise ValueError(f'There is no head to take from seed {seeds.start} on: COUNT must be 1 or more, the seed 0 or more.')
    if seeds.start < FIRST_HELD_OUT_SEED < seeds.stop:
        raise ValueError(
            f'Seeds from {FIRST_HELD_OUT_SEED} on are for evaluation: take {seeds.start} to {seeds.stop - 1} in two folders.'
        )


def _take(task: tuple[Path, int, int, bool]) -> int:
    folder, seed, size, changed = task
    path = _path(folder, seed)
    partial = path.with_suffix(f'.{os.getpid()}.partial')
    with open(partial, 'wb') as file:
        model = _model[0]
        np.savez_compressed(file, **(change_record(model, seed, size) if changed else record(model.head(seed), size)))
    partial.rename(path)
    return seed


def _path(folder: Path, seed: int) -> Path:
    return folder / f'{seed:06d}.npz'
