"""A member of a grid trains as it would alone, with torch's own modules and optimizers."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lrdoctor.trials import networks  # noqa: E402
from lrdoctor.trials.problem import Problem, epochs  # noqa: E402
from lrdoctor.trials.training import evaluated_steps, logged_steps, train_grid, window_ends  # noqa: E402

RATES = np.array([1e-3, 0.1, 1e30])


def small_problem(batch=8):
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(40, 3, generator=generator)
    y = x.sum(1, keepdim=True) + x[:, :1] ** 2
    net = networks.mlp([3, 6, 1], torch.tanh)
    return Problem(
        initial=net.initial(0),
        loss=lambda p, part: networks.mean_square(net.forward(p, part[0]), part[1]),
        batches=epochs((x, y), batch),
        train_set=(x, y),
        val_set=(x[:10], y[:10]),
        batch_size=batch,
        steps_per_epoch=5,
    )


def alone(problem, lr, steps, seed, clip=None):
    """The same training by torch's modules."""
    w1, b1, w2, b2 = problem.initial
    model = torch.nn.Sequential(torch.nn.Linear(3, 6), torch.nn.Tanh(), torch.nn.Linear(6, 1))
    with torch.no_grad():
        for layer, w, b in ((model[0], w1, b1), (model[2], w2, b2)):
            layer.weight.copy_(w.T)
            layer.bias.copy_(b[0])
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    draws, losses, norms = problem.batches(torch.Generator().manual_seed(seed)), [], []
    for _ in range(steps):
        x, y = next(draws)
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), clip or torch.inf)))
        optimizer.step()
        losses.append(float(loss))
    x, y = problem.train_set
    return losses, norms, float(torch.nn.functional.mse_loss(model(x), y))


@pytest.mark.parametrize("clip", [None, 0.1])
def test_member_trains_as_alone(clip):
    problem = small_problem()
    grid = train_grid(problem, optimizer="adam", lr=RATES[:2], steps=40, seed=3, clip_norm=clip)
    for member, lr in enumerate(RATES[:2]):
        losses, norms, final = alone(problem, lr, 40, 3, clip)
        np.testing.assert_allclose(grid["train_loss"][member], losses, rtol=2e-3)
        np.testing.assert_allclose(grid["grad_norm"][member], norms, rtol=5e-3)
        assert grid["full_train_loss"][member, -1] == pytest.approx(final, rel=5e-3)


def test_blown_up_member_is_not_a_number_and_harms_no_other():
    problem = small_problem()
    grid = train_grid(problem, optimizer="sgd", lr=RATES, steps=60, seed=3)
    without = train_grid(problem, optimizer="sgd", lr=RATES[:2], steps=60, seed=3)
    assert np.isnan(grid["train_loss"][2, -1])
    assert np.isnan(grid["full_train_loss"][2, -1])
    assert np.isfinite(grid["train_loss"][2, 0])
    np.testing.assert_allclose(grid["train_loss"][:2], without["train_loss"], rtol=1e-5)


def test_grid_ends_early_when_all_members_have_blown_up():
    grid = train_grid(small_problem(), optimizer="sgd", lr=np.array([1e30, 1e33]), steps=500, seed=0)
    assert np.isnan(grid["full_train_loss"][:, -1]).all()


def test_windows_are_means_of_all_losses_between():
    grid = train_grid(small_problem(), optimizer="sgd", lr=RATES[:2], steps=50, seed=1)
    ends = grid["window_step"]
    assert (np.diff(ends) == 5).all()
    expected = grid["train_loss"].reshape(2, -1, 5).mean(2)
    np.testing.assert_allclose(grid["window_loss"], expected, rtol=1e-5)


def test_same_seed_same_grid():
    one, two = (
        train_grid(small_problem(), optimizer="momentum", lr=RATES[:2], steps=30, seed=1) for _ in range(2)
    )
    np.testing.assert_array_equal(one["train_loss"], two["train_loss"])


@pytest.mark.parametrize("steps", [100, 1778, 10_000, 40_000])
@pytest.mark.parametrize("dense", [150, 300])
def test_logged_steps_nest(steps, dense):
    at = logged_steps(steps, dense)
    assert (np.diff(at) > 0).all()
    assert at[0] == 0
    assert at[-1] < steps
    assert (at[: min(dense, steps)] == np.arange(min(dense, steps))).all()
    widest = int(np.diff(at).max())
    assert set(np.arange(0, at[-1] + 1, widest)) <= set(at.tolist())


def test_evaluations_cluster_at_the_end_of_each_budget():
    at = evaluated_steps(10_000).tolist()
    for budget in (100, 316, 1_000, 3_162, 10_000):
        assert {round(budget * 0.92), round(budget * 0.96), budget} <= set(at)
    assert at[0] == 0
    assert len(at) < 60


def test_windows_hold_whole_epochs():
    assert (window_ends(1000, 7) % 7 == 0).all()
    assert window_ends(1000, 700)[0] == 10
