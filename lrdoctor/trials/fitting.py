"""Fit the dose: a forest from the description of a log to how each candidate factor would do, and its calibration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.prescribing.features import MISSING, NAMES
from lrdoctor.prescribing.response import OFFSETS, interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.trials.dataset import Rows

__all__ = ["MODEL_PATH", "Settings", "fit", "held_out", "targets", "write_model"]

MODEL_PATH = Path(__file__).parent.parent / "prescribing" / "dose.npz"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the forest is grown; chosen on held-out families."""

    trees: int = 60
    leaves: int = 900
    min_leaf: int = 3
    share_of_features: float = 0.35
    rank: int = 12
    """Response curves are combinations of this many shapes (principal components)."""
    public_weight: float = 3.0
    """Rows of public, long grids count this much more: there are few of them."""
    folds: int = 6
    seed: int = 0


def targets(rows: Rows, public: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Near and fine, [n, 2 x len(OFFSETS)]: notions of success averaged; the public grids are ranked by training loss."""
    scores = rows.scores.astype(np.float32)
    near = np.where(public[:, None], scores[:, 0], (scores[:, 0] + scores[:, 2] + scores[:, 3]) / 3)
    fine = np.where(public[:, None], scores[:, 1], (2 * scores[:, 1] + scores[:, 4]) / 3)
    return np.concatenate([near, fine], axis=1)


def _weights(rows: Rows, public: NDArray[np.bool_], s: Settings) -> NDArray[np.float64]:
    """A grid with ten times the rows counts three times as much, not ten."""
    _, inverse, count = np.unique(rows.grid, return_inverse=True, return_counts=True)
    weight = np.where(public, s.public_weight, 1.0) / np.sqrt(count[inverse])
    return np.asarray(weight / weight.mean())


def fit(rows: Rows, public: NDArray[np.bool_], s: Settings | None = None) -> dict[str, NDArray[np.generic]]:
    """Grow the forest; returns the arrays of `prescribing.forest.Forest`."""
    from sklearn.ensemble import ExtraTreesRegressor

    s = s or Settings()
    y = targets(rows, public)
    mean = y.mean(axis=0)
    _, _, shapes = np.linalg.svd((y - mean)[:: max(1, len(y) // 8000)], full_matrices=False)
    basis = shapes[: s.rank]
    model = ExtraTreesRegressor(
        s.trees, max_leaf_nodes=s.leaves, min_samples_leaf=s.min_leaf, max_features=s.share_of_features,
        random_state=s.seed, n_jobs=-1,
    ).fit(rows.x, np.column_stack([(y - mean) @ basis.T, rows.best]), sample_weight=_weights(rows, public, s))  # fmt: skip
    return _export(model, basis.astype(np.float32), mean.astype(np.float32))


def _export(model: object, basis: NDArray[np.float32], mean: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    """Flatten the trees breadth first, so that the right child follows the left; leaves to int8."""
    roots, features, thresholds, children, centres, values = [], [], [], [], [], []
    for estimator in model.estimators_:  # type: ignore[attr-defined]
        tree = estimator.tree_
        order = [0]
        for node in order:  # grows while it is walked
            if tree.children_left[node] != -1:
                order += [int(tree.children_left[node]), int(tree.children_right[node])]
        place = {node: len(features) + index for index, node in enumerate(order)}
        roots.append(len(features))
        for node in order:
            value = tree.value[node][:, 0]
            leaf = tree.children_left[node] == -1
            features.append(255 if leaf else int(tree.feature[node]))
            thresholds.append(0.0 if leaf else float(tree.threshold[node]))
            children.append(len(values) if leaf else place[int(tree.children_left[node])])
            centres.append(float(value[-1]))
            if leaf:
                values.append(value[:-1])
    leaves = np.array(values)
    scale = np.abs(leaves).max(axis=0) / 127
    return {
        "roots": np.array(roots, np.int32), "feature": np.array(features, np.uint8),
        "threshold": np.array(thresholds, np.float32), "child": np.array(children, np.int32),
        "leaves": np.rint(leaves / scale).astype(np.int8), "scale": scale.astype(np.float32), "basis": basis,
        "mean": mean, "centre": np.array(centres, np.float16),
    }  # fmt: skip


def held_out(rows: Rows, public: NDArray[np.bool_], s: Settings | None = None) -> NDArray[np.float32]:
    """Responses for every row from a forest that has seen no row of its family; [n, 2 x len(OFFSETS)]."""
    from lrdoctor.prescribing.forest import Forest

    s = s or Settings()
    families = sorted(set(rows.family.tolist()))
    order = np.random.default_rng(s.seed).permutation(len(families))
    fold = {families[k]: index % s.folds for index, k in enumerate(order)}
    of = np.array([fold[family] for family in rows.family.tolist()])
    out = np.zeros((len(rows), 2 * OFFSETS.size), np.float32)
    for number in range(s.folds):
        kept, asked = of != number, np.flatnonzero(of == number)
        forest = Forest.load(fit(rows.take(kept), public[kept], s))
        out[asked] = np.clip(np.stack([forest.predict(rows.x[row].astype(np.float64))[0] for row in asked]), 0, 1)
    return out


def sharpness(rows: Rows, responses: NDArray[np.float32], level: float = 0.8) -> float:
    """Power of the response at which the interval covers the best factor as often as it says, on held-out families."""
    rng = np.random.default_rng(0)
    sample = rng.choice(len(rows), min(len(rows), 4000), replace=False)
    best = np.clip(rows.best[sample], OFFSETS[0], OFFSETS[-1])
    tried = np.geomspace(0.5, 8.0, 25)
    covered = []
    for power in tried:
        ends = np.array([interval(*responses[row].astype(np.float64).reshape(2, -1), power) for row in sample])
        covered.append(float(np.mean((best >= ends[:, 0]) & (best <= ends[:, 1]))))
    return float(np.interp(-level, -np.array(covered), tried))


def write_model(rows: Rows, public: NDArray[np.bool_], power: float, path: Path = MODEL_PATH, s: Settings | None = None) -> None:
    """Fit on everything and write the file that the package ships."""
    known = np.where(rows.x == MISSING, np.nan, rows.x)
    with np.errstate(all="ignore"):
        lowest, highest = np.nanquantile(known, [0.001, 0.999], axis=0)
    np.savez_compressed(
        path, names=np.array(NAMES), sharpness=np.float64(power), lowest=np.nan_to_num(lowest, nan=-np.inf),
        highest=np.nan_to_num(highest, nan=np.inf), **fit(rows, public, s),
    )  # fmt: skip
