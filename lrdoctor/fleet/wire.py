"""What was said about a run as bytes: what comes back from other processes and machines, and what a cache keeps.

Msgpack by msgspec: reading such bytes runs no code, whoever wrote them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from lrdoctor.cleaning import encodable
from lrdoctor.fleet.thinning import thin

# msgspec looks the types up when the classes are made.
from lrdoctor.records import Finding, Hyperparameter, Plan, Role, Run, RunDiagnosis, Series, Skip, Unreadable, Verdict
from lrdoctor.records.series import StepUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

_INT64 = 2**63


class _Curve(msgspec.Struct, frozen=True, array_like=True):
    tag: str
    role: Role | None
    role_reason: str
    unit: StepUnit
    points: int
    step: bytes
    value: bytes


class _Said(msgspec.Struct, frozen=True, array_like=True, tag=True):
    id: str
    source: str
    format: str
    curves: list[_Curve]
    hyperparameters: dict[str, Hyperparameter]
    notes: tuple[str, ...]
    verdict: Verdict
    findings: tuple[Finding, ...]
    plan: Plan
    skips: bytes
    masked: tuple[tuple[Finding, str], ...]


class _Lost(msgspec.Struct, frozen=True, array_like=True, tag=True):
    source: str
    error: str


_ENCODER = msgspec.msgpack.Encoder(enc_hook=lambda value: value.item() if isinstance(value, np.generic) else str(value))
_DECODER = msgspec.msgpack.Decoder(list[_Said | _Lost])
_SKIPS = msgspec.msgpack.Decoder(tuple[Skip, ...])


def encode(items: Sequence[RunDiagnosis | Unreadable]) -> bytes:
    """Bytes for what was said about the runs of a bundle, with curves thinned."""
    wired = [_said(item) if isinstance(item, RunDiagnosis) else _Lost(item.source, item.error) for item in items]
    try:
        return _ENCODER.encode(wired)
    except UnicodeEncodeError:  # a name that is no UTF-8, anywhere
        plain = msgspec.to_builtins(wired, builtin_types=(bytes,), enc_hook=str)
        return _ENCODER.encode(_without_surrogates(plain))


def decode(data: bytes) -> list[RunDiagnosis | Unreadable]:
    """The inverse of `encode`.

    Raises
    ------
    msgspec.MsgspecError
        The bytes are damaged or of another version.
    """
    return [
        Unreadable(source=item.source, error=item.error) if isinstance(item, _Lost) else _diagnosis(item)
        for item in _DECODER.decode(data)
    ]


def _said(said: RunDiagnosis) -> _Said:
    run = thin(said.run)
    return _Said(
        id=run.id,
        source=run.source,
        format=run.format,
        curves=[_curve(series) for series in run.series.values()],
        hyperparameters={str(name): _plain(value) for name, value in run.hyperparameters.items()},
        notes=run.notes,
        verdict=said.verdict,
        findings=said.findings,
        plan=said.plan,
        skips=_packed(said.skips),
        masked=said.masked,
    )


def _curve(series: Series) -> _Curve:
    step, value = series.step.astype("<i8", copy=False), series.value.astype("<f8", copy=False)
    return _Curve(
        series.tag, series.role, series.role_reason, series.unit, series.points, step.tobytes(), value.tobytes()
    )


def _packed(skips: tuple[Skip, ...]) -> bytes:
    """Skips by themselves: those of most runs are the same, and are unpacked once."""
    return _ENCODER.encode([Skip(code=skip.code, reason=encodable(skip.reason)) for skip in skips])


@lru_cache(maxsize=4096)
def _skips(data: bytes) -> tuple[Skip, ...]:
    return _SKIPS.decode(data)


def _plain(value: Any) -> Hyperparameter:
    """A hyperparameter as msgpack can carry it; a whole number beyond 64 bits as its digits."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _diagnosis(item: _Said) -> RunDiagnosis:
    series = {
        curve.tag: Series(
            tag=curve.tag,
            step=np.frombuffer(curve.step, "<i8"),
            value=np.frombuffer(curve.value, "<f8"),
            role=curve.role,
            role_reason=curve.role_reason,
            unit=curve.unit,
            logged=curve.points,
        )
        for curve in item.curves
    }
    run = Run(
        id=item.id,
        source=item.source,
        format=item.format,
        series=series,
        hyperparameters=item.hyperparameters,
        notes=item.notes,
    )
    return RunDiagnosis(
        run=run,
        verdict=item.verdict,
        findings=item.findings,
        plan=item.plan,
        skips=_skips(item.skips),
        masked=item.masked,
    )


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
