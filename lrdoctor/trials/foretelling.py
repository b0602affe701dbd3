"""How often what is said early in a run is still said at its end: each recorded run, diagnosed at growing parts of it.

    python -m lrdoctor.trials.foretelling [--table DIR]     writes lrdoctor/live/early.toml
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from lrdoctor.engine import diagnose_run
from lrdoctor.records import Verdict
from lrdoctor.trials.grid import TABLE, load_grid
from lrdoctor.trials.views import Look, make_run

__all__ = ["PARTS", "count", "to_toml"]

PARTS = (0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85)
"""Shares of the budget at which runs are looked at before they end."""
TARGET = Path(__file__).parent.parent / "live" / "early.toml"
_PRIOR = 4.0
"""Cases that the mean over all verdicts counts for, so that a rare verdict is not taken at its word."""

Counts = Counter[tuple[float, Verdict, bool]]


def count(paths: list[Path]) -> Counts:
    """Runs by part, verdict there, and whether that is the verdict on the whole run."""
    counts: Counts = Counter()
    for number, path in enumerate(paths, 1):
        print(f"\r{number}/{len(paths)} grids", end="", file=sys.stderr, flush=True)
        grid = load_grid(path)
        for member in range(grid.members):
            last = diagnose_run(make_run(grid, member)).verdict
            for part in PARTS:
                early = diagnose_run(make_run(grid, member, Look(cut=part))).verdict
                counts[part, early, early is last] += 1
    print(file=sys.stderr)
    return counts


def to_toml(counts: Counts) -> str:
    """The table as the monitor reads it: for each verdict, the chance that it stays, at each of `PARTS`."""
    runs = sum(number for (part, _, _), number in counts.items() if part == PARTS[0])
    lines = [
        f"# {runs:,} recorded trial runs: of those that were called so at this share of their budget, the share that",
        "# was called so at the end. Written by `python -m lrdoctor.trials.foretelling`.",
        f"part = [{', '.join(f'{part:g}' for part in PARTS)}]",
        "",
        "[stays]",
    ]
    for verdict in Verdict:
        row = []
        for part in PARTS:
            whole = [sum(counts[part, other, kept] for other in Verdict) for kept in (False, True)]
            here = [counts[part, verdict, kept] for kept in (False, True)]
            row.append((here[1] + _PRIOR * whole[1] / sum(whole)) / (sum(here) + _PRIOR))
        lines.append(f"{verdict} = [{', '.join(f'{share:.2f}' for share in row)}]")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, default=TABLE, metavar="DIR", help="recorded grids")
    TARGET.write_text(to_toml(count(sorted(parser.parse_args().table.glob("*.npz")))), encoding="utf-8")


if __name__ == "__main__":
    main()
