"""What has not changed is not read again; what has is; and a damaged cache does no harm."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import threading
import warnings

import pytest

import lrdoctor
from lrdoctor import examining
from lrdoctor.fleet.cache import FILE, Cache
from lrdoctor.fleet.store import Store


@pytest.fixture
def settled(tree):
    """The tree, as old as logs are that nobody writes to any more."""
    for path in [tree, *tree.rglob("*")]:
        age(path)
    return tree


def age(path):
    os.utime(path, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))


@pytest.fixture
def judged(monkeypatch):
    """Ids of the runs that are diagnosed rather than remembered."""
    ids, proper = [], examining.diagnose_run

    def diagnose_run(run, *args):
        ids.append(run.id)
        return proper(run, *args)

    monkeypatch.setattr(examining, "diagnose_run", diagnose_run)
    return ids


def test_what_has_not_changed_is_not_read_again(settled, tmp_path, judged, monkeypatch):
    without = lrdoctor.diagnose(settled).to_json()
    judged.clear()
    assert lrdoctor.diagnose(settled, cache=tmp_path / "cache").to_json() == without
    assert len(judged) == 12
    judged.clear()
    monkeypatch.setattr("lrdoctor.claiming.claim_file", lambda file: pytest.fail(f"{file} was opened"))
    assert lrdoctor.diagnose(settled, cache=tmp_path / "cache").to_json() == without
    assert judged == []


def test_a_pass_over_what_has_not_changed_asks_nobody(settled, tmp_path, judged, monkeypatch):
    without = lrdoctor.diagnose(settled).to_json()
    lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    judged.clear()
    monkeypatch.setattr(Cache, "claims", lambda *_: pytest.fail("a reader was to be asked"))
    assert lrdoctor.diagnose(settled, cache=tmp_path / "cache").to_json() == without
    monkeypatch.undo()
    two = [settled / "group0", settled / "group1"]
    assert lrdoctor.diagnose(two, cache=tmp_path / "cache").to_json() == lrdoctor.diagnose(two).to_json()


def test_a_pass_that_was_broken_off_is_not_taken_for_a_whole_one(settled, tmp_path):
    whole = [said.run.id for said in lrdoctor.diagnose(settled)]
    some = lrdoctor.diagnose_each(settled, cache=tmp_path / "cache")
    next(some)
    some.close()
    assert [said.run.id for said in lrdoctor.diagnose(settled, cache=tmp_path / "cache")] == whole


@pytest.mark.parametrize("wrong", ["DELETE FROM known", "UPDATE known SET body = zeroblob(length(body))"])
def test_an_answer_that_is_lost_is_found_again(settled, tmp_path, judged, wrong):
    without = lrdoctor.diagnose(settled).to_json()
    lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    with sqlite3.connect(tmp_path / "cache" / FILE) as store:
        # The largest is an answer; what was seen by the pass is known all the same.
        store.execute(f"{wrong} WHERE name = (SELECT name FROM known ORDER BY length(body) DESC LIMIT 1 OFFSET 5)")
    for again in (["one"], []):
        judged.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert lrdoctor.diagnose(settled, cache=tmp_path / "cache").to_json() == without
        assert len(judged) == len(again)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_that_leads_elsewhere_is_a_change(settled, tmp_path):
    for name, log in (("one", "a.csv"), ("two", "b.csv")):
        (tmp_path / name).mkdir()
        shutil.copy2(settled / "flat" / log, tmp_path / name / "metrics.csv")
        age(tmp_path / name)
    link = settled / "linked"
    link.symlink_to(tmp_path / "one")
    age(settled)
    options = {"cache": tmp_path / "cache", "follow_links": True}
    lrdoctor.diagnose(settled, **options)
    link.unlink()
    link.symlink_to(tmp_path / "two")
    age(settled)
    assert lrdoctor.diagnose(settled, **options).to_json() == lrdoctor.diagnose(settled, follow_links=True).to_json()


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text(path.read_text() + "600,0.1,0.001\n"),
        lambda path: os.utime(path, ns=(1, 1_700_000_001_123_456_789)),
        lambda path: (path.parent / "hparams.yaml").write_text("optimizer: sgd\n"),
        lambda path: (path.parent / "below").mkdir() or (path.parent / "below" / "args.json").write_text("{}"),
    ],
)
def test_what_has_changed_is_read_again(settled, tmp_path, judged, change):
    lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    judged.clear()
    path = settled / "group0" / "run_2" / "metrics.csv"
    change(path)
    again = lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    assert judged == ["group0/run_2"]
    assert again.to_json() == lrdoctor.diagnose(settled).to_json()


def test_runs_that_come_and_go(settled, tmp_path, judged):
    lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    (settled / "group0" / "run_2" / "metrics.csv").unlink()
    (settled / "group0" / "new").mkdir()
    (settled / "group1" / "run_3" / "metrics.csv").rename(settled / "group0" / "new" / "metrics.csv")
    judged.clear()
    ids = [said.run.id for said in lrdoctor.diagnose(settled, cache=tmp_path / "cache")]
    assert judged == ["group0/new"]
    assert "group0/new" in ids
    assert not {"group0/run_2", "group1/run_3"} & set(ids)


def test_other_settings_are_another_question(settled, tmp_path, judged):
    for options in ({}, {"select": ["NAN"]}, {"roles": {"train_loss": "val_loss"}}):
        judged.clear()
        said = lrdoctor.diagnose(settled, cache=tmp_path / "cache", **options)
        assert len(judged) == 12
        assert said.to_json() == lrdoctor.diagnose(settled, **options).to_json()
    judged.clear()
    lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    assert judged == [], "the first answers are still there"


def test_another_version_is_another_answer(settled, tmp_path, judged, monkeypatch):
    lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    judged.clear()
    monkeypatch.setattr(lrdoctor, "__version__", "99")
    lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    assert len(judged) == 12


def test_a_log_that_is_being_written_is_not_remembered(settled, tmp_path, judged):
    path = settled / "group0" / "run_2" / "metrics.csv"
    path.touch()
    future = path.stat().st_mtime_ns + 3_600_000_000_000
    os.utime(path, ns=(future, future))  # as if it were written to this very moment
    for _ in range(2):
        judged.clear()
        lrdoctor.diagnose(settled, cache=tmp_path / "cache")
    assert judged == ["group0/run_2"]


def test_a_group_is_put_together_anew_when_a_neighbour_appears(tmp_path, judged):
    """`train` alone is an experiment of that name; beside `val` it is one split of a training."""
    pytest.importorskip("tensorboard")
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    def write(directory, tag):
        directory.mkdir(parents=True)
        with (directory / "events.out.tfevents.1.host").open("wb") as stream:
            writer = RecordWriter(stream)
            for step in range(40):
                event = Event(step=step, wall_time=step)
                event.summary.value.add(tag=tag, simple_value=1 / (step + 1))
                writer.write(event.SerializeToString())
        for path in (directory, *directory.iterdir()):
            age(path)

    def said(**options):
        report = lrdoctor.diagnose(tmp_path / "runs", **options)
        return sorted((one.run.id, sorted(one.run.series)) for one in report)

    write(tmp_path / "runs" / "exp" / "train", "loss")
    age(tmp_path / "runs"), age(tmp_path / "runs" / "exp")
    assert said(cache=tmp_path / "cache") == said(cache=tmp_path / "cache") == said()
    write(tmp_path / "runs" / "exp" / "val", "loss")
    assert said(cache=tmp_path / "cache") == said()


@pytest.mark.parametrize("damage", ["no database", "cut", "no directory", "bytes"])
def test_a_damaged_cache_is_ignored_with_a_warning(settled, tmp_path, damage):
    cache = tmp_path / "cache"
    before = lrdoctor.diagnose(settled, cache=cache).to_json()
    file = cache / FILE
    if damage == "no database":
        file.write_bytes(b"what?" * 1000)
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif damage == "no directory":
        cache = file  # a file where a directory should be
    else:
        with sqlite3.connect(file) as store:
            store.execute("UPDATE known SET body = zeroblob(length(body))")
    with pytest.warns(UserWarning, match="the cache .*(cannot be used|damaged)"):
        assert lrdoctor.diagnose(settled, cache=cache).to_json() == before


def test_several_at_once_share_a_cache(settled, tmp_path):
    before = lrdoctor.diagnose(settled).to_json()
    said, problems = [], []

    def work():
        try:
            said.append(lrdoctor.diagnose(settled, cache=tmp_path / "cache").to_json())
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert said == [before] * 4


def test_a_store_keeps_what_it_is_given(tmp_path):
    told = []
    store = Store(tmp_path / "deep" / "x.sqlite", told.append)
    store.put(b"a", b"1", b"body")
    store.close()
    store = Store(tmp_path / "deep" / "x.sqlite", told.append)
    assert store.get(b"a", b"1") == b"body"
    assert store.get(b"a", b"2") is None
    assert store.get(b"b", b"1") is None
    store.close()
    assert store.get(b"a", b"1") is None
    assert told == []
