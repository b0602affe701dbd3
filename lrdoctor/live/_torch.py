"""What a torch optimizer says of itself; torch is never imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrdoctor.live._numbers import number

if TYPE_CHECKING:
    from collections.abc import Iterable

_SAID = ("momentum", "weight_decay", "nesterov", "amsgrad")


def settings(optimizers: Iterable[Any]) -> dict[str, Any]:
    """Name and settings of the first optimizer, and its rate as it is now (the initial one under a scheduler).

    Parameters
    ----------
    optimizers
        Objects with `param_groups`, as torch's.
    """
    first = next(iter(optimizers), None)
    if first is None:
        return {}
    first = getattr(first, "optimizer", first)  # wrapped, as by accelerate
    groups = first.param_groups
    leading = max(groups, key=lambda group: _rate(group, "initial_lr") or 0.0)
    said = {name: leading[name] for name in _SAID if name in leading}
    return {"optimizer": type(first).__name__, "lr": _rate(leading, "initial_lr"), **said}


def peak_rate(optimizers: Iterable[Any]) -> float | None:
    """The highest rate in force in any group; None where there is none."""
    rates = [_rate(group) for optimizer in optimizers for group in optimizer.param_groups]
    return max((rate for rate in rates if rate is not None), default=None)


def _rate(group: dict[str, Any], name: str = "lr") -> float | None:
    return number(group.get(name, group.get("lr")))
