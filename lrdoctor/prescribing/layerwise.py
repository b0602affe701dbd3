"""Layer-wise learning rates: lower from the output down to the input, for fine-tuning and very deep networks."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import UsageError
from lrdoctor.wording import figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST = 10_000
"""More layers than that are a slip, such as the number of parameters."""

_CODE = """\
import torch

rates = {{
{rows}
}}
rest = {rest!r}  # parameters of none of these layers
groups = {{layer: {{"params": [], "lr": rate, "name": layer}} for layer, rate in rates.items()}}
groups["rest"] = {{"params": [], "lr": rest, "name": "rest"}}
for name, parameter in model.named_parameters():
    if parameter.requires_grad:
        inside = [layer for layer in rates if name == layer or name.startswith(layer + ".")]
        groups[max(inside, key=len, default="rest")]["params"].append(parameter)
optimizer = torch.optim.{optimizer}([group for group in groups.values() if group["params"]], lr={base!r})
"""


@dataclass(frozen=True, slots=True)
class Layerwise:
    """A learning rate for each layer, from the input to the output.

    Parameters
    ----------
    base
        Rate of the last layer.
    decay
        Factor from each layer to the one below it.
    layers
        Names, the input's first.
    rates
        One for each layer.
    head
        Rate of what lies above the last layer, such as a new head.
    """

    base: float
    decay: float
    layers: tuple[str, ...]
    rates: tuple[float, ...]
    head: float

    def __len__(self) -> int:
        return len(self.rates)

    def __iter__(self) -> Iterator[float]:
        return iter(self.rates)

    def __getitem__(self, layer: str | int) -> float:
        """The rate of a layer, by its name or by its place."""
        return self.rates[layer] if isinstance(layer, int) else self.as_dict()[layer]

    def as_dict(self) -> dict[str, float]:
        """Rate by layer."""
        return dict(zip(self.layers, self.rates, strict=True))

    def code(self, optimizer: str = "AdamW") -> str:
        """PyTorch code that gives the parameters of ``model`` these rates.

        A parameter belongs to the layer whose name its own begins with, the longest one if several do; what belongs to
        none gets the rate of the head. A scheduler multiplies all groups alike, so the ratios last.

        Parameters
        ----------
        optimizer
            A class of `torch.optim`.

        Raises
        ------
        UsageError
            `optimizer` is no name of a class.
        """
        if not re.fullmatch(r"[A-Za-z_]\w*", optimizer):
            raise UsageError(f"optimizer {optimizer!r}: name a class of torch.optim, e.g. 'AdamW'")
        rows = "\n".join(f"    {name!r}: {rate!r}," for name, rate in self.as_dict().items())
        return _CODE.format(rows=rows, rest=self.head, optimizer=optimizer, base=self.base)

    def __repr__(self) -> str:
        width = max(map(len, self.layers))
        rows = [f"  {name.ljust(width)}  {figure(rate)}" for name, rate in self.as_dict().items()]
        above = "" if self.head == self.base else f", {figure(self.head)} above them"
        return "\n".join(
            [f"{len(self)} layers, {figure(self.decay)} times the rate from one to the next{above}", *rows]
        )


def layerwise(base: float, layers: int | Sequence[str] | Any, *, decay: float = 0.8, head: float = 1.0) -> Layerwise:
    """Compute layer-wise learning rates, ``base * decay ** (L - l)`` for layer l of L.

    Parameters
    ----------
    base
        Rate of the last layer, the one next to the output.
    layers
        Names of the layers, the input's first, as the names of their parameters begin (``"encoder.layer.0"``); a
        PyTorch module, whose children are taken in their order; or how many there are.
    decay
        Factor from each layer to the one below it: 0.5 to 0.9 are in use, 1 is a uniform rate.
    head
        Factor on `base` for parameters of none of the layers: 10 to 100 for a new head on a pretrained body.

    Raises
    ------
    UsageError
        A number is out of range, or there is no layer, or two have one name.

    References
    ----------
    Howard & Ruder 2018 (ULMFiT, 1/2.6 from layer to layer); Clark et al. 2020 (ELECTRA, 0.8); Bao et al. 2022 (BEiT,
    0.65 to 0.75).

    Examples
    --------
    >>> [round(rate, 6) for rate in layerwise(1e-3, 3, decay=0.5)]
    [0.00025, 0.0005, 0.001]
    """
    if not (math.isfinite(base) and base > 0):
        raise UsageError(f"base {base!r}: a learning rate is a number above zero")
    if not 0 < decay <= 1:
        raise UsageError(f"decay {decay!r}: the factor from layer to layer lies above 0 and is at most 1; try 0.8")
    if not (math.isfinite(head) and head > 0):
        raise UsageError(f"head {head!r}: a factor above zero, e.g. 10 for a new head")
    names = _names(layers)
    last = len(names) - 1
    rates = tuple(_rounded(base * decay ** (last - place)) for place in range(last + 1))
    if not rates[0] > 0:
        raise UsageError(f"{decay:g} to the power of {last} leaves nothing of the rate: use a decay closer to 1")
    return Layerwise(base=float(base), decay=float(decay), layers=names, rates=rates, head=_rounded(base * head))


def _names(layers: Any) -> tuple[str, ...]:
    if hasattr(layers, "named_children"):
        names = tuple(name for name, _ in layers.named_children())
    elif isinstance(layers, int) and not isinstance(layers, bool):
        if not 1 <= layers <= _MOST:
            raise UsageError(f"layers {layers}: a number from 1 to {_MOST:,}, or the names of the layers")
        names = tuple(str(number) for number in range(layers))  # as the children of a Sequential are named
    elif isinstance(layers, str):
        raise UsageError(f"layers {layers!r}: give a list of names, or a number")
    else:
        names = tuple(str(name) for name in layers)
    if not names:
        raise UsageError("there is no layer")
    if len(set(names)) < len(names):
        raise UsageError("two layers have the same name")
    return names


def _rounded(rate: float) -> float:
    """Six digits: the code stays readable, and no rate needs more."""
    return float(f"{rate:.6g}")
