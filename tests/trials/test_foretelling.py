"""How often early verdicts stand: counting, and the table that comes of it."""

import tomllib
from collections import Counter

import pytest

from lrdoctor.records import Verdict
from lrdoctor.trials.foretelling import PARTS, count, to_toml
from lrdoctor.trials.grid import TABLE, load_grid


@pytest.mark.slow
def test_every_run_is_counted_once_at_each_part():
    path = min(TABLE.glob("*.npz"))
    counts = count([path])
    members = load_grid(path).members
    for part in PARTS:
        assert sum(number for (at, _, _), number in counts.items() if at == part) == members


def test_the_table_holds_shares_drawn_towards_the_mean():
    counts = Counter({(part, Verdict.DIVERGED, True): 90 for part in PARTS})
    counts |= Counter({(part, Verdict.HEALTHY, False): 10 for part in PARTS})
    table = tomllib.loads(to_toml(counts))
    assert table["part"] == list(PARTS)
    assert table["stays"].keys() == set(Verdict)
    assert table["stays"]["diverged"][0] == pytest.approx((90 + 4 * 0.9) / 94, abs=0.005)
    assert 0.2 < table["stays"]["healthy"][0] < 0.3
    assert table["stays"]["stalled"][0] == 0.9
