"""Fit the dose: from the description of a log to how each candidate factor would do, and its calibration."""

from __future__ import annotations

import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdoctor.prescribing.features import NAMES
from lrdoctor.prescribing.network import LONG, MISSING, SHORT, Ramps
from lrdoctor.prescribing.response import OFFSETS, RATE, density, interval, load_experts
from lrdoctor.trials.dataset import SCORES
from lrdoctor.trials.grid import LARGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lrdoctor.prescribing.response import Sharpness
    from lrdoctor.trials.dataset import Rows

__all__ = ["MODEL_PATH", "Settings", "fit", "folds", "held_out", "sharpness", "targets", "write_model"]

_STEPS = NAMES.index("log10 steps")
_TOLD = SCORES.index("validation fine") + 1
"""Where the scores begin that networks are taught and not asked for."""
MODEL_PATH = Path(__file__).parent.parent / "prescribing" / "dose.npz"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the networks are trained; chosen on held-out families."""

    members: int = 4
    ramps: int = 16
    long_ramps: int = 8
    """Of each feature, between as many quantiles and one more; and for the long expert, which has fewer runs."""
    taught: bool = True
    """Whether more is taught than is asked for (`lessons`); not to the long expert, whose answers for public grids got
    worse."""
    width: int = 64
    epochs: int = 12
    batch_size: int = 512
    rate: float = 4e-3
    weight_decay: float = 1e-3
    dropout: float = 0.15
    noise: float = 0.2
    long_noise: float = 0.1
    """Standard deviation of the noise on the ramps while training, and for the long expert."""
    short_budget: int = 3_200
    long_budget: int = 1_200
    """Longest budget that the short expert is fitted on, and shortest of the long one, above that of the drawn tasks;
    public grids belong to the long."""
    public_weight: float = 4.0
    large_weight: float = 4.0
    """Rows of public grids and of the larger drawn tasks count this much more in the long expert: there are few of
    them, and they are most like what people train."""
    folds: int = 8
    """Of the families of the trials; each public problem is asked about alone."""
    seed: int = 0


def targets(rows: Rows, public: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Near and fine, [n, 2 x len(OFFSETS)]: notions of success averaged; the public grids are ranked by training
    loss."""
    scores = rows.scores.astype(np.float32)
    near = np.where(public[:, None], scores[:, 0], (scores[:, 0] + scores[:, 2] + scores[:, 3]) / 3)
    fine = np.where(public[:, None], scores[:, 1], (2 * scores[:, 1] + scores[:, 4]) / 3)
    return np.concatenate([near, fine], axis=1)


def lessons(rows: Rows, public: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What networks are taught, [n, columns]: `targets`, then how much of the best reduction each factor reaches.

    Only the first are asked for later. That a rate misses the best by little or by much is known while fitting, and a
    network that has to tell it sees the logs better (multi-task learning; Caruana 1997).
    """
    return np.concatenate([targets(rows, public), rows.scores[:, _TOLD:].reshape(len(rows), -1)], 1, dtype=np.float32)


def _weights(rows: Rows, public: NDArray[np.bool_], s: Settings) -> NDArray[np.float64]:
    """A grid with ten times the rows counts three times as much, not ten."""
    _, inverse, count = np.unique(rows.grid, return_inverse=True, return_counts=True)
    large = np.char.startswith(rows.grid.astype(str), LARGE)
    weight = np.where(public, s.public_weight, np.where(large, s.large_weight, 1.0)) / np.sqrt(count[inverse])
    return np.asarray(weight / weight.mean())


def fit(rows: Rows, public: NDArray[np.bool_], s: Settings | None = None) -> dict[str, NDArray[np.generic]]:
    """Train both experts; returns the arrays of `prescribing.network.Experts`, in half precision."""
    s = s or Settings()
    short = (rows.budget <= s.short_budget) & ~public
    long = (rows.budget >= s.long_budget) | public
    arrays: dict[str, NDArray[np.generic]] = {}
    hows = replace(s, large_weight=1.0), replace(s, noise=s.long_noise, ramps=s.long_ramps, taught=False)
    for prefix, which, how in zip(("short_", "long_"), (short, long), hows, strict=True):
        arrays |= {prefix + name: array for name, array in _fit_expert(rows.take(which), public[which], how).items()}
    return arrays


def _fit_expert(rows: Rows, public: NDArray[np.bool_], s: Settings) -> dict[str, NDArray[np.generic]]:
    """Train one ensemble; returns the arrays of `prescribing.network.Ensemble`."""
    import torch

    torch.set_num_threads(1)  # the matrices are small: more would wait for one another
    known = np.where(rows.x == MISSING, np.nan, rows.x)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a feature that no row has
        centre = np.nan_to_num(np.nanmean(known, axis=0))
        ramps = Ramps.between(np.nanquantile(known, np.linspace(0.0, 1.0, s.ramps + 1), axis=0))
    x = torch.from_numpy(ramps(rows.x))
    y = torch.from_numpy(lessons(rows, public) if s.taught else targets(rows, public))
    weight = torch.from_numpy(_weights(rows, public, s).astype(np.float32))
    nets = [_train(x, y, weight, ramps.low.size, s, s.seed + member) for member in range(s.members)]
    arrays: dict[str, NDArray[np.generic]] = {
        "centre": centre.astype(np.float32), "feature": ramps.feature.astype(np.int16),
        "low": ramps.low, "width": ramps.width,
    }  # fmt: skip
    for index in range(3):
        layers = [net[3 * index] for net in nets]
        asked = 2 * OFFSETS.size if index == 2 else None
        weights = [layer.weight.detach().numpy()[:asked].T for layer in layers]
        biases = [layer.bias.detach().numpy()[None, :asked] for layer in layers]
        arrays[f"w{index}"], arrays[f"b{index}"] = (np.stack(part).astype(np.float16) for part in (weights, biases))
    return arrays


def _train(x: Any, y: Any, weight: Any, noisy: int, s: Settings, seed: int) -> Any:
    """One network, by AdamW under a one-cycle schedule; binary cross-entropy of every candidate's success. The first
    `noisy` inputs are given noise."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Linear(x.shape[1], s.width), nn.SiLU(), nn.Dropout(s.dropout), nn.Linear(s.width, s.width), nn.SiLU(),
        nn.Dropout(s.dropout), nn.Linear(s.width, y.shape[1]),
    )  # fmt: skip
    per_epoch = max(len(x) // s.batch_size, 1)
    optimizer = torch.optim.AdamW(net.parameters(), lr=s.rate, weight_decay=s.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, s.rate, total_steps=s.epochs * per_epoch)
    shaken = (torch.arange(x.shape[1]) < noisy).float()
    loss_of = nn.BCEWithLogitsLoss(reduction="none")
    for _ in range(s.epochs):
        for part in torch.randperm(len(x))[: per_epoch * s.batch_size].chunk(per_epoch):
            optimizer.zero_grad()
            seen = x[part] + shaken * s.noise * torch.randn(len(part), x.shape[1])
            loss = (loss_of(net(seen), y[part]).mean(dim=1) * weight[part]).mean()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def folds(rows: Rows, public: NDArray[np.bool_], s: Settings | None = None) -> NDArray[np.int64]:
    """The fold of each row: whole families of the trials together, then one for each family of public grids.

    Public grids are few and unlike the rest, so each is asked about with all others in the fit.
    """
    s = s or Settings()
    names = rows.family.tolist()
    outside = sorted(set(rows.family[public].tolist()))
    inside = sorted(set(names) - set(outside))
    order = np.random.default_rng(s.seed).permutation(len(inside))
    fold = {inside[k]: place % s.folds for place, k in enumerate(order)}
    fold |= {family: s.folds + place for place, family in enumerate(outside)}
    return np.array([fold[name] for name in names], np.int64)


def held_out(
    rows: Rows, public: NDArray[np.bool_], s: Settings | None = None, jobs: int = 1
) -> NDArray[np.float32]:  # fmt: skip
    """Responses for every row from a fit that has seen no row of its family; [n, 2 x len(OFFSETS)].

    The folds are fitted in `jobs` processes; how many does not change what comes out.
    """
    s = s or Settings()
    of = folds(rows, public, s)
    out = np.zeros((len(rows), 2 * OFFSETS.size), np.float32)
    numbers = np.unique(of).tolist()
    if jobs == 1:
        for number in numbers:
            out[of == number] = _apart(rows, public, of, number, s)
        return out
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        asked = [pool.submit(_apart, rows, public, of, number, s) for number in numbers]
        for number, answer in zip(numbers, asked, strict=True):
            out[of == number] = answer.result()
    return out


def _apart(
    rows: Rows, public: NDArray[np.bool_], of: NDArray[np.int64], number: int, s: Settings
) -> NDArray[np.float32]:  # fmt: skip
    """Responses for one fold from a fit on the others; 0.5 where there are no others."""
    kept = of != number
    if not kept.any():
        return np.full((len(rows), 2 * OFFSETS.size), 0.5, np.float32)
    return load_experts(fit(rows.take(kept), public[kept], s)).predict(rows.x[~kept])


def sharpness(
    rows: Rows, public: NDArray[np.bool_], responses: NDArray[np.float32], level: float = 0.8
) -> Sharpness:  # fmt: skip
    """Powers of the response at which the interval covers the best factor as often as it says, on held-out families.

    Those of long trainings are calibrated on the public grids where there are any: what is fitted on grids of small
    networks is surer of them than it should be.
    """
    blind, length = rows.x[:, RATE] == MISSING, rows.x[:, _STEPS]
    long = ~blind & (length >= LONG)
    short = ~blind & (length != MISSING) & (length <= SHORT)
    groups = (short, long & public if (long & public).any() else long, blind)
    near, far, unknown = (
        _calibrated(rows.take(which), responses[which], level)
        for which in (group if group.any() else np.ones(len(rows), bool) for group in groups)
    )
    return near, far, unknown


def _calibrated(rows: Rows, responses: NDArray[np.float32], level: float) -> float:
    rng = np.random.default_rng(0)
    sample = rng.choice(len(rows), min(len(rows), 4000), replace=False)
    best = np.clip(rows.best[sample], OFFSETS[0], OFFSETS[-1])
    tried = np.geomspace(0.5, 8.0, 25)
    covered = []
    for power in tried:
        both = responses[sample].astype(np.float64).reshape(-1, 2, OFFSETS.size)
        ends = np.array([interval(density(near, fine, power)) for near, fine in both])
        covered.append(float(np.mean((best >= ends[:, 0]) & (best <= ends[:, 1]))))
    return float(np.interp(-level, -np.array(covered), tried))


def write_model(
    rows: Rows, public: NDArray[np.bool_], power: Sharpness, path: Path = MODEL_PATH,
    s: Settings | None = None, marks: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Fit on everything and write the file that the package ships; `marks` tell later whether it is stale."""
    known = np.where(rows.x == MISSING, np.nan, rows.x)
    with np.errstate(all="ignore"):
        lowest, highest = np.nanquantile(known, [0.001, 0.999], axis=0)
    arrays: dict[str, Any] = {
        **fit(rows, public, s), "names": np.array(NAMES), "sharpness": np.array(power),
        "lowest": np.nan_to_num(lowest, nan=-np.inf), "highest": np.nan_to_num(highest, nan=np.inf), **(marks or {}),
    }  # fmt: skip
    np.savez_compressed(path, **arrays)
