from __future__ import annotations

import numpy as np
import pytest

from lrdoctor.trials.schedules import SCHEDULES, multipliers


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("steps", [10, 1000])
def test_fraction_of_the_peak(schedule, steps):
    factor = multipliers(schedule, steps)
    assert factor.shape == (steps,)
    assert (factor > 0).all() or schedule == "one_cycle"
    assert 0.85 < factor.max() <= 1.0


def test_unknown_schedule_names_the_known_ones():
    with pytest.raises(ValueError, match="warmup_cosine"):
        multipliers("sawtooth", 10)


def test_cosine_is_that_of_torch():
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    for factor in multipliers("cosine", 50):
        assert factor == pytest.approx(reference.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        reference.step()


def test_one_cycle_is_close_to_that_of_torch():
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=1000)
    theirs = []
    for _ in range(1000):
        theirs.append(reference.get_last_lr()[0])
        optimizer.step()
        reference.step()
    np.testing.assert_allclose(multipliers("one_cycle", 1000), theirs, atol=0.005)


def test_step_schedule_divides_by_ten_twice():
    assert set(multipliers("step", 100).tolist()) == {1.0, 0.1, 0.01}


def test_warmup_rises_and_stays():
    factor = multipliers("warmup", 100)
    assert factor[0] == pytest.approx(0.1)
    assert (np.diff(factor[:10]) > 0).all()
    assert (factor[10:] == 1).all()
