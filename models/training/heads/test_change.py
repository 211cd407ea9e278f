"""Changes: one thing changes, and nothing else does."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from .arrays import Floats
from .camera import look_at
from .change import Change, both, changes
from .head import Head, HeadModel, Kind
from .records import take_records

SEED = 700_000


@pytest.fixture(scope='module')
def rested(model: HeadModel) -> Head:
    return model.head(SEED, Change())


def skin(head: Head) -> Floats:
    return np.asarray(head.vertices[head.kind == Kind.SKIN])


def test_other_hair_changes_nothing_below(model: HeadModel, rested: Head) -> None:
    camera = look_at(0, 0)
    before = rested.render(camera, 64)
    long = model.head(SEED, Change(style='long01'), rested.exposure)
    assert np.array_equal(skin(long), skin(rested)) and long.mirrored == rested.mirrored
    after = long.render(camera, 64)
    changed = np.abs(after.rgb.astype(int) - before.rgb)
    # Beside the neck; and in the middle of the mouth, where hair throws no shadow.
    assert changed[48:56].max() > 60 and changed[40:46, 29:35].mean() < 4


def test_an_expression_moves_its_part_of_the_face(model: HeadModel, rested: Head) -> None:
    moved = np.linalg.norm(skin(model.head(SEED, Change(expression=both('eyeBlink')))) - skin(rested), axis=1)
    assert moved.max() > 0.01
    # Between the mouth and the shoulders nothing does.
    assert moved[skin(rested)[:, 1] < -0.05].max() < 1e-4


def test_strengths_count_deviations_from_who_it_is(model: HeadModel) -> None:
    person, hair = model.at_rest(SEED)
    made = [(trait, strength, change) for trait, strength, change in changes(person, hair)]
    for trait, strength, change in made:
        assert np.isfinite(strength) and strength != 0, trait
        if change.age is not None:
            assert np.sign(strength) == np.sign(change.age - person.age)
            assert model.head(SEED, change).notes['age'] == change.age
    assert {'age', 'smile', 'hair', 'beard', 'hair-colour'} <= {trait for trait, _, _ in made}


def test_records_of_changes_begin_with_the_head_at_rest(tmp_path: Path) -> None:
    assert list(take_records(tmp_path, range(SEED, SEED + 1), 16, processes=1, changed=True)) == [SEED]
    with np.load(tmp_path / f'{SEED}.npz') as record:
        made = json.loads(str(record['meta']))['changes']
        assert made[0] == {'trait': '', 'strength': 0}
        assert record['rgb'].shape == (len(made), 3, 16, 16, 3) and record['mask'].shape == (len(made), 3, 16, 16)
        assert record['cam'].shape == (3, 25)
