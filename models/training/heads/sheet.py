"""A sheet of heads to look at: `/usr/bin/python3 -m heads.sheet FILE.png FIRST COUNT [SIZE]`, run in models/training.

Every head from the front, at 60 degrees, in profile and from behind, two heads a row, with what they wear written on them.
"""
from __future__ import annotations

import sys

import numpy as np
from PIL import Image, ImageDraw

from .arrays import Bytes
from .camera import look_at
from .head import Head, HeadModel

YAWS = np.radians((0, 60, -90, 180))
BACKGROUND = (0.55, 0.58, 0.62)


def row(head: Head, size: int) -> Bytes:
    views = [head.render(look_at(yaw, 0), size, background=BACKGROUND).rgb for yaw in YAWS]
    picture = Image.fromarray(np.concatenate(views, 1))
    notes = head.notes
    worn = [str(notes[thing]) for thing in ('glasses', 'beard', 'hat') if notes.get(thing)]
    face = ' '.join(f'{name} {strength:.1f}' for name, strength in notes.get('expression', {}).items())
    words = f'{notes["seed"]} {notes["age"]:.0f} y {notes["style"]} {" ".join(worn)}\n{face}'
    ImageDraw.Draw(picture).text((4, 2), words, fill=(40, 20, 90))
    return np.asarray(picture)


def main(file: str, first: int, count: int, size: int = 160) -> None:
    model = HeadModel()
    rows = [row(model.head(seed), size) for seed in range(first, first + count)]
    columns = 2 if count % 2 == 0 else 1
    Image.fromarray(np.concatenate([np.concatenate(rows[i::columns]) for i in range(columns)], 1)).save(file)


if __name__ == '__main__':
    main(sys.argv[1], *(int(number) for number in sys.argv[2:]))
