"""Finds readers, rules and renderers: the package's own files, then entry points of other packages."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


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
    for point in sorted(declared(package), key=lambda point: point.name):
        try:
            found.setdefault(point.name, point.load())
        except Exception as error:  # another package's plug-in must not take the rest down
            message = f"plug-in {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}: {error}"
            warnings.warn(message, RuntimeWarning, stacklevel=2)
    return found


def named(package: str, attribute: str, name: str) -> Any | None:
    """One plug-in by its name, without loading the others where it is one of the package's own; None if there is none.

    Parameters
    ----------
    package, attribute
        As for `discover`.
    name
        Of the module or the entry point.
    """
    home = importlib.import_module(package)
    own = {info.name for info in pkgutil.iter_modules(home.__path__) if not info.name.startswith("_")}
    if name in own:
        return getattr(importlib.import_module(f"{package}.{name}"), attribute, None)
    return discover(package, attribute).get(name)


def declared(group: str) -> list[EntryPoint]:
    """What other packages have declared in a group."""
    if not _any_declared():
        return []
    from importlib.metadata import entry_points

    return list(entry_points(group=group))


@cache
def _any_declared() -> bool:
    """Whether any installed package declares a plug-in of ours; mostly none does.

    To import `importlib.metadata` (mail, sockets and calendars with it) and let it look through 93 packages took 25 to
    35 ms, to look into their lists of entry points here 1 ms. What is no directory, such as a zip file, is left to it.
    """
    for place in map(Path, sys.path):
        if place.is_file():
            return True
        for folder in ("*-info", "EGG-INFO"):
            for declaring in place.glob(f"{folder}/entry_points.txt"):
                with contextlib.suppress(OSError):
                    if b"[lrdoctor." in declaring.read_bytes():
                        return True
    return False
