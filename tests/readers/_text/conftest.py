"""A printed log from text to runs, and points compared."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.text_generic import READER


@pytest.fixture
def read_printed(tmp_path):
    """Write a text to a file that is named like a log, have it claimed, and read it."""

    def read(text, *, name="train.log", reader=READER):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        file = LogFile(path)
        claim = reader.claim(file)
        assert claim is not None, "not claimed"
        return list(reader.read(Source(path=path, files=(file,))))

    return read


@pytest.fixture
def assert_points():
    """Compare a series with (step, value) pairs, or with values where the log prints no step."""

    def check(series, points):
        if isinstance(points[0], tuple):
            steps, values = zip(*points, strict=True)
            np.testing.assert_array_equal(series.step, steps)
        else:
            values = points
        np.testing.assert_allclose(series.value, values, rtol=1e-6, atol=1e-9)

    return check


class _Course:
    """A training of its own, point by point."""

    @staticmethod
    def train(i):
        return round(0.4 + 1.9 * math.exp(-i / 15) + 0.02 * math.sin(7.1 * i), 4)

    @staticmethod
    def valid(i):
        return round(0.6 + 1.8 * math.exp(-i / 15) + 0.02 * math.sin(7.1 * i) + 0.01 * math.cos(3 * i), 4)

    @staticmethod
    def accuracy(i):
        return round(1 - 0.9 * math.exp(-i / 12), 4)

    @staticmethod
    def rate(i):
        return round(1e-3 * (1 - i / 200), 6)


@pytest.fixture
def course():
    """What the logs are written from."""
    return _Course
