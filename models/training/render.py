#!/usr/bin/python3
"""Takes the records that a generator is trained and judged on (README.md, "Records").

npm run records -- OUT COUNT [--first SEED] [--size PIXELS] [--processes N] [--changes]
"""
from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

try:
    from heads.records import check_seeds, take_records
except ModuleNotFoundError as error:
    sys.exit(f'Heads need {error.name}. On Debian: apt install python3-numpy python3-scipy python3-pil gcc')


def main() -> None:
    parser = argparse.ArgumentParser(description='Takes records of synthetic heads, one .npz each.')
    parser.add_argument('out', type=Path, help='folder; records that are there already stay as they are')
    parser.add_argument('count', type=int, help='how many heads')
    parser.add_argument('--first', type=int, default=0, metavar='SEED', help='of the first head (0); from 900000 on: evaluation')
    parser.add_argument('--size', type=int, default=256, metavar='PIXELS', help="the pictures' side (256)")
    parser.add_argument('--processes', type=int, default=os.cpu_count() or 1, metavar='N', help='side by side (one a core)')
    parser.add_argument('--changes', action='store_true', help='each head at rest and with one trait changed at a time')
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.count)
    try:
        check_seeds(seeds)
        if not 16 <= given.size <= 2048 or given.processes < 1:
            raise ValueError('Pictures are 16 to 2048 pixels wide, and at least one process takes them.')
        for done, seed in enumerate(take_records(given.out, seeds, given.size, given.processes, given.changes), 1):
            print(f'head {seed} ({done})', file=sys.stderr)
    except (ValueError, OSError) as error:
        sys.exit(f'{error}')


if __name__ == '__main__':
    main()
