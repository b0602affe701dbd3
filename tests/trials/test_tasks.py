from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from lrdoctor.trials.__main__ import main  # noqa: E402
from lrdoctor.trials.grid import load_table  # noqa: E402
from lrdoctor.trials.protocol import all_trials  # noqa: E402
from lrdoctor.trials.tasks import all_tasks, task  # noqa: E402


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(all_tasks()))
def test_first_step_goes_down(name):
    """One small step against the gradient of a batch lowers the loss on that batch, for each member alike."""
    problem = all_tasks()[name].build(0)
    params = [p.expand(2, *p.shape).clone().requires_grad_() for p in problem.initial]
    batch = next(problem.batches(torch.Generator().manual_seed(0)))
    loss = problem.loss(params, batch)
    grads = torch.autograd.grad(loss.sum(), params)
    squared = sum(float(g[0].square().sum()) for g in grads)
    rate = 1e-4 * float(loss[0].detach().abs()) / squared
    with torch.no_grad():
        after = problem.loss([p - rate * g for p, g in zip(params, grads, strict=True)], batch)
        full = problem.loss(params, problem.train_set)
    assert loss.shape == (2,)
    loss = loss.detach()
    assert float(loss[0]) == pytest.approx(float(loss[1]), rel=1e-5)
    assert float(after[0]) < float(loss[0])
    assert torch.isfinite(full).all()
    assert len(batch[0]) == problem.batch_size


def test_names_are_unique_and_families_are_many():
    trials = all_trials()
    assert len({t.name for t in trials}) == len(trials)
    assert len({t.task.family for t in trials}) >= 12
    assert {t.schedule for t in trials} >= {"constant", "cosine", "warmup_cosine", "step", "one_cycle"}
    assert {t.optimizer for t in trials} >= {
        "sgd",
        "momentum",
        "nesterov",
        "adam",
        "adamw",
        "rmsprop",
        "adagrad",
    }


def test_twins_share_rates_with_their_plain_run():
    trials = {t.name: t for t in all_trials()}
    twins = [t for t in trials.values() if not t.plain]
    assert twins
    for twin in twins:
        plain = trials[f"{twin.task.name}__{twin.optimizer}"]
        assert (plain.lr == twin.lr).all()
        assert plain.steps >= twin.steps


def test_two_tasks_cannot_share_a_name():
    def softmax_digits(seed):
        raise AssertionError

    all_tasks()
    with pytest.raises(ValueError, match="softmax_digits"):
        task("linear")(softmax_digits)


def test_command_line_trains_what_is_missing_once(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("lrdoctor.trials.protocol.STEPS", {"long": 60, "cheap": 50, "medium": 40, "dear": 30})
    pattern = ["--only", "factorisation_ratings__sgd", "--table", str(tmp_path)]
    assert main(["run", *pattern]) == 0
    (grid,) = load_table(tmp_path)
    assert (grid.task, grid.steps, grid.members) == ("factorisation_ratings", 30, 29)
    assert "kB" in capsys.readouterr().err
    stamp = (tmp_path / "factorisation_ratings__sgd.npz").stat().st_mtime_ns
    assert main(["run", *pattern]) == 0
    assert (tmp_path / "factorisation_ratings__sgd.npz").stat().st_mtime_ns == stamp
    assert main(["list", *pattern]) == 0
    assert capsys.readouterr().out.startswith("done")
    assert main(["list", "--only", "nothing*"]) == 2
