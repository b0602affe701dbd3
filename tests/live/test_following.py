"""Logs that are watched while they come, grow, are replaced and vanish."""

import os
import random
import threading
import time

import pytest

import lrdoctor
from lrdoctor.live.following import Change, Follower, Gone, pause
from lrdoctor.records import Unreadable, Verdict


def rows(first, last, scale=2.0):
    return "".join(f"{step},{scale / (1 + step) + 0.3!r},0.001\n" for step in range(first, last))


def write(path, text, mode="w"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode) as out:
        out.write(text)


HEAD = "step,train_loss,lr\n"


def test_tells_what_came_and_nothing_twice(tmp_path):
    follower = Follower([tmp_path])
    assert list(follower.look()) == []
    write(tmp_path / "a" / "metrics.csv", HEAD + rows(0, 100))
    (first,) = follower.look()
    assert (first.said.run.id, first.before, first.points) == ("a", None, 200)
    assert (first.first_step, first.last_step, first.rewritten) == (0, 99, False)
    assert list(follower.look()) == []
    write(tmp_path / "a" / "metrics.csv", rows(100, 130), "a")
    write(tmp_path / "b" / "metrics.csv", HEAD + rows(0, 50))
    grown, new = follower.look()
    assert (grown.points, grown.first_step, grown.last_step, grown.before) == (60, 100, 129, first.said.verdict)
    assert new.said.run.id == "b"
    assert grown.said.findings == lrdoctor.diagnose(tmp_path)["a"].findings


def test_a_log_that_was_replaced_is_all_new(tmp_path):
    log = tmp_path / "metrics.csv"
    write(log, HEAD + rows(0, 100))
    follower = Follower([log])
    list(follower.look())
    write(log, HEAD + rows(0, 120, scale=3.0))
    (change,) = follower.look()
    assert change.rewritten
    assert (change.points, change.first_step, change.last_step) == (240, 0, 119)
    write(log, HEAD + rows(0, 60, scale=3.0))
    (change,) = follower.look()
    assert (change.rewritten, change.points) == (True, 120)


def test_runs_that_vanish_are_gone_and_may_come_back(tmp_path):
    log = tmp_path / "a" / "metrics.csv"
    write(log, HEAD + rows(0, 100))
    follower = Follower([tmp_path])
    list(follower.look())
    log.unlink()
    assert list(follower.look()) == [Gone("a")]
    assert not follower.runs
    write(log, HEAD + rows(0, 100))
    (change,) = follower.look()
    assert change.before is None


def test_what_cannot_be_read_is_told_once(tmp_path):
    write(tmp_path / "history.csv", "date,open,close\nmonday,1.0,2.0\n")
    follower = Follower([tmp_path])
    (lost,) = follower.look()
    assert isinstance(lost, Unreadable)
    assert list(follower.look()) == []
    assert follower.unreadable == [lost]


def test_a_directory_may_come_later(tmp_path):
    follower = Follower([tmp_path / "runs"])
    (missing,) = follower.look()
    assert missing.error == "no such file or directory"
    write(tmp_path / "runs" / "metrics.csv", HEAD + rows(0, 100))
    (change,) = follower.look()
    assert change.said.run.id == "runs"


def test_since_leaves_old_runs_alone_until_something_comes(tmp_path):
    old, new = tmp_path / "old" / "metrics.csv", tmp_path / "new" / "metrics.csv"
    for path in (old, new):
        write(path, HEAD + rows(0, 100))
    os.utime(old, (time.time() - 9000,) * 2)
    follower = Follower([tmp_path], since=time.time() - 3600)
    assert [change.said.run.id for change in follower.look()] == ["new"]
    write(old, rows(100, 110), "a")
    (change,) = follower.look()
    assert (change.said.run.id, change.points, change.first_step) == ("old", 20, 100)


def test_since_counts_points_by_their_own_time_where_it_is_known(tmp_path):
    now = time.time()
    lines = "".join(f"{step},{2.0 / (1 + step)!r},{now - 6000 + 60 * step}\n" for step in range(100))
    write(tmp_path / "metrics.csv", "step,train_loss,timestamp\n" + lines)
    (change,) = Follower([tmp_path], since=now - 3000).look()
    assert (change.points, change.first_step, change.last_step) == (50, 50, 99)


def test_the_verdict_before_is_told_when_it_changes(tmp_path):
    log = tmp_path / "metrics.csv"
    write(log, HEAD + rows(0, 200))
    follower = Follower([log])
    list(follower.look())
    write(log, "".join(f"{step},nan,0.001\n" for step in range(200, 260)), "a")
    (change,) = follower.look()
    assert (change.before, change.said.verdict) == (Verdict.HEALTHY, Verdict.DIVERGED)


def test_a_planned_run_is_less_sure_while_it_goes_on(tmp_path):
    write(tmp_path / "metrics.csv", HEAD + rows(0, 100))
    write(tmp_path / "hparams.yaml", "max_steps: 1000\n")
    (early,) = Follower([tmp_path]).look()
    assert early.said.run.notes[-1].startswith("early: 100 of 1,000 steps")
    assert early.said.plan.confidence < lrdoctor.diagnose(tmp_path).runs[0].plan.confidence


def test_looks_take_no_more_than_a_fifth_of_the_time():
    assert pause(5.0, 0.1) == 5.0
    assert pause(5.0, 10.0) == 40.0


class Writer(threading.Thread):
    """Trains badly: appends, rotates, truncates and deletes logs in a directory, event files among them."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root, self.enough, self.random = root, threading.Event(), random.Random(0)
        self.steps = {}

    def run(self):
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

        events = self.root / "board" / "events.out.tfevents.1700000000.host.1.0"
        events.parent.mkdir(parents=True)
        with events.open("wb") as stream:
            writer = RecordWriter(stream)
            writer.write(Event(wall_time=1.7e9, file_version="brain.Event:2").SerializeToString())
            step = 0
            while not self.enough.is_set():
                for _ in range(20):
                    summary = Summary(value=[Summary.Value(tag="train/loss", simple_value=2.0 / (1 + step))])
                    writer.write(Event(wall_time=1.7e9 + step, step=step, summary=summary).SerializeToString())
                    step += 1
                writer.flush()
                self.disturb()
            self.board_steps = step

    def disturb(self):
        name = self.random.choice("abc")
        log = self.root / name / "metrics.csv"
        last = self.steps.get(name, 0)
        match self.random.choice(["append", "append", "append", "half", "rotate", "truncate", "delete"]):
            case "append":
                write(log, rows(last, last + 30) if last else HEAD + rows(0, 30), "a")
                self.steps[name] = last + 30
            case "half" if last:
                write(log, rows(last, last + 1)[:5], "a")
                time.sleep(0.005)
                write(log, rows(last, last + 1)[5:], "a")
                self.steps[name] = last + 1
            case "rotate" if last:
                log.replace(log.with_name("metrics.csv.1"))
                self.steps[name] = 0
            case "truncate" if last:
                write(log, HEAD + rows(0, 10))
                self.steps[name] = 10
            case "delete" if last:
                log.unlink()
                self.steps[name] = 0
        time.sleep(0.004)


@pytest.mark.slow
def test_a_tree_that_is_written_to_meanwhile(tmp_path):
    writer, follower = Writer(tmp_path / "runs"), Follower([tmp_path / "runs"])
    writer.start()
    seen = {}
    for _ in range(2000):
        if len(seen.get("board", [])) > 40:
            break
        time.sleep(0.02)
        for item in follower.look():
            if isinstance(item, Change):
                seen.setdefault(item.said.run.id, []).append(item)
            elif isinstance(item, Unreadable):
                assert "bug" not in item.error
    writer.enough.set()
    writer.join()
    list(follower.look())
    after = {said.run.id: said for said in lrdoctor.diagnose(tmp_path / "runs")}
    assert follower.runs.keys() == after.keys()
    for name, change in follower.runs.items():
        assert change.said.verdict == after[name].verdict
        assert change.said.findings == after[name].findings
        assert {tag: len(one) for tag, one in change.said.run.series.items()} == {
            tag: len(one) for tag, one in after[name].run.series.items()
        }
    board = seen["board"]
    assert len(board) > 40
    assert not any(change.rewritten for change in board)
    assert sum(change.points for change in board) <= writer.board_steps
    assert len(follower.runs["board"].said.run.series["train/loss"]) == writer.board_steps
