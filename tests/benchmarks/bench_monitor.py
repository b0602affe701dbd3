"""Cost of following a training: nanoseconds for a log(), microseconds for a check(), memory, by the number of points.

    python tests/benchmarks/bench_monitor.py [--points 1000 10000 100000 1000000]

Three curves are logged at every step (loss, rate, gradient norm). CPU time; of several rounds the fastest counts, since
other processes only ever add. "amortised" is all of it, `poll` after every step included, over the number of points.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc

import numpy as np

from lrdoctor import Monitor

ROUNDS = 3


def columns(points: int) -> list[tuple[float, float, float]]:
    """A healthy training."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, points)
    loss = 0.25 + 2.05 / (1 + 30 * t) ** 0.7 + 0.05 * rng.standard_normal(points)
    rate = 1e-3 * (1 + np.cos(np.pi * t)) / 2
    norm = 1 + 0.1 * rng.standard_normal(points)
    return list(zip(loss.tolist(), rate.tolist(), norm.tolist(), strict=True))


def logged(rows: list[tuple[float, float, float]]) -> Monitor:
    """A monitor that has taken them all."""
    monitor = Monitor(optimizer="adam", batch_size=32)
    for step, (loss, rate, norm) in enumerate(rows):
        monitor.log(step, loss=loss, lr=rate, grad_norm=norm)
    return monitor


def polled(rows: list[tuple[float, float, float]]) -> int:
    """Log them and ask after each whether there is news; how many diagnoses that took."""
    monitor, diagnoses = Monitor(optimizer="adam", batch_size=32), 0
    for step, (loss, rate, norm) in enumerate(rows):
        monitor.log(step, loss=loss, lr=rate, grad_norm=norm)
        diagnoses += monitor.poll() is not None
    return diagnoses


def main() -> None:
    """Print a line for each number of points."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    print("   points  log, ns  check, us  memory, MB  diagnoses  amortised, us")
    for points in parser.parse_args().points:
        rows = columns(points)
        logged(rows[:100]).check()
        log = check = whole = float("inf")
        for _ in range(ROUNDS):
            begin = time.process_time()
            monitor = logged(rows)
            log = min(log, time.process_time() - begin)
            begin = time.process_time()
            monitor.check()
            check = min(check, time.process_time() - begin)
            begin = time.process_time()
            diagnoses = polled(rows)
            whole = min(whole, time.process_time() - begin)
        tracemalloc.start()
        kept = logged(rows)
        memory, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del kept
        print(
            f"{points:>9,}  {1e9 * log / points:>7.0f}  {1e6 * check:>9,.0f}  {memory / 1e6:>10.2f}  {diagnoses:>9,}"
            f"  {1e6 * whole / points:>13.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
