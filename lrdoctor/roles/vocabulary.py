"""The vocabulary of curve names, loaded once from `vocabulary.toml` and made quick to look words up in."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NUMBER = "#"
"""Stands for a number in a phrase, alone ("top #") or behind letters ("l#")."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase of the vocabulary and what it says.

    Parameters
    ----------
    phrase
        Its words, spelled out.
    kind
        For curves, what the curve is ("loss", "lr", "metric"...); for words beside them, their class
        ("neutral", "term", "step"...), for splits "train", "val" or "test".
    sign
        "rl" for names that only reinforcement learning uses.
    stands_in
        Order of preference as the loss of a run that logs none; 0: never.
    after_loss
        True for names that decide when they come after the word "loss": loss scale, loss weight.
    order
        Position in the file: earlier names of a kind are the more usual ones.
    """

    phrase: tuple[str, ...]
    kind: str
    sign: str = ""
    stands_in: int = 0
    after_loss: bool = False
    order: int = 0


class Phrases:
    """Finds the longest phrase that begins at a word."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        self._exact: dict[tuple[str, ...], Entry] = {}
        longest: dict[str, int] = {}
        for entry in entries:
            self._exact.setdefault(entry.phrase, entry)
            first = entry.phrase[0]
            longest[first] = max(longest.get(first, 0), len(entry.phrase))
        self._longest = longest

    def __contains__(self, phrase: tuple[str, ...]) -> bool:
        return phrase in self._exact

    def begins(self, word: str, shape: str) -> bool:
        """Whether any phrase begins with this word."""
        return word in self._longest or shape in self._longest

    def at(self, words: tuple[str, ...], shape: tuple[str, ...], start: int) -> tuple[Entry, int] | None:
        """The longest entry that begins at `start`, and where it ends.

        Parameters
        ----------
        words, shape
            The words of a tag; in `shape` numbers are written `NUMBER`.
        start
            Index of the first word.
        """
        length = self._longest.get(words[start], 0)
        if shape[start] is not words[start]:
            length = max(length, self._longest.get(shape[start], 0))
        if not length:
            return None
        for stop in range(min(start + length, len(words)), start, -1):
            entry = self._exact.get(words[start:stop]) or self._exact.get(shape[start:stop])
            if entry is not None:
                return entry, stop
        return None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All that is known of names.

    Parameters
    ----------
    spelling
        Words by the one word they are written as.
    known
        Every single word of any phrase.
    joining, pieces
        A word that is run together begins or ends with one of `joining`; the rest of it are `pieces`.
    curves, beside
        Names of curves, and words that stand beside them (splits included).
    players
        Words for the players of a game, by class.
    """

    spelling: dict[str, tuple[str, ...]]
    known: frozenset[str]
    joining: frozenset[str]
    pieces: frozenset[str]
    curves: Phrases
    beside: Phrases
    configured: frozenset[str]
    players: dict[str, frozenset[str]]


def parse(document: dict[str, Any]) -> Vocabulary:
    """Build the vocabulary from the parsed TOML file."""
    spelling = {word: tuple(text.split()) for word, text in document["spelling"].items()}

    def words(phrase: str) -> tuple[str, ...]:
        return tuple(word for written in phrase.split() for word in spelling.get(written, (written,)))

    named = [(phrase, table) for table in document["curve"] for phrase in table["phrases"]]
    curves = [
        Entry(
            phrase=words(phrase),
            kind=table["kind"],
            sign=table.get("sign", ""),
            stands_in=table.get("stands_in", 0),
            after_loss=table.get("after_loss", False),
            order=order,
        )
        for order, (phrase, table) in enumerate(named)
    ]
    beside = [
        Entry(words(phrase), kind)
        for table in (document["split"], document["beside"])
        for kind, phrases in table.items()
        if kind != "configured"
        for phrase in phrases
    ]
    configured = frozenset(document["beside"]["configured"])
    players = {name: frozenset(words) for name, words in document["player"].items()}
    known = {word for entry in curves + beside for word in entry.phrase if word != NUMBER}
    known |= configured.union(*players.values(), *spelling.values())
    joining = frozenset(document["joining"]["heads"])
    pieces = joining.union(document["joining"]["pieces"], spelling)
    pieces |= {entry.phrase[0] for entry in beside if len(entry.phrase) == 1}
    return Vocabulary(
        spelling=spelling,
        known=frozenset(known),
        joining=joining,
        pieces=pieces,
        curves=Phrases(curves),
        beside=Phrases(beside),
        configured=configured,
        players=players,
    )


@cache
def vocabulary() -> Vocabulary:
    """The package's vocabulary."""
    text = Path(__file__).with_name("vocabulary.toml").read_text("utf-8")
    return parse(tomllib.loads(text))
