"""Walking a tree, ids, several logs of one training, and what cannot be read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from lrdoctor.errors import UsageError
from lrdoctor.gather import gather
from lrdoctor.joining import join_runs
from lrdoctor.records import Run, Series, Unreadable


def write_csv(path: Path, seed: int = 0, rows: int = 30, header: str = "step,train_loss,val_loss") -> np.ndarray:
    rng = np.random.default_rng(seed)
    loss = 2.0 / (1 + np.arange(rows)) + 0.1 * rng.random(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{i * 10},{v:.6f},{v + 0.1:.6f}" for i, v in enumerate(loss)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return loss


def found(*paths: Path) -> tuple[dict[str, Run], list[Unreadable]]:
    items = list(gather(paths))
    runs = [item for item in items if isinstance(item, Run)]
    assert len({run.id for run in runs}) == len(runs)
    return {run.id: run for run in runs}, [item for item in items if isinstance(item, Unreadable)]


def test_a_run_alone_in_its_directory_is_named_after_it(tmp_path):
    write_csv(tmp_path / "sweep" / "lr_0.1" / "metrics.csv", 1)
    write_csv(tmp_path / "sweep" / "lr_0.01" / "metrics.csv", 2)
    runs, unreadable = found(tmp_path / "sweep")
    assert list(runs) == ["lr_0.01", "lr_0.1"]
    assert runs["lr_0.1"].source == str(tmp_path / "sweep" / "lr_0.1" / "metrics.csv")
    assert not unreadable


def test_runs_that_share_a_directory_are_named_after_their_files(tmp_path):
    write_csv(tmp_path / "a.csv", 1)
    write_csv(tmp_path / "b.csv", 2)
    assert set(found(tmp_path)[0]) == {"a", "b"}


def test_the_root_itself_and_a_single_file(tmp_path):
    write_csv(tmp_path / "exp3" / "metrics.csv")
    assert set(found(tmp_path / "exp3")[0]) == {"exp3"}
    assert set(found(tmp_path / "exp3" / "metrics.csv")[0]) == {"metrics.csv"}


def test_several_roots_keep_their_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "one" / "x" / "metrics.csv", 1)
    write_csv(tmp_path / "two" / "x" / "metrics.csv", 2)
    assert set(found(Path("one"), Path("two"))[0]) == {"one/x", "two/x"}


def test_a_csv_and_a_json_of_one_training_are_one_run(tmp_path):
    loss = write_csv(tmp_path / "metrics.csv")
    rows = [{"step": i * 10, "train_loss": round(float(v), 6), "lr": 1e-3} for i, v in enumerate(loss)]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "history.jsonl").write_text("\n".join(map(json.dumps, rows)))
    runs, _ = found(tmp_path)
    (run,) = runs.values()
    assert {"train_loss", "val_loss", "lr"} <= set(run.series)
    assert any("same training is also in" in note for note in run.notes)


def test_a_byte_identical_copy_is_one_run_and_another_seed_is_not(tmp_path):
    write_csv(tmp_path / "a.csv", 1)
    write_csv(tmp_path / "b.csv", 1)
    write_csv(tmp_path / "c.csv", 3)
    assert len(found(tmp_path)[0]) == 2


def test_same_rate_and_epochs_do_not_join(tmp_path):
    def run(name: str, seed: int) -> Run:
        rng = np.random.default_rng(seed)
        step = np.arange(40)
        curves = {"loss": 1 / (1 + step) + rng.random(40), "lr": 1e-3 * (1 - step / 40), "epoch": step / 10}
        series = {tag: Series(tag=tag, step=step.astype(np.int64), value=value) for tag, value in curves.items()}
        return Run(id="", source=name, format="x", series=series)

    one, two = run("a", 1), run("b", 2)
    assert len(join_runs([one, two], [1, 1])) == 2
    assert len(join_runs([one, run("c", 1)], [1, 1])) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("events.out.tfevents.1.host", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "lfs"),
        ("metrics.csv", b"", "empty"),
        ("history.csv", b"date,usd,eur\n2020-01-01,1.1,0.9\n2020-01-02,1.2,0.8\n2020-01-03,1.1,0.9\n", ""),
        ("results.csv", bytes(range(256)) * 20, ""),
    ],
)
def test_bad_input_is_named_and_the_rest_is_read(tmp_path, name, content, words):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / name).write_bytes(content)
    write_csv(tmp_path / "good" / "metrics.csv")
    runs, unreadable = found(tmp_path)
    assert set(runs) == {"good"}
    (refusal,) = unreadable
    assert name in refusal.source
    assert words in refusal.error.lower()


def test_a_file_named_by_the_user_is_never_passed_over_in_silence(tmp_path):
    (tmp_path / "notes.txt").write_text("buy milk\n")
    assert found(tmp_path) == ({}, [])
    runs, unreadable = found(tmp_path / "notes.txt")
    assert not runs
    assert len(unreadable) == 1
    assert found(tmp_path / "nowhere")[1][0].error == "no such file or directory"


def test_links_make_no_loop_and_nothing_is_written(tmp_path):
    write_csv(tmp_path / "a" / "metrics.csv")
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "a" / "pipe.csv")
    before = sorted(path for path in tmp_path.rglob("*") if not path.is_symlink())
    assert set(found(tmp_path)[0]) == {"a"}
    assert sorted(path for path in tmp_path.rglob("*") if not path.is_symlink()) == before


def test_a_reader_that_fails_costs_its_own_file_only(tmp_path, monkeypatch):
    from lrdoctor.registry import discover

    write_csv(tmp_path / "a" / "table.csv", 1)
    write_csv(tmp_path / "b" / "table.csv", 2)
    readers = discover("lrdoctor.readers", "READER")
    guilty = type(readers["csv_generic"])
    honest = guilty.read

    def read(self, source):
        if source.path.parent.name == "a":
            raise ZeroDivisionError("oops")
        return honest(self, source)

    monkeypatch.setattr(guilty, "read", read)
    runs, unreadable = found(tmp_path)
    assert set(runs) == {"b"}
    assert "ZeroDivisionError" in unreadable[0].error


def test_globs_and_what_does_not_exist(tmp_path):
    import lrdoctor as lrd

    write_csv(tmp_path / "x1" / "metrics.csv", 1)
    write_csv(tmp_path / "x2" / "metrics.csv", 2)
    assert len(lrd.read(str(tmp_path / "x*"))) == 2
    with pytest.raises(UsageError, match="nothing matches"):
        lrd.read(str(tmp_path / "y*"))


def test_the_refusal_of_the_surest_reader_is_heard(tmp_path):
    """What is printed asks for lines that repeat; of a table the reader of tables knows better."""
    path = tmp_path / "training_log.csv"
    path.write_text("episode,reward,steps\n")
    (refusal,) = gather([path])
    assert "no rows" in refusal.error
