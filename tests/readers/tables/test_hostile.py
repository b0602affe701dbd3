"""Every fixture, damaged, through whatever reader takes it: a reason in words, never a traceback."""

from __future__ import annotations

import random
import shutil

import numpy as np
import pytest

from lrdoctor.errors import ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.registry import discover

FIXTURES = [
    "boosting/lightgbm_evals_result.json",
    "boosting/xgboost_evals_result.json",
    "catboost_info/learn_error.tsv",
    "chainer/log",
    "keras/history.json",
    "keras/nan.csv",
    "keras/training.log",
    "lightning/metrics.csv",
    "mmengine/vis_data/scalars.json",
    "sb3/0.monitor.csv",
    "sb3/progress.csv",
    "sb3/progress.json",
    "tensorboardx/all_scalars.json",
    "transformers/trainer_state.json",
]


def damaged(raw, rng):
    raw = bytearray(raw)
    kind = rng.randrange(5)
    at = rng.randrange(len(raw))
    if kind == 0:
        del raw[at:]
    elif kind == 1:
        for _ in range(rng.choice([1, 3, 20])):
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    elif kind == 2:
        del raw[at : at + rng.randrange(200)]
    elif kind == 3:
        raw[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(30)))
    else:
        raw[at:at] = raw[at : at + rng.randrange(500)]
    return bytes(raw)


@pytest.mark.parametrize("name", FIXTURES)
def test_damage(name, fixtures, tmp_path):
    rng = random.Random(name)
    raw = (fixtures / name).read_bytes()
    for companion in (fixtures / name).parent.glob("*.yaml"):
        shutil.copy(companion, tmp_path)
    path = tmp_path / name.rpartition("/")[2]
    readers = discover("lrdoctor.readers", "READER").values()
    for _ in range(60):
        path.write_bytes(damaged(raw, rng))
        for reader in readers:
            file = LogFile(path)
            claim = reader.claim(file)
            if claim is None:
                continue
            try:
                runs = list(reader.read(Source(path=claim.group or path, files=(file,))))
            except ReadError:
                continue
            for series in (one for run in runs for one in run.series.values()):
                assert len(series)
                assert np.all(np.diff(series.step) > 0)
