"""Numbers and places as a reader of reports wants them: few digits, 5.6e-4 rather than 0.00056, no 1e+02."""

from __future__ import annotations

import math


def figure(value: float, digits: int = 3) -> str:
    """A number with `digits` significant digits: ``0.018``, ``5.6e-4``, ``12,400``, ``NaN``, ``-inf``."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -3 <= power < 6:
        rounded = float(f"{mantissa}e{exponent}")
        decimals = max(0, digits - 1 - power)
        text = f"{rounded:,.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{power}"


def percent(share: float) -> str:
    """A share of 1 as ``81 %``; never 0 % or 100 % of what is merely close to it."""
    rounded = round(100 * share)
    if rounded == 0 and share > 0:
        return "<1 %"
    if rounded == 100 and share < 1:
        return ">99 %"
    return f"{rounded} %"


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 run``, ``1,204 runs``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def share(part: float) -> str:
    """A share of 1 within a sentence: ``81 %``, ``less than 1 %``, ``130 %``, ``12 times``."""
    if part > 9.995:
        return times(part)
    return percent(max(part, 0.0)).replace("<", "less than ").replace(">", "more than ")


def times(ratio: float) -> str:
    """A ratio within a sentence: ``2.5 times``, ``2,300 times``, ``2.3e6 times``."""
    return f"{figure(ratio, 2)} times" if math.isfinite(ratio) else "countless times"


def at(step: int, unit: str) -> str:
    """A place in a run: ``step 1,200``, ``epoch 9``."""
    return f"{unit} {step:,}"
