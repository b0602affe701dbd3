"""Finds readers, rules and renderers: the package's own files, then entry points of other packages."""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from functools import cache
from typing import Any


@cache
def discover(package: str, attribute: str) -> dict[str, Any]:
    """Load every plug-in of one kind.

    Parameters
    ----------
    package
        A package of this one, e.g. ``"lrdoctor.readers"``; each public module in it holds one plug-in. Also the
        name of the entry-point group through which other packages add theirs.
    attribute
        The module attribute that is the plug-in, e.g. ``"READER"``.

    Returns
    -------
    Plug-ins by module or entry-point name, the package's own first, each group in alphabetical order.
    """
    found: dict[str, Any] = {}
    home = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(home.__path__), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package}.{info.name}")
        if hasattr(module, attribute):
            found[info.name] = getattr(module, attribute)
    for point in sorted(_entry_points().select(group=package), key=lambda point: point.name):
        try:
            found.setdefault(point.name, point.load())
        except Exception as error:  # another package's plug-in must not take the rest down
            message = f"plug-in {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}: {error}"
            warnings.warn(message, RuntimeWarning, stacklevel=2)
    return found


@cache
def _entry_points() -> Any:
    """What is installed, looked through once: that opens a file of every package.

    `EntryPoints`, or before Python 3.12 groups of them; either can `select`.
    """
    from importlib.metadata import entry_points

    return entry_points()
