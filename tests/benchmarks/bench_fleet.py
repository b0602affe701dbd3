"""Very many runs: time, CPU and memory of one pass, and what reading alone costs with other libraries.

    python tests/benchmarks/bench_fleet.py [--runs 10000] [--points 1000] [--workers 1 2] [--keep DIR]

Half of the runs are CSV files (loss, validation loss, rate), half event files (loss, rate). Each way runs in a session
of its own, whose processes are watched: CPU time counts user and system of all of them, memory is the largest sum of
their resident sets (shared pages count for each, so it is an upper bound). With --peers some of the same logs are read,
not judged, by pandas and EventAccumulator, and by pandas and tbparse where that is installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HOME = Path(__file__).parents[2]
DISTINCT = 200
"""Different logs of each kind; the tree holds copies of them."""

PEERS = """
import sys, pathlib
import pandas as pd
{setup}
count = 0
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.suffix == ".csv":
        {csv}
    elif "tfevents" in path.name:
        {events}
    else:
        continue
    count += 1
print(count)
"""
ACCUMULATOR = {
    "setup": "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator",
    "csv": "frame = pd.read_csv(path)",
    "events": "log = EventAccumulator(str(path), size_guidance={'scalars': 0}).Reload(); "
    "frames = [pd.DataFrame(log.Scalars(tag)) for tag in log.Tags()['scalars']]",
}
TBPARSE = {
    "setup": "from tbparse import SummaryReader",
    "csv": "frame = pd.read_csv(path)",
    "events": "frame = SummaryReader(str(path)).scalars",
}


@dataclass
class Cost:
    """What a pass took."""

    wall: float
    cpu: float
    peak: float
    """GB."""
    said: str


def main() -> None:
    """Make the tree, and print a line per way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--peers", type=int, default=0, metavar="N", help="read the first N runs with other libraries")
    parser.add_argument("--keep", type=Path, help="make the tree here, or use the one that is here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tree = args.keep or Path(scratch) / "runs"
        if not tree.exists():
            grow(tree, args.runs, args.points)
        print(f"{'':<34}{'wall s':>8}{'CPU s':>8}{'runs/CPU s':>12}{'points/CPU s':>14}{'peak GB':>9}")
        for workers in args.workers:
            line(f"text, {workers} worker(s)", run(["diagnose", tree, "-q", "--workers", workers]), args)
        table = Path(scratch) / "fleet.parquet"
        for workers in args.workers:
            say = ["diagnose", tree, "--format", f"parquet={table}", "--workers", workers]
            line(f"Parquet, {workers} worker(s)", run(say), args)
        for number in ("first", "second"):
            say = ["diagnose", tree, "-q", "--cache", Path(scratch) / "cache"]
            line(f"text, cache, {number} pass", run(say), args)
        line("fleet FILE.parquet", run(["fleet", table]), args)
        if args.peers:
            peers(tree, Path(scratch) / "some", args)


def peers(tree: Path, some: Path, args: argparse.Namespace) -> None:
    """Reading alone, by others, of a part of the tree."""
    for path in sorted(path for path in tree.rglob("*") if path.is_file())[: args.peers]:
        target = some / path.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    args.runs = args.peers
    line("diagnosis, of these", run(["diagnose", some, "-q"]), args)
    for name, parts in (("pandas and EventAccumulator", ACCUMULATOR), ("pandas and tbparse", TBPARSE)):
        line(name, watched([sys.executable, "-c", PEERS.format(**parts), str(some)]), args)


def line(what: str, cost: Cost, args: argparse.Namespace) -> None:
    """Print what a pass took."""
    rate = args.runs / cost.cpu
    print(
        f"{what:<34}{cost.wall:>8.1f}{cost.cpu:>8.1f}{rate:>12,.0f}{rate * args.points:>14,.0f}{cost.peak:>9.2f}"
        f"  {cost.said}",
        flush=True,
    )


def run(arguments: list[object]) -> Cost:
    """The command line, watched."""
    return watched([sys.executable, "-m", "lrdoctor", *map(str, arguments)])


def watched(command: list[str]) -> Cost:
    """Run a command in a session of its own; what all its processes took."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HOME), os.environ.get("PYTHONPATH", "")])}
    cpu: dict[str, float] = {}
    peak, begun = 0.0, time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment, start_new_session=True)
        while process.poll() is None:
            used, resident = session(process.pid)
            cpu |= used
            peak = max(peak, resident)
            time.sleep(0.05)
        wall = time.monotonic() - begun
        out.seek(0)
        said = (out.read().strip().splitlines() or [""])[-1][:60]
    return Cost(wall=wall, cpu=sum(cpu.values()), peak=peak, said=said if process.returncode else "")


def session(leader: int) -> tuple[dict[str, float], float]:
    """CPU seconds by process of a session, and the sum of their resident sets in GB."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    cpu, resident = {}, 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:  # the session
            cpu[path.parent.name] = (int(fields[11]) + int(fields[12])) / ticks
            resident += int(fields[21]) * page / 1e9
    return cpu, resident


def grow(tree: Path, runs: int, points: int) -> None:
    """A tree of so many runs, a hundred to a directory."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as scratch:
        kinds = (_csv, _events)
        logs = [[make(Path(scratch), number, points, rng) for number in range(DISTINCT)] for make in kinds]
        for number in range(runs):
            log = logs[number % 2][number // 2 % DISTINCT]
            home = tree / f"group{number // 100:04d}" / f"run_{number:06d}"
            home.mkdir(parents=True)
            name = "metrics.csv" if log.suffix == ".csv" else f"events.out.tfevents.{number}.host"
            shutil.copyfile(log, home / name)


def _curves(number: int, points: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A loss, of a training that goes well or fails in one of four ways, and its rate."""
    t = np.linspace(0, 1, points)
    loss = 0.25 + 2.05 / (1 + 30 * t) ** 0.7 + 0.05 * rng.standard_normal(points)
    if number % 5 == 1:
        loss += 0.4 * np.cos(np.pi * np.arange(points)) * t
    elif number % 5 == 2:
        loss = 2.3 - 0.1 * t + 0.02 * rng.standard_normal(points)
    elif number % 5 == 3:
        loss[int(0.6 * points) :] = np.nan
    return loss, 1e-3 * np.minimum(t / 0.05, 1) * (1 + np.cos(np.pi * t)) / 2


def _csv(home: Path, number: int, points: int, rng: np.random.Generator) -> Path:
    loss, rate = _curves(number, points, rng)
    rows = [f"{step * 10},{a:.6g},{a + 0.1:.6g},{b:.6g}" for step, (a, b) in enumerate(zip(loss, rate, strict=True))]
    path = home / f"{number}.csv"
    path.write_text("\n".join(["step,train_loss,val_loss,lr", *rows]) + "\n")
    return path


def _events(home: Path, number: int, points: int, rng: np.random.Generator) -> Path:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    loss, rate = _curves(number, points, rng)
    path = home / f"{number}.events"
    with path.open("wb") as stream:
        writer = RecordWriter(stream)
        writer.write(Event(wall_time=1.7e9, file_version="brain.Event:2").SerializeToString())
        for step, (a, b) in enumerate(zip(loss, rate, strict=True)):
            event = Event(wall_time=1.7e9 + step, step=step * 10)
            event.summary.value.add(tag="train/loss", simple_value=float(a))
            event.summary.value.add(tag="lr", simple_value=float(b))
            writer.write(event.SerializeToString())
    return path


if __name__ == "__main__":
    main()
