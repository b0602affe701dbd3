"""CPU time of a diagnosis, by the number of logged points: signals alone, and all of it.

    python tests/benchmarks/bench_diagnose.py [--points 100 1000 10000 1000000] [--reading] [--profile 1000]

With `--reading` beside it what it takes to read the same run, from an event file and from CSV (pandas imported before,
where it is used). The run has a training loss, a rate with warm-up and cosine and a gradient norm at every point,
and a validation loss at every fiftieth. Of several rounds the fastest counts: other processes only ever add.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import pstats
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench_tensorboard as files
import numpy as np

from lrdoctor import synth
from lrdoctor.engine import Context, diagnose_run, signals
from lrdoctor.errors import Unavailable
from lrdoctor.gather import gather
from lrdoctor.roles import assign_roles

if TYPE_CHECKING:
    from collections.abc import Callable

    from lrdoctor.records import Run

ROUNDS, ROUND_POINTS = 7, 20_000


def make(points: int) -> Run:
    """A healthy run of so many points."""
    rng = np.random.default_rng(0)
    t, late = np.linspace(0, 1, points), np.linspace(0, 1, max(4, points // 50))
    loss = 0.25 + 2.05 / (1 + 30 * t) ** 0.7 + 0.05 * rng.standard_normal(points)
    rate = 1e-3 * np.minimum(t / 0.05, 1) * (1 + np.cos(np.pi * t)) / 2
    norm = 1 + 0.1 * rng.standard_normal(points)
    val = 0.32 + 2.0 / (1 + 30 * late) ** 0.7
    stated = {"optimizer": "adam", "batch_size": 32}
    return assign_roles(synth.make_run(loss, val=val, lr=rate, grad_norm=norm, hyperparameters=stated))


def all_signals(run: Run) -> None:
    """Compute everything that can be asked about a run."""
    context = Context(run)
    for name in signals():
        with contextlib.suppress(Unavailable):
            context.get(name)


def written(run: Run, root: Path) -> tuple[Path, Path]:
    """The run as an event file and as CSV."""
    curves = {
        tag: dict(zip(curve.step.tolist(), curve.value.tolist(), strict=True)) for tag, curve in run.series.items()
    }
    steps = sorted({step for curve in curves.values() for step in curve})
    payloads = [files.VERSION]
    rows = [",".join(["step", *curves])]
    for step in steps:
        logged = {tag.encode(): curve[step] for tag, curve in curves.items() if step in curve}
        payloads += [files.simple(1.7e9 + step, step, tag, value) for tag, value in logged.items()]
        cells = (f"{curve[step]:.6g}" if step in curve else "" for curve in curves.values())
        rows.append(",".join([str(step), *cells]))
    events, csv = root / files.NAME, root / "metrics.csv"
    events.write_bytes(files.framed(payloads))
    csv.write_text("\n".join(rows) + "\n")
    return events, csv


def milliseconds(work: Callable[[Any], object], run: object, points: int) -> float:
    """CPU time of one call, of the fastest round."""
    work(run)
    repeat = max(1, ROUND_POINTS // points)
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for _ in range(repeat):
            work(run)
        best = min(best, (time.process_time() - begin) / repeat)
    return 1e3 * best


def main() -> None:
    """Print a line for each number of points."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[100, 1000, 10_000, 1_000_000])
    parser.add_argument("--reading", action="store_true", help="read the same run as well")
    parser.add_argument("--profile", type=int, metavar="POINTS", help="show where the time of one diagnosis goes")
    args = parser.parse_args()
    more = f"  {'events, ms':>11}  {'CSV, ms':>11}" if args.reading else ""
    print(f"{'points':>9}  {'signals, ms':>11}  {'diagnosis, ms':>13}{more}")
    for points in args.points:
        run = make(points)
        found, said = milliseconds(all_signals, run, points), milliseconds(diagnose_run, run, points)
        line = f"{points:>9,}  {found:>11.2f}  {said:>13.2f}"
        if args.reading:
            with tempfile.TemporaryDirectory() as root:
                for path in written(run, Path(root)):
                    line += f"  {milliseconds(lambda path: list(gather([path])), path, points):>11.2f}"
        print(line, flush=True)
    if args.profile:
        run = make(args.profile)
        profile = cProfile.Profile()
        profile.runcall(lambda: [diagnose_run(run) for _ in range(max(1, ROUND_POINTS // args.profile))])
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
