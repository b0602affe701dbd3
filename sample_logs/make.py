"""Make the sample logs again: `python sample_logs/make.py [FOLDER...]`.

Every log is of a real training. Beside the training whose log is kept, each case trains at other LRs or
schedules and stops with an error unless their outcomes bear out what its `expected.json` says. All is seeded, so
that the same versions make the same curves; about ten minutes on one core.

Needs: torch==2.13.0 (CPU), scikit-learn, tensorboard, tensorflow, lightning, keras, transformers, accelerate,
wandb, pandas, pyarrow, pyyaml.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path


def main() -> None:
    """Make the folders that are named, or all of them."""
    root = Path(__file__).resolve().parent
    sys.path.insert(0, str(root))
    import torch

    from _make.cases import NAMES, make

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help=", ".join(NAMES))
    names = parser.parse_args().folders or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    for name in names:
        start = time.perf_counter()
        expected = make(name, root)
        print(f"{name:28} {time.perf_counter() - start:5.1f} s  {expected.get('trained', '')}", flush=True)


if __name__ == "__main__":
    main()
