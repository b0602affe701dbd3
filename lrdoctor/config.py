"""What the user has settled beforehand: `lrdoctor.toml`, or `[tool.lrdoctor]` in pyproject.toml."""

from __future__ import annotations

import copy
import typing
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lrdoctor.errors import ConfigError
from lrdoctor.records import Role  # noqa: TC001 - msgspec looks it up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FailLevel = Literal["any", "info", "warning", "error", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of a diagnosis; every key may also be left out.

    Parameters
    ----------
    select, ignore
        Rules to run and to leave out: codes, prefixes of codes (``OSC``), names or ``ALL``. Nothing selected
        means all; where both lists match a rule, the more specific entry wins, and `ignore` wins a tie.
    roles
        Role by tag or pattern of tags, for curves whose name does not say what they are.
    rules
        Changed thresholds: by code or name of the rule, then by field of its settings.
    fail_on
        Mildest severity that makes the command line exit with status 1; ``any`` counts unreadable files too.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    roles: dict[str, Role] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    fail_on: FailLevel | None = None

    def selecting(self, select: Iterable[str], ignore: Iterable[str]) -> Config:
        """The same with rules chosen on top: `select` replaces what was selected, `ignore` adds to it."""
        select = tuple(select) or self.select
        return replace(self, select=select, ignore=(*self.ignore, *ignore))

    @property
    def chooses(self) -> bool:
        """Whether anything is said of rules."""
        return bool(self.select or self.ignore or self.rules)

    def wants(self, code: str, name: str = "") -> bool:
        """Answer whether a rule is to be run."""
        chosen = max((_match(entry, code, name) for entry in self.select), default=0)
        dropped = max((_match(entry, code, name) for entry in self.ignore), default=-1)
        return chosen >= 0 and chosen > dropped

    def settings(self, rule: Any) -> Any:
        """A rule's settings with the changes of this configuration.

        Raises
        ------
        ConfigError
            A setting is unknown, or its value is of the wrong type or refused by the settings themselves.
        """
        settings = rule.settings
        for entry in (rule.name, rule.code):
            if entry in self.rules:
                settings = _changed(settings, self.rules[entry], f"rules.{entry}")
        return settings

    def apply(self, rules: Iterable[Any]) -> list[Any]:
        """The rules to run, with their changed settings.

        Raises
        ------
        ConfigError
            As `check`.
        """
        rules = list(rules)
        self.check(rules)
        return [self._changed(rule) for rule in rules if self.wants(rule.code, rule.name)]

    def _changed(self, rule: Any) -> Any:
        if not {rule.code, rule.name} & self.rules.keys():
            return rule
        changed = copy.copy(rule)
        changed.settings = self.settings(rule)
        return changed

    def check(self, rules: Iterable[Any]) -> None:
        """Refuse entries that name no rule and settings that no rule has.

        Raises
        ------
        ConfigError
            With the entry, and the closest name that exists.
        """
        rules = list(rules)
        for key, entries in (("select", self.select), ("ignore", self.ignore)):
            for entry in entries:
                if not find_rules(rules, entry):
                    raise ConfigError(f"{key}: no rule matches {entry!r}{suggestion(entry, _names(rules))}")
        for entry in self.rules:
            if entry not in _names(rules):
                raise ConfigError(f"rules: there is no rule {entry!r}{suggestion(entry, _names(rules))}")
        for rule in rules:
            self.settings(rule)


def find_rules(rules: Iterable[Any], entry: str) -> list[Any]:
    """The rules that a code, a prefix of codes, a name or ``ALL`` stands for, by code."""
    matching = [rule for rule in rules if _match(entry, rule.code, rule.name) >= 0]
    return sorted(matching, key=lambda rule: str(rule.code))


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"``, or nothing where no known name is close."""
    import difflib

    by_lower = {name.lower(): str(name) for name in known}
    close = difflib.get_close_matches(wrong.lower(), by_lower, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(by_lower[name]) for name in close)}?" if close else ""


def load(path: Path | None = None, *, start: Path | None = None) -> Config:
    """Read the configuration.

    Parameters
    ----------
    path
        A TOML file: `pyproject.toml`, or one that holds the keys at its top level. None: the nearest
        `lrdoctor.toml`, or pyproject.toml with a `[tool.lrdoctor]`, from `start` upwards; without one, the
        defaults.
    start
        Where to begin; the current directory if None.

    Raises
    ------
    ConfigError
        The file cannot be read, or holds an unknown key or a wrong value.
    """
    if path is not None:
        document = _parse(path)
        tool = document.get("tool")
        if isinstance(tool, dict) and "lrdoctor" in tool:
            return from_mapping(tool["lrdoctor"], str(path))
        return from_mapping({} if path.name == "pyproject.toml" else document, str(path))
    for folder in [here := (start or Path.cwd()).absolute(), *here.parents]:
        own = folder / "lrdoctor.toml"
        if own.is_file():
            return from_mapping(_parse(own), str(own))
        shared = folder / "pyproject.toml"
        if shared.is_file() and _mentions_us(shared):
            tool = _parse(shared).get("tool")
            if isinstance(tool, dict) and "lrdoctor" in tool:
                return from_mapping(tool["lrdoctor"], str(shared))
    return Config()


def from_mapping(table: Mapping[str, Any], where: str = "configuration") -> Config:
    """Build a configuration from plain data; ``-`` and ``_`` in keys are the same.

    Raises
    ------
    ConfigError
        An unknown key or a wrong value; the message begins with `where`.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: [tool.lrdoctor] is not a table")
    data = {key.replace("-", "_"): value for key, value in table.items()}
    known = [field.name for field in fields(Config)]
    for key in data:
        if key not in known:
            near = suggestion(key, known) or f"; known keys are {', '.join(known)}"
            raise ConfigError(f"{where}: unknown key {key!r}{near}")
    import msgspec

    try:
        if isinstance(data.get("roles"), dict):
            from lrdoctor.roles import parse_role

            data["roles"] = {tag: parse_role(str(role)) for tag, role in data["roles"].items()}
        return msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from None
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _match(entry: str, code: str, name: str) -> int:
    """How specific an entry is for a rule: the length of what it fixes; -1 where it does not match."""
    wanted = entry.strip().lower()
    if wanted == "all":
        return 0
    if wanted in (name.lower(), code.lower()):
        return len(code) + 1
    return len(wanted) if wanted and code.lower().startswith(wanted) else -1


def _names(rules: Sequence[Any]) -> list[str]:
    return [rule.code for rule in rules] + [rule.name for rule in rules]


def _changed(settings: Any, changes: Mapping[str, Any], where: str) -> Any:
    import msgspec

    known = typing.get_type_hints(type(settings))
    values: dict[str, Any] = {}
    for key, value in changes.items():
        name = key.replace("-", "_")
        if name not in known:
            near = suggestion(name, known) or f"; its settings are {', '.join(known)}"
            raise ConfigError(f"{where}: unknown setting {key!r}{near}")
        try:
            values[name] = msgspec.convert(value, known[name])
        except msgspec.ValidationError as error:
            raise ConfigError(f"{where}.{key}: {error}") from None
    try:
        if hasattr(settings, "_replace"):  # a NamedTuple, like the package's own: made in a fifth of the time
            return settings._replace(**values)
        return replace(settings, **values)
    except ValueError as error:  # the settings' own check in __post_init__
        raise ConfigError(f"{where}: {error}") from None


def _parse(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def _mentions_us(path: Path) -> bool:
    """Answer whether a pyproject.toml may hold our table, so that a stranger's broken file stops nobody."""
    try:
        return b"lrdoctor" in path.read_bytes()
    except OSError:
        return False
