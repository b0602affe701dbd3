"""Time and memory of a directory that holds very many files, most of them empty, beside one log.

    python tests/benchmarks/bench_many_files.py [--files 100000]

Three kinds: names that no reader wants, names of tables, names of event files. Seconds and peak memory of the child
process, start of Python included.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHILD = "import sys; from lrdoctor.cli import main; main(['diagnose', sys.argv[1], '-q'])"
KINDS = {"unwanted": "{}.dat", "tables": "{}.csv", "events": "events.out.tfevents.{}.host"}


def main() -> None:
    """Make the directories, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    count = parser.parse_args().files
    for kind, name in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            rows = "".join(f"{k},{2 / (k + 1) + 0.1}\n" for k in range(200))
            (home / "metrics.csv").write_text("step,train_loss\n" + rows)
            for number in range(count):
                (home / name.format(number)).touch()
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", CHILD, folder], check=True, capture_output=True)
            took = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
        print(f"{kind:10} {count:9,} files {took:7.1f} s {1e6 * took / count:7.0f} us each, peak so far {peak:5} MB")


if __name__ == "__main__":
    main()
