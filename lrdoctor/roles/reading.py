"""What a tag says by itself, before the run around it is looked at."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from lrdoctor.patterns import pattern
from lrdoctor.roles.vocabulary import NUMBER, Entry, vocabulary
from lrdoctor.roles.words import components

_DIGITS = pattern(r"\d+$")
# Kinds that name a curve only where nothing stronger does.
_WEAK = frozenset({"term", "quantity"})
# Words of a directory that say nothing of the curve below it.
_MARKS = frozenset(
    {"step", "epoch", "smooth", "mean", "extreme", "best", "negated", "set", "against", "total", "main"}
)


class Reading(NamedTuple):
    """What a tag says by itself.

    Parameters
    ----------
    kind
        A kind of the vocabulary, or "unknown".
    word
        The words that said so, as written in the vocabulary.
    split, split_word
        "train", "val", "test" or "" (nothing said), and the word that said so.
    qualifiers
        Words that tell this curve from others of its kind and split: terms, names, numbers.
    named_terms
        True if every qualifier is a known term of a loss (so none is the name of a data set).
    steering
        True if every qualifier is a regulariser or the like.
    marks
        Which of "step", "epoch", "smooth", "mean", "extreme", "best", "negated", "set", "against", "total",
        "main", "unscaled", "configured" were said.
    player
        "d", "g" or "" for the players of a game; `game`: a word says plainly that there is one.
    sign
        "rl" if only reinforcement learning has such a name.
    stands_in
        Order of preference as the loss of a run that logs none; 0: never.
    order
        Place of the word in the vocabulary.
    exact
        True if every word of the tag is known.
    scope
        Directories above the name that are not words of the vocabulary.
    """

    kind: str
    word: str = ""
    split: str = ""
    split_word: str = ""
    qualifiers: tuple[str, ...] = ()
    named_terms: bool = False
    steering: bool = False
    marks: frozenset[str] = frozenset()
    player: str = ""
    game: bool = False
    sign: str = ""
    stands_in: int = 0
    order: int = 0
    exact: bool = True
    scope: tuple[str, ...] = ()


class _Match(NamedTuple):
    entry: Entry
    start: int
    stop: int


class _Words:
    """The words of a tag in a row, with the component that each belongs to."""

    def __init__(self, parts: tuple[tuple[str, ...], ...]) -> None:
        self.words = tuple(word for part in parts for word in part)
        self.shape = tuple(_DIGITS.sub(NUMBER, word) if word[-1].isdigit() else word for word in self.words)
        self.component = [index for index, part in enumerate(parts) for _ in part]
        ends = [0, *accumulate(map(len, parts))]
        self._indices = [range(start, stop) for start, stop in pairwise(ends)]
        self.last = len(parts) - 1
        self.clean = [_is_clean(parts[i]) or self._is_group_of_rates(i) for i in range(self.last)] + [True]
        self.heads = self._matches()

    def indices(self, component: int) -> range:
        return self._indices[component]

    def _is_group_of_rates(self, component: int) -> bool:
        """lr-MyOptimizer/pg1: any optimizer's name, if what follows is a parameter group."""
        if component != self.last - 1 or self.words[self.indices(component)[0]] != "lr":
            return False
        below = (vocabulary().beside.at(self.words, self.shape, i) for i in self.indices(self.last))
        return any(found is not None and found[0].kind == "group" for found in below)

    def _matches(self) -> list[_Match]:
        """Curve names, longest first from left to right, in clean components."""
        found = []
        start = 0
        curves = vocabulary().curves
        while start < len(self.words):
            known = curves.begins(self.words[start], self.shape[start]) and self.clean[self.component[start]]
            match = curves.at(self.words, self.shape, start) if known else None
            if match is not None and all(self.clean[self.component[i]] for i in range(start, match[1])):
                found.append(_Match(match[0], start, match[1]))
                start = match[1]
            else:
                start += 1
        return found

    def head(self) -> _Match | None:
        """The name that decides: the last component's own, else the nearest directory's."""
        in_last = [m for m in self.heads if self.component[m.stop - 1] == self.last]
        strong = [m for m in in_last if m.entry.kind not in _WEAK]
        above = [
            m for m in self.heads if self.component[m.stop - 1] < self.last and m.entry.kind not in _WEAK
        ]
        if in_last and not strong:
            above = [m for m in above if m.entry.kind != "either"]  # objective/kl is no objective
        nearest = _decide(
            [m for m in above if self.component[m.stop - 1] == self.component[above[-1].stop - 1]]
        )
        if not strong:
            return nearest or _decide(in_last)
        chosen = _decide(strong)
        called = chosen is not None and chosen.entry.kind == "error" and not chosen.entry.after_loss
        if called and nearest is not None and nearest.entry.kind == "loss":
            return nearest  # loss/mse is a loss that is called mse
        return chosen


def _is_whole(phrase: tuple[str, ...]) -> bool:
    """An objective that is a loss as a whole when it is turned round (ELBO), not one measure of several."""
    found = vocabulary().beside.at(phrase, phrase, 0)
    return found is not None and found[0].kind == "main"


@lru_cache(maxsize=16_384)
def _is_clean(words: tuple[str, ...]) -> bool:
    """A directory of known words only that is not the name of a learning-rate experiment."""
    terms = vocabulary()
    if not all(word in terms.known or word.isdigit() for word in words):
        return False
    return not ("lr" in words and any(_split_of(word) for word in words))


def _decide(matches: list[_Match]) -> _Match | None:
    """Of the names in one component, the one that the others qualify."""
    if not matches:
        return None
    last = matches[-1]
    losses = [m for m in matches if m.entry.kind == "loss"]
    if losses and not last.entry.after_loss:
        return losses[-1]
    errors = [m for m in matches if m.entry.kind == "error"]
    if errors and last.entry.kind == "metric":
        return errors[-1]  # error_top1
    return last


def _split_of(word: str) -> str:
    found = vocabulary().beside.at((word,), (word,), 0)
    return found[0].kind if found is not None and found[0].kind in {"train", "val", "test"} else ""


def _without_axis(parts: tuple[tuple[str, ...], ...]) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """Drop what a curve is drawn against: "lm loss vs samples" is "lm loss"."""
    if not any("vs" in part or "versus" in part for part in parts):
        return parts, False
    kept = tuple(
        part[: next((i for i, word in enumerate(part) if i and word in {"vs", "versus"}), len(part))]
        for part in parts
    )
    return kept, kept != parts


@lru_cache(maxsize=65_536)
def read_tag(tag: str) -> Reading:
    """Read a tag by the vocabulary alone.

    Examples
    --------
    >>> reading = read_tag("data/MNIST_test_lr/training_loss")
    >>> reading.kind, reading.split, reading.scope
    ('loss', 'train', ('mnist test lr',))
    """
    parts, against = _without_axis(components(tag))
    if not parts:
        return Reading("unknown", exact=False)
    row = _Words(parts)
    head = row.head()
    floor = row.component[head.start] if head is not None else row.last
    said = _Company(row, head, floor)
    kind = head.entry.kind if head is not None else "unknown"
    if head is not None and head.entry.kind == "adversarial" and said.unknown:
        kind = "unknown"
    if head is not None and kind in {"metric", "objective", "error", "reward"} and "negated" in said.marks:
        kind = {"metric": "error", "objective": "loss", "error": "metric", "reward": "other"}[kind]
    if kind == "lr" and said.split in {"val", "test"}:
        kind = "other"  # nothing is validated at a rate of its own: MNIST_test_lr is an experiment's name
    if kind == "term" and said.unknown:
        kind = "unknown"
    if against:
        said.marks.add("against")
    if head is not None and kind == "objective" and _is_whole(head.entry.phrase):
        said.marks.add("main")
    if (
        "epoch" in said.marks
        and head is None
        and not said.unknown
        and not said.terms
        and "step" not in said.marks
    ):
        kind = "epoch"
    players = vocabulary().players
    words = {row.words[i] for i in range(len(row.words)) if row.clean[row.component[i]]}
    player = "d" if words & players["discriminator"] else "g" if words & players["generator"] else ""
    return Reading(
        kind=kind,
        word=" ".join(row.words[head.start : head.stop]) if head is not None else "",
        split=said.split,
        split_word=said.split_word,
        qualifiers=tuple(said.unknown_or_terms),
        named_terms=not said.unknown,
        steering=bool(said.terms) and not said.unknown and said.terms == said.steering,
        marks=frozenset(said.marks),
        player=player,
        game=bool(words & players["plain"] or words & players["game"]),
        sign=head.entry.sign if head is not None else "",
        stands_in=head.entry.stands_in if head is not None else 0,
        order=head.entry.order if head is not None else 0,
        exact=not said.unknown,
        scope=tuple(" ".join(parts[c]) for c in range(row.last) if not row.clean[c]),
    )


class _Company:
    """The words beside the name: split, marks, qualifiers."""

    def __init__(self, row: _Words, head: _Match | None, floor: int) -> None:
        self.marks: set[str] = set()
        self.terms: list[str] = []
        self.steering: list[str] = []
        self.unknown: list[str] = []
        self.unknown_or_terms: list[str] = []
        self.split = self.split_word = ""
        self._row, self._head = row, head
        splits: dict[int, tuple[str, str]] = {}
        for component in range(row.last + 1):
            if not row.clean[component]:
                if component > floor:
                    self._qualify(" ".join(row.words[i] for i in row.indices(component)), known=False)
                continue
            self._component(component, component >= floor, splits)
        order = [row.last, *range(floor, row.last), *range(floor - 1, -1, -1)]
        for component in order:
            if component in splits:
                self.split, self.split_word = splits[component]
                return
        for component in range(
            row.last - 1, -1, -1
        ):  # eval_hellaswag/acc: an unknown set, but a set to evaluate on
            first = row.words[row.indices(component)[0]]
            if not row.clean[component] and _split_of(first) == "val":
                self.split, self.split_word = "val", first
                return

    def _component(self, component: int, named: bool, splits: dict[int, tuple[str, str]]) -> None:
        row, head, beside = self._row, self._head, vocabulary().beside
        free = [i for i in row.indices(component) if head is None or not head.start <= i < head.stop]
        position = 0
        while position < len(free):
            start = free[position]
            run = 1
            while position + run < len(free) and free[position + run] == start + run:
                run += 1
            found = beside.at(row.words[start : start + run], row.shape[start : start + run], 0)
            if found is None:
                word = row.words[start]
                if row.shape[start] != NUMBER:
                    self._other_word(word, named)
                elif named and (head is None or start >= head.start):
                    self._qualify(word, known=True)
                position += 1
                continue
            entry, length = found
            text = " ".join(row.words[start : start + length])
            if entry.kind in {"train", "val", "test"}:
                splits[component] = entry.kind, text
            elif entry.kind in _MARKS:
                self.marks.add(entry.kind)
                if entry.kind == "set":
                    self.unknown_or_terms.append(text)
                if entry.kind == "negated" and head is not None and head.entry.kind in {"loss", "term"}:
                    self._qualify(text, known=True)
            elif entry.kind in {"term", "aux"}:
                self._qualify(text, known=True, steering=entry.kind == "aux")
                if text == "unscaled":
                    self.marks.add("unscaled")
            elif entry.kind in {"optimizer", "group"}:
                self.unknown_or_terms.append(text)
            position += length

    def _other_word(self, word: str, named: bool) -> None:
        terms = vocabulary()
        if word in terms.configured:
            self.marks.add("configured")
        elif any(word in words for words in terms.players.values()):
            self._qualify(word, known=True)
        elif (word,) in terms.curves:
            # The name of another curve, here a qualifier: dice_loss. As a directory it only sorts.
            if named:
                self._qualify(word, known=True)
        elif named:
            self._qualify(word, known=False)

    def _qualify(self, text: str, *, known: bool, steering: bool = False) -> None:
        self.unknown_or_terms.append(text)
        (self.terms if known else self.unknown).append(text)
        if steering:
            self.steering.append(text)
