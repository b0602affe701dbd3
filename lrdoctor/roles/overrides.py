"""Roles that the user gives: TAG=ROLE, where TAG may be a pattern."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lrdoctor.errors import ConfigError
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BY_USER = "set by the user"
"""How the reason of a role begins that was given by the user; such a curve is preferred over any other."""
_TAGS_REMEMBERED = 10_000


def parse_role(name: str) -> Role:
    """A role by its name, in any case, with - or _ or a space.

    Raises
    ------
    ConfigError
        There is no such role; the message names close matches.
    """
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    try:
        return Role(wanted)
    except ValueError:
        names = [role.value for role in Role]
        hint = _closest(wanted, names) or "one of " + ", ".join(names)
        raise ConfigError(f"unknown role {name!r}: did you mean {hint}?") from None


class RoleOverrides:
    """Roles given by the user, over any number of runs; remembers which of them were of use.

    Parameters
    ----------
    roles
        Role name by tag or by pattern (``*``, ``?``, ``[...]``; ``*`` matches a slash too).

    Raises
    ------
    ConfigError
        A role is unknown.
    """

    def __init__(self, roles: Mapping[str, str]) -> None:
        self._roles = {pattern: parse_role(name) for pattern, name in roles.items()}
        self._used: set[str] = set()
        self._tags: dict[str, None] = {}

    def resolve(self, tags: Iterable[str]) -> dict[str, tuple[Role, str]]:
        """Role and pattern by tag, for one run; the tag itself beats a pattern, the first pattern wins."""
        found: dict[str, tuple[Role, str]] = {}
        if not self._roles:
            return found
        for tag in tags:
            if len(self._tags) < _TAGS_REMEMBERED:
                self._tags[tag] = None
            matching = [p for p in self._roles if p == tag or fnmatchcase(tag, p)]
            self._used.update(matching)
            if matching:
                pattern = tag if tag in matching else matching[0]
                found[tag] = self._roles[pattern], pattern
        return found

    def unused(self) -> tuple[str, ...]:
        """Tags and patterns that have matched no curve of any run so far."""
        return tuple(pattern for pattern in self._roles if pattern not in self._used)

    def check(self) -> None:
        """Refuse what has matched nothing.

        Raises
        ------
        ConfigError
            Naming it, with close matches among the tags that were seen.
        """
        for pattern in self.unused():
            known = list(self._tags)
            close = _closest(pattern, known)
            listed = ", ".join(map(repr, known[:8])) + (", ..." if len(known) > 8 else "")
            hint = (
                f"did you mean {close}?"
                if close
                else f"there are {listed}"
                if known
                else "there are no curves"
            )
            raise ConfigError(f"no curve matches {pattern!r} (role {self._roles[pattern].value}): {hint}")


def _closest(word: str, known: list[str]) -> str:
    import difflib

    lower = {name.lower(): name for name in reversed(known)}
    close = difflib.get_close_matches(word.lower(), lower, n=3, cutoff=0.5)
    return " or ".join(repr(lower[name]) for name in close)
