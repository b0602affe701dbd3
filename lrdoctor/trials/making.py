"""From recorded grids to the shipped model: rows, held-out responses, calibration, fit; each kept for the next time."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor import synth
from lrdoctor.engine import Context
from lrdoctor.prescribing.features import features
from lrdoctor.trials import fitting
from lrdoctor.trials.dataset import SCORES, Rows, join, load_rows, rows_of, save_rows
from lrdoctor.trials.grid import TABLE, load_grid, load_public_grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from lrdoctor.prescribing.response import Sharpness
    from lrdoctor.trials.grid import Grid

__all__ = ["PUBLIC_ROWS", "Material", "fit_model", "gather", "probe", "table_digest"]

PUBLIC_ROWS = Path(__file__).parent / "rows" / "public.npz"
"""Rows of the public grids; their curves are not part of the repository."""
_PROBES = (synth.timid, synth.tuned, synth.reckless)


def probe() -> NDArray[np.float64]:
    """Features of a few made-up runs: they change when the way logs are described does."""
    return np.stack([features(Context(make())) for make in _PROBES])


def table_digest(table: Path = TABLE, public: Path = PUBLIC_ROWS) -> str:
    """What a model was fitted on, in one word: SHA-256 over names and contents of the grids and the public rows."""
    total = hashlib.sha256()
    for path in [*sorted(table.glob("*.npz")), public]:
        total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What models are fitted and judged on.

    Parameters
    ----------
    rows
        Of all grids.
    public
        Which of them come from public grids, bool [n].
    outputs
        Held-out responses, float32 [n, 2 x candidates].
    power
        Sharpness that calibrates their intervals.
    """

    rows: Rows
    public: NDArray[np.bool_]
    outputs: NDArray[np.float32]
    power: Sharpness

    def own(self) -> Material:
        """Without the public grids."""
        kept = ~self.public
        return Material(self.rows.take(kept), self.public[kept], self.outputs[kept], self.power)


def gather(
    table: Path = TABLE, public_dir: Path | None = None, cache: Path | None = None, jobs: int = 1
) -> Material:  # fmt: skip
    """Make rows of every grid and ask, for each, a fit that has not seen its family.

    Parameters
    ----------
    table
        Directory of recorded grids.
    public_dir
        Directory of public grids (`grid.load_public_grid`), to make their rows anew; default: those in the repository.
    cache
        Directory where rows and responses are kept, by content; default: nothing is kept.
    jobs
        How many processes fit those that judge.
    """
    if public_dir is not None:
        PUBLIC_ROWS.parent.mkdir(exist_ok=True)
        save_rows(join(_rows(sorted(public_dir.glob("*.npz")), cache, load_public_grid)), PUBLIC_ROWS)
    own = join(_rows(sorted(table.glob("*.npz")), cache, load_grid))
    foreign = load_rows(PUBLIC_ROWS)
    rows = join([own, foreign])
    public = np.arange(len(rows)) >= len(own)
    outputs = _responses(rows, public, cache, jobs)
    return Material(rows, public, outputs, fitting.sharpness(rows, public, outputs))


def _rows(paths: list[Path], cache: Path | None, load: Callable[[Path], Grid]) -> Iterator[Rows]:
    described = hashlib.sha256(np.round(probe(), 6).tobytes() + repr(SCORES).encode()).digest()
    for number, path in enumerate(paths, 1):
        print(f"\rrows of {number}/{len(paths)} grids", end="", file=sys.stderr, flush=True)
        word = hashlib.sha256(path.read_bytes() + described).hexdigest()[:16]
        kept = None if cache is None else cache / "rows" / f"{path.stem}.{word}.npz"
        if kept is not None and kept.exists():
            yield load_rows(kept)
            continue
        rows = rows_of(load(path))
        if rows is None:
            continue
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            save_rows(rows, kept)
        yield rows
    print(file=sys.stderr)


def _responses(rows: Rows, public: NDArray[np.bool_], cache: Path | None, jobs: int) -> NDArray[np.float32]:
    word = hashlib.sha256(rows.x.tobytes() + rows.scores.tobytes() + repr(fitting.Settings()).encode()).hexdigest()[:16]
    kept = None if cache is None else cache / f"held_out.{word}.npy"
    if kept is not None and kept.exists():
        return np.asarray(np.load(kept, allow_pickle=False), np.float32)
    outputs = fitting.held_out(rows, public, jobs=jobs)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, outputs.astype(np.float16))
    return outputs


def fit_model(material: Material, path: Path = fitting.MODEL_PATH, table: Path = TABLE) -> None:
    """Fit on everything and write the file that the package ships, with what tells whether it is stale."""
    marks = {"digest": np.array(table_digest(table)), "probe": probe()}
    fitting.write_model(material.rows, material.public, material.power, path, marks=marks)
