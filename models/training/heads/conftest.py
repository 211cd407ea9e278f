from __future__ import annotations

import pytest

from .head import HeadModel


@pytest.fixture(scope='session')
def model() -> HeadModel:
    return HeadModel()
