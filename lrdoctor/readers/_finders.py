"""What learning-rate finders leave in memory, as the rates and losses of a ramp.

They are known by what they have, never by importing them. Their losses are moving averages, which are late by tens of
steps; as the average is a plain recursion, the losses themselves can be had back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lrdoctor.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_HEAVY = 0.98
"""Share of the past in the averages of fastai and Lightning."""
_LIGHT = 0.95
"""Share of the past in those of torch-lr-finder and ignite (`smooth_f` 0.05)."""
_RATES, _LOSSES = ("lr", "lrs", "learning_rate", "learning_rates"), ("loss", "losses", "train_loss")


class Found(NamedTuple):
    """Rates and losses, float64 [n] each, and what was done to them, a sentence each."""

    lr: Floats
    loss: Floats
    notes: tuple[str, ...] = ()


def ramp_from_object(thing: Any) -> Found | None:
    """Rates and losses of a range test in memory; None if the object is not of these kinds.

    Parameters
    ----------
    thing
        A pair ``(rates, losses)``; a dict of both; Lightning's `_LRFinder` or its `results`; a fastai `Recorder` or
        its `Learner`; a `torch_lr_finder.LRFinder`, an ignite `FastaiLRFinder` or its `get_results()`.

    Raises
    ------
    UsageError
        It is of these kinds, and holds no range test: nothing was run, or rates and losses differ in number.
    """
    if isinstance(thing, type):
        return None
    if isinstance(thing, tuple | list) and len(thing) == 2 and all(map(_is_curve, thing)):
        return _found(*thing)
    if isinstance(thing, Mapping):
        return _from_mapping(thing)
    recorder = getattr(thing, "recorder", thing)
    if hasattr(recorder, "lrs") and hasattr(recorder, "losses"):
        return _without_average(_found(recorder.lrs, recorder.losses), "fastai", _HEAVY, started=0)
    results = getattr(thing, "results", None)
    if isinstance(results, Mapping) and hasattr(thing, "suggestion"):
        return _from_lightning(_from_mapping(results, "the finder has not been run"))
    for name in ("history", "_history"):
        history = getattr(thing, name, None)
        if isinstance(history, Mapping) and "lr" in history and not hasattr(thing, "epoch"):
            return _without_average(_from_mapping(history, "the finder has not been run"), "the finder", _LIGHT)
    return None


def _from_mapping(content: Mapping[Any, Any], empty: str = "") -> Found | None:
    rates, losses = (next((content[name] for name in names if name in content), None) for names in (_RATES, _LOSSES))
    if not (_is_curve(rates) and _is_curve(losses)):
        if empty:
            raise UsageError(f"no range test in this object: {empty}")
        return None
    found = _found(rates, losses)
    return _from_lightning(found) if _counted_from_two(found.loss) else found


def _is_curve(thing: Any) -> bool:
    if isinstance(thing, str | bytes | Mapping) or not (hasattr(thing, "__array__") or isinstance(thing, Sequence)):
        return False
    return not any(isinstance(item, str | Mapping) for item in (thing if isinstance(thing, Sequence) else ()))


def _found(rates: Any, losses: Any) -> Found:
    lr, loss = _array(rates, "learning rates"), _array(losses, "losses")
    if lr.size != loss.size:
        raise UsageError(f"{lr.size} learning rates and {loss.size} losses: there must be a loss for each rate")
    return Found(lr, loss)


def _array(values: Any, what: str) -> Floats:
    """A list, an array or a tensor (also a list of tensors) as float64 [n]."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    try:
        whole = isinstance(values, np.ndarray) and values.dtype.kind in "fiu"
        array = np.array(values if whole else [_number(value) for value in values], dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):  # torch has the last one for a tensor of several numbers
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise UsageError(f"the {what} are not a list of numbers")
    return array


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value.item() if hasattr(value, "item") else value)


def _counted_from_two(loss: Floats) -> bool:
    """Whether averages begin as Lightning's do: it divides by 1 - b^2 where only one loss is in, so that the first
    averages are 1/2, 2/3, 3/4, ... of the loss."""
    first = loss[:6]
    if loss.size < 20 or not np.isfinite(first).all() or first[0] <= 0.0:
        return False
    count = np.arange(1, 7)
    levels = first * (count + 1) / count
    return bool(np.ptp(first[:3]) > 0.2 * first[2] and np.ptp(levels) < 0.15 * levels.mean())


def _from_lightning(found: Found | None) -> Found:
    if found is None:
        raise UsageError("no range test in this object: the finder has not been run")
    started = 1 if _counted_from_two(found.loss) else 0
    return _without_average(found, "Lightning", _HEAVY, started=started)


def _without_average(found: Found | None, who: str, share: float, started: int | None = None) -> Found:
    """Losses before a moving average s_k = share s_(k-1) + (1 - share) x_k.

    Parameters
    ----------
    share
        Of the past.
    started
        s_k begins at zero and was divided by 1 - share^(k + 1 + started); None: it begins at the first loss.

    Returns
    -------
    As they were where the result would not be losses: the average was another one, or none.
    """
    if found is None or found.loss.size < 3:
        raise UsageError("no range test in this object: the finder has not been run")
    loss = found.loss
    k = np.arange(loss.size)
    raw = loss if started is None else loss * (1.0 - share ** (k + 1 + started))
    before = np.concatenate([[raw[0] if started is None else 0.0], raw[:-1]])
    with np.errstate(invalid="ignore", over="ignore"):
        undone = (raw - share * before) / (1.0 - share)
    finite = np.isfinite(loss) & np.isfinite(undone)
    low, high = loss[finite].min(initial=0.0), undone[finite].min(initial=0.0)
    if low >= 0.0 > high:
        return found
    note = f"The losses of {who} are moving averages ({share:g} of the past); what they were made of was computed back."
    return Found(found.lr, undone, (*found.notes, note))
