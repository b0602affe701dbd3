"""A plain PyTorch loop that is followed."""

import logging

import pytest

torch = pytest.importorskip("torch", reason="the loop is torch's")

from lrdoctor.live.pytorch import following  # noqa: E402


def train(steps, rate=0.05, **options):
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(4, 1), torch.randn(64, 4)
    optimizer = torch.optim.Adam(layer.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    with following(optimizer, total_steps=steps, batch_size=64, **options) as doctor:
        for _ in range(steps):
            loss = ((layer(x)[:, 0] - x.sum(1)) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if doctor.log(loss=loss):
                break
            schedule.step()
    return doctor.monitor


def test_steps_are_counted_and_the_rate_is_read_off_the_optimizer():
    run = train(60).run()
    assert run.series["loss"].step.tolist() == list(range(60))
    assert run.series["lr"].value[0] == 0.05
    assert run.series["lr"].value[-1] < 1e-3
    assert {"optimizer": "adam", "batch_size": 64}.items() <= dict(run.hyperparameters).items()


@pytest.mark.parametrize(("stop_on", "length"), [((), 80), (["RTE", "DIV", "OSC"], 80)])
def test_the_loop_runs_on_unless_a_named_finding_holds(stop_on, length):
    assert len(train(80, stop_on=stop_on).run().series["loss"]) == length


def test_stops_where_the_rate_is_absurd():
    seen = []
    run = train(400, rate=1e30, stop_on=["NAN", "DIV"], report=seen.append).run()
    assert len(run.series["loss"]) < 60
    assert seen


def test_the_last_word_is_reported_after_an_error(caplog):
    caplog.set_level(logging.INFO, "lrdoctor")

    def break_off():
        with following() as doctor:
            for step in range(30):
                doctor.log(step, loss=2.0 / (1 + step), lr=1e-3)
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        break_off()
    assert "run, step 29" in caplog.text
