"""The files: what is in them, and that they are whole."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from .landmarks import stable_landmarks
from .records import check_seeds, take_records


def test_records_hold_what_the_readme_says(tmp_path: Path) -> None:
    (tmp_path / '000003.npz').write_bytes(b'there already')
    assert sorted(take_records(tmp_path, range(2, 5), 16, processes=2)) == [2, 4]
    assert sorted(path.name for path in tmp_path.iterdir()) == ['000002.npz', '000003.npz', '000004.npz']
    assert (tmp_path / '000003.npz').read_bytes() == b'there already'
    with np.load(tmp_path / '000002.npz') as record:
        kinds = {name: (record[name].dtype.str, record[name].shape) for name in record.files if name != 'meta'}
        meta = json.loads(str(record['meta']))
        depth, normal = record['depth'], record['normal']
    assert kinds == {
        'rgb': ('|u1', (6, 16, 16, 3)),
        'depth': ('<f2', (6, 16, 16)),
        'mask': ('|u1', (6, 16, 16)),
        'normal': ('|i1', (6, 16, 16, 3)),
        'cam': ('<f4', (6, 25)),
        'ident': ('<f2', (617,)),
        'expression': ('<f2', (55,)),
        'landmarks': ('<f4', (len(stable_landmarks().indices), 3)),
    }
    assert meta['seed'] == 2 and {'glasses', 'beard', 'hat', 'expression', 'style'} <= meta.keys()
    # The middle of the first picture is the face.
    assert 2 < depth[0, 8, 8] < 3 and np.linalg.norm(normal[0, 8, 8].astype(float)) == pytest.approx(127, abs=2)


def test_nothing_is_taken_twice(tmp_path: Path) -> None:
    (tmp_path / '000001.npz').touch()
    assert list(take_records(tmp_path, range(1, 2), 16, processes=1)) == []


@pytest.mark.parametrize('seeds', (range(5, 5), range(-1, 3), range(899_999, 900_001)))
def test_seeds_that_make_no_set_are_refused(seeds: range) -> None:
    with pytest.raises(ValueError, match='seed|Seeds'):
        check_seeds(seeds)
