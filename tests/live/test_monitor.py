"""A monitor says while a run goes on what a diagnosis says after it."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdoctor
from lrdoctor import Monitor, synth
from lrdoctor.config import Config
from lrdoctor.engine import all_rules, diagnose_run
from lrdoctor.errors import ConfigError, UsageError
from lrdoctor.records import Role, Verdict

EXAMPLES = [(rule.code, example) for rule in all_rules() for example in rule.examples]


def feed(monitor, run, until=None):
    """Log a run as a training would: step by step, what there is at each."""
    steps = np.unique(np.concatenate([series.step for series in run.series.values()]))
    at = {tag: dict(zip(s.step.tolist(), s.value.tolist(), strict=True)) for tag, s in run.series.items()}
    for step in steps.tolist()[:until]:
        monitor.log(step, {tag: values[step] for tag, values in at.items() if step in values})
    return monitor


@pytest.mark.parametrize(("code", "example"), EXAMPLES, ids=lambda x: getattr(x, "title", x))
def test_says_of_every_example_what_a_diagnosis_says(code, example, alike):
    run = example.make()
    unit = next(iter(run.series.values())).unit
    monitor = feed(Monitor(run.hyperparameters, unit=unit), run)
    said, after = monitor.check(), diagnose_run(run)
    assert said.verdict == after.verdict
    assert said.plan == after.plan
    assert said.findings == after.findings
    assert (code in {finding.code for finding in [*said.findings, *(f for f, _ in said.masked)]}) >= example.fires
    assert alike(lrdoctor.diagnose(monitor.run()).runs[0], said)


def test_says_at_any_moment_what_the_log_file_so_far_says(tmp_path, alike):
    run = synth.spikes()
    loss, rate = run.series["train_loss"], run.series["lr"]
    monitor, file = Monitor(), tmp_path / "metrics.csv"
    lines = ["step,train_loss,lr"]
    for number, (step, value) in enumerate(zip(loss.step.tolist(), loss.value.tolist(), strict=True)):
        monitor.log(step, train_loss=value, lr=rate.value[number])
        lines.append(f"{step},{value!r},{rate.value[number].item()!r}")
        if number % 50 == 3:
            file.write_text("\n".join(lines) + "\n")
            assert alike(monitor.check(), lrdoctor.diagnose(file).runs[0])


def test_training_that_starts_anew_is_judged_anew(tmp_path, alike):
    monitor, rows = Monitor(), ["step,train_loss"]
    for first in (5.0, 2.0):
        for step in range(60):
            monitor.log(step, train_loss=first / (1 + step))
            rows.append(f"{step},{first / (1 + step)!r}")
    (tmp_path / "metrics.csv").write_text("\n".join(rows))
    said = monitor.check()
    assert len(said.run.series["train_loss"]) == 60
    assert said.run.series["train_loss"].value[0] == 2.0
    assert alike(said, lrdoctor.diagnose(tmp_path).runs[1])


def test_all_ways_to_log_are_one():
    numbers = {"loss": 1.5, "lr": 0.1}
    monitors = [Monitor() for _ in range(5)]
    for step in range(3):
        monitors[0].log(step, **numbers)
        monitors[1].log(step, numbers)
        monitors[2].log(numbers, step=step)
        monitors[3].log(np.int64(step), loss=np.float32(1.5), lr=np.array([0.1]))
        monitors[4].log(numbers)
    for monitor in monitors:
        series = monitor.run().series
        assert series["loss"].step.tolist() == [0, 1, 2]
        assert series["loss"].value.tolist() == [1.5] * 3
        assert series["lr"].value.tolist() == pytest.approx([0.1] * 3)


def test_what_is_no_number_is_passed_over():
    monitor = Monitor()
    monitor.log(0, loss=1.0, note="warm-up", picture=np.zeros((3, 3)), nothing=None, train={"acc": 0.5, "why": "x"})
    monitor.log(1, note="nothing here")
    monitor.log(2, loss=math.nan, huge=10**400)
    series = monitor.run().series
    assert {tag: len(one) for tag, one in series.items()} == {"loss": 2, "train/acc": 1, "huge": 1}


@pytest.mark.parametrize("step", [1.5, "three", 2**60, [1], math.nan])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(UsageError, match="step"):
        Monitor().log(step, loss=1.0)


def test_nothing_logged_is_inconclusive():
    said = Monitor().check()
    assert said.verdict is Verdict.INCONCLUSIVE
    assert Monitor().poll() is None


def test_names_get_roles_and_settings_count():
    monitor = Monitor(roles={"crit": "train_loss"}, config=Config(ignore=("OSC",)))
    for step in range(100):
        monitor.log(step, crit=1.0 + 0.5 * (-1) ** step)
    said = monitor.check()
    assert said.run.series["crit"].role is Role.TRAIN_LOSS
    assert "OSC101" not in {finding.code for finding in said.findings}
    with pytest.raises(ConfigError, match="unknown role"):
        Monitor(roles={"crit": "los"})


def test_shows_how_far_it_is():
    monitor = Monitor(name="exp")
    assert repr(monitor) == "Monitor('exp', nothing logged)"
    monitor.log(12_345, loss=1.0)
    assert repr(monitor) == "Monitor('exp', 1 call, last at step 12,345)"


def test_goes_through_pickle(alike):
    monitor = feed(Monitor(total_steps=9000), synth.healthy())
    assert alike(pickle.loads(pickle.dumps(monitor)).check(), monitor.check())


def test_an_answer_is_kept_until_something_is_new():
    monitor = feed(Monitor(), synth.healthy())
    assert monitor.check() is monitor.check()
    before = monitor.check()
    monitor.log(5000, train_loss=0.3)
    assert monitor.check() is not before


def test_polls_are_rare_and_come_at_once_for_a_nan():
    monitor, answers = Monitor(), []
    for step in range(4000):
        monitor.log(step, loss=2.0 / (1 + step))
        if monitor.poll() is not None:
            answers.append(step + 1)
    assert answers[:3] == [20, 40, 60]
    assert len(answers) < 130
    assert max(np.diff(answers) / np.array(answers[:-1])) <= 1.0
    assert np.all(np.diff(answers[30:]) <= 0.051 * np.array(answers[30:-1]))
    monitor.log(4000, loss=math.nan)
    assert monitor.poll() is not None
    monitor.log(4001, loss=math.nan)
    assert monitor.poll() is None


def test_early_verdicts_are_less_sure_and_say_so():
    run = synth.slow()
    plain, planned = feed(Monitor(), run, 60), feed(Monitor(total_steps=3000), run, 60)
    early, unaware = planned.check(), plain.check()
    assert early.verdict == unaware.verdict
    assert early.plan.lr == unaware.plan.lr
    assert early.findings == unaware.findings
    assert early.plan.confidence < 0.6 * unaware.plan.confidence
    assert early.run.notes[-1].startswith("early: 591 of 3,000 steps (20 %)")
    assert not unaware.run.notes


def test_at_its_end_a_planned_run_is_as_sure_as_any(alike):
    run = synth.slow()
    assert alike(feed(Monitor(max_steps=2991), run).check(), feed(Monitor(max_steps=100), run).check()) is False
    done = feed(Monitor(total_steps=3000), run).check()  # logged every ten steps, so 2,990 is the last
    assert done.plan == feed(Monitor(), run).check().plan
    assert not done.run.notes


NAMES = st.sampled_from(["loss", "val_loss", "lr", "step", "epoch", "\x1b[31m"])


@given(
    st.lists(st.tuples(st.integers(-5, 40), st.dictionaries(NAMES, st.floats(), max_size=4)), max_size=60),
    st.integers(1, 100),
)
def test_whatever_is_logged_has_an_answer(calls, total):
    monitor = Monitor(total_steps=total)
    for step, numbers in calls:
        monitor.log(step, numbers)
        monitor.poll()
    assert 0.0 <= monitor.check().plan.confidence <= 1.0
