"""`read` and `diagnose`: whatever the user holds, and what the CLI passes on."""

from __future__ import annotations

import json

import numpy as np
import pytest

import lrdoctor
from lrdoctor import synth
from lrdoctor.config import Config
from lrdoctor.errors import ConfigError, UsageError
from lrdoctor.records import Role, Run, Unreadable, Verdict

N = 60
STEP = np.arange(N) * 10
LOSS = 0.3 + 2.0 / (1 + STEP / 30)
VAL = 0.35 + 2.0 / (1 + STEP / 30)
COLUMNS = {"step": STEP, "train_loss": LOSS, "val_loss": VAL}


def rows():
    triples = zip(STEP.tolist(), LOSS.tolist(), VAL.tolist(), strict=True)
    return [dict(zip(COLUMNS, triple, strict=True)) for triple in triples]


def pandas_frame():
    return pytest.importorskip("pandas").DataFrame(COLUMNS)


def polars_frame():
    return pytest.importorskip("polars").DataFrame(COLUMNS)


def arrow_table():
    return pytest.importorskip("pyarrow").table(COLUMNS)


class History:
    """What Keras returns from fit."""

    def __init__(self):
        self.history = {"loss": LOSS.tolist(), "val_loss": VAL.tolist()}
        self.epoch = list(range(N))


HELD = {
    "dict of arrays": lambda: dict(COLUMNS),
    "dict of lists": lambda: {name: values.tolist() for name, values in COLUMNS.items()},
    "list of dicts": rows,
    "pandas": pandas_frame,
    "polars": polars_frame,
    "pyarrow": arrow_table,
    "keras history": History,
    "run": lambda: synth.make_run(LOSS, val=VAL),
}


@pytest.mark.parametrize("make", HELD.values(), ids=HELD)
def test_read_whatever_the_user_holds(make):
    (run,) = lrdoctor.read(make())
    (train,), (val,) = run.with_role(Role.TRAIN_LOSS), run.with_role(Role.VAL_LOSS)
    assert train.value.tolist() == pytest.approx(LOSS.tolist())
    assert val.value.tolist() == pytest.approx(VAL.tolist())
    if "history" not in type(make()).__name__.lower():
        assert train.step.tolist() == STEP.tolist()
    assert run.id


@pytest.mark.parametrize("make", HELD.values(), ids=HELD)
def test_diagnose_whatever_the_user_holds(make):
    report = lrdoctor.diagnose(make())
    assert len(report) == 1
    assert report[0].verdict in Verdict
    assert report.diagnosis.version == lrdoctor.__version__
    assert "lr" in repr(report).lower()


def test_one_curve_alone():
    for alone in (LOSS.tolist(), {"loss": LOSS}):
        (run,) = lrdoctor.read(alone)
        assert run.with_role(Role.TRAIN_LOSS)[0].value.tolist() == pytest.approx(LOSS.tolist())


@pytest.fixture
def logs(tmp_path):
    """Three runs and an empty file."""
    for name, power in (("a", 1.0), ("b", 0.7)):
        (tmp_path / name).mkdir()
        lines = [f"{s},{v**power:.6f}" for s, v in zip(STEP, LOSS, strict=True)]
        (tmp_path / name / "metrics.csv").write_text("\n".join(["step,train_loss", *lines]))
    other = [{"step": row["step"], "train_loss": row["val_loss"] ** 2} for row in rows()]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(row) for row in other))
    (tmp_path / "events.out.tfevents.1.host").write_bytes(b"")
    return tmp_path


def test_paths_directories_globs_and_lists_of_them(logs, monkeypatch):
    def ids(source):
        return [run.id for run in lrdoctor.read(source)]

    monkeypatch.chdir(logs)
    assert ids(logs / "a" / "metrics.csv") == ["metrics.csv"]
    assert ids(str(logs / "a")) == ["a"]
    assert ids("*/metrics.csv") == ["a/metrics.csv", "b/metrics.csv"]
    assert ids(["a", "b"]) == ["a", "b"]
    assert len(ids(logs)) == 3
    with pytest.raises(UsageError, match="nothing matches"):
        lrdoctor.read("*/nothing.csv")


def test_a_name_with_wildcard_characters_is_a_name(tmp_path):
    folder = tmp_path / "run[1]*"
    folder.mkdir()
    (folder / "metrics.csv").write_text("step,train_loss\n" + "\n".join(f"{i},{1 / (i + 1)}" for i in range(20)))
    assert len(lrdoctor.read(folder)) == 1


def test_what_cannot_be_read_is_named_and_the_rest_is_diagnosed(logs):
    report = lrdoctor.diagnose(logs)
    assert len(report) == 3
    (lost,) = report.diagnosis.unreadable
    assert lost.source.endswith("events.out.tfevents.1.host")
    missing = lrdoctor.diagnose(logs / "nowhere")
    assert len(missing) == 0
    nowhere = Unreadable(source=str(logs / "nowhere"), error="no such file or directory")
    assert missing.diagnosis.unreadable == (nowhere,)


def test_several_logs_in_memory_are_several_runs():
    runs = lrdoctor.read([dict(COLUMNS), pandas_frame(), synth.healthy()])
    assert len(runs) == 3
    assert len({run.id for run in runs}) == 3


def test_ids_are_unique():
    runs = lrdoctor.read([synth.healthy(), synth.spikes(), dict(COLUMNS), dict(COLUMNS), synth.slow()])
    assert [run.id for run in runs] == ["synthetic", "synthetic~2", "run-3", "run-4", "synthetic~3"]


@pytest.mark.parametrize(
    ("source", "words"),
    [(object(), "cannot read"), (3, "cannot read"), (None, "cannot read"), ([], "empty"), ({}, "empty"), ("", "empty"),
     ({"step": STEP}, "no training curve"), ([object()], "cannot read"), ({"loss": []}, "without numbers")],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_log_is_refused_in_words(source, words):
    with pytest.raises(UsageError, match=words):
        lrdoctor.diagnose(source)


def test_roles_by_hand():
    odd = {"step": STEP, "train_loss": LOSS, "zeta": VAL}
    assert [series.tag for series in lrdoctor.read(odd)[0].with_role(Role.TRAIN_LOSS)] == ["train_loss"]
    (run,) = lrdoctor.read(odd, roles={"train_loss": "val_loss", "zet*": "train_loss"})
    assert [series.tag for series in run.with_role(Role.TRAIN_LOSS)] == ["zeta"]
    assert [series.tag for series in run.with_role(Role.VAL_LOSS)] == ["train_loss"]
    for roles in ({"nowhere": "train_loss"}, {"zeta": "queen"}):
        with pytest.raises(ConfigError):
            lrdoctor.diagnose(odd, roles=roles)


def test_select_and_ignore():
    run = synth.spikes()

    def codes(**chosen):
        return {finding.code for finding in lrdoctor.diagnose(run, **chosen).findings}

    assert "SPK101" in codes()
    assert "SPK101" in codes(select=["SPK"])
    assert "SPK101" in codes(select=["loss-spikes"])
    assert codes(select=["OSC101"]) == set()
    assert "SPK101" not in codes(ignore=["SPK101"])
    assert codes(select=["SPK101", "OSC"], ignore=["SPK"]) == {"SPK101"}  # the more specific entry wins
    with pytest.raises(ConfigError, match="no rule matches"):
        codes(select=["XYZ"])


def test_configured_thresholds_reach_the_rules():
    strict = Config(rules={"SPK101": {"min_ratio": 1000.0, "min_progress": 1000.0}})
    assert "SPK101" not in {finding.code for finding in lrdoctor.diagnose(synth.spikes(), config=strict).findings}
    settled = Config(roles={"objective_x": Role.TRAIN_LOSS, "elsewhere": Role.LR})
    (said,) = lrdoctor.diagnose({"step": STEP, "objective_x": LOSS}, config=settled)
    assert said.verdict is not Verdict.INCONCLUSIVE


def test_progress_is_told_after_each_run(logs):
    told = []
    lrdoctor.diagnose(logs, progress=lambda done, name: told.append((done, name)))
    assert [done for done, _ in told] == [1, 2, 3]
    assert {name for _, name in told} == {run.id for run in lrdoctor.read(logs)}


def test_a_run_that_cannot_be_diagnosed_costs_only_itself(monkeypatch, logs):
    from lrdoctor import examining

    real = examining.diagnose_run

    def sometimes(run, rules):
        if run.id == "a":
            raise ZeroDivisionError("oh")
        return real(run, rules)

    monkeypatch.setattr(examining, "diagnose_run", sometimes)
    report = lrdoctor.diagnose(logs)
    assert len(report) == 2
    assert [lost.error for lost in report.diagnosis.unreadable if "run a" in lost.error] == [
        "run a: could not be diagnosed (ZeroDivisionError: oh); this is a bug, please report it"
    ]


def test_the_same_logs_give_the_same_report(logs):
    assert repr(lrdoctor.diagnose(logs)) == repr(lrdoctor.diagnose(logs))


def test_a_run_is_not_changed_by_its_diagnosis():
    run = synth.overfit()
    before = {tag: (series.step.copy(), series.value.copy()) for tag, series in run.series.items()}
    lrdoctor.diagnose(run)
    assert isinstance(run, Run)
    for tag, (step, value) in before.items():
        assert (run.series[tag].step == step).all()
        assert (run.series[tag].value == value).all()
        with pytest.raises(ValueError, match="read-only"):
            run.series[tag].value[0] = 3.0
