"""CPU time of the whole command line, start of Python included, beside what EventAccumulator takes to load the same.

    python tests/benchmarks/bench_cli.py [--repeat 5] [--runs 1000] [--keep DIR] [--without-peer]

A million scalars in one event file; as many runs of 1,000 points, as event files and as CSV, in one process on one
core. CPU seconds of the child process; of several rounds the median. EventAccumulator is timed once, its import left
out.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import bench_tensorboard as files
import numpy as np

LOAD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import bench_tensorboard as bench
from tensorboard.backend.event_processing import event_accumulator
begin = time.process_time()
bench.tensorboard(sorted(Path(sys.argv[2]).glob("*/" + bench.NAME)))
print(time.process_time() - begin)
"""


def runs(root, count):
    """Write `count` runs of 1,000 points, each as an event file and as CSV."""
    steps = np.arange(1000)
    for number in range(count):
        rng = np.random.default_rng(number)
        loss, rate = 0.3 + 2 * np.exp(-steps / 200) + 0.05 * rng.standard_normal(1000), 1e-3 * (1 - steps / 1000)
        home = root / "csv" / f"run{number:04}"
        home.mkdir(parents=True)
        rows = zip(steps.tolist(), loss.tolist(), rate.tolist(), strict=True)
        body = "".join(f"{step},{value:.5f},{lr:.3e}\n" for step, value, lr in rows)
        (home / "metrics.csv").write_text("step,train_loss,lr\n" + body)
        home = root / "events" / f"run{number:04}"
        home.mkdir(parents=True)
        events = [files.VERSION]
        for step in steps.tolist():
            events.append(files.simple(1.7e9 + step, step, b"train/loss", loss[step]))
            events.append(files.simple(1.7e9 + step, step, b"lr", rate[step]))
        (home / files.NAME).write_bytes(files.framed(events))


def spent(command, repeat):
    """Median CPU seconds of a command."""
    times = []
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=files.ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--keep", type=Path, help="write the files here, and use them if they are there already")
    parser.add_argument("--without-peer", action="store_true", help="leave EventAccumulator out")
    arguments = parser.parse_args()
    diagnose = [sys.executable, "-m", "lrdoctor", "diagnose"]
    with contextlib.ExitStack() as stack:
        root = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        million, many = root / "million-1", root / f"runs-{arguments.runs}"
        if not million.exists():
            files.make("million", million, 1.0)
        if not many.exists():
            runs(many, arguments.runs)
        ours = spent([*diagnose, str(million)], arguments.repeat)
        print(f"diagnose, a million scalars             {ours:8.2f} s")
        if not arguments.without_peer:
            command = [sys.executable, "-c", LOAD, str(Path(__file__).parent), str(million)]
            theirs = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            print(f"EventAccumulator, loading the same      {theirs:8.2f} s  {theirs / ours:5.1f} x")
        for kind in ("events", "csv"):
            taken = spent([*diagnose, str(many / kind)], 1)
            print(f"diagnose, {arguments.runs:,} runs of 1,000 points ({kind:6}) {taken:6.2f} s", flush=True)


if __name__ == "__main__":
    main()
