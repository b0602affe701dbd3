"""From the words between the numbers of a line to the names of the numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor.readers._text import patterns
from lrdoctor.readers._text.naming import readable, scale_of, tagged
from lrdoctor.readers._text.nouns import Field, Kind
from lrdoctor.readers._text.words import (
    LEADING_RANK,
    NEUTRAL,
    UNNAMED_RANK,
    axis_rank,
    is_clock,
    is_measure,
    split_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    Spans = Sequence[tuple[int, int]]

MOST_FIELDS = 400
"""Numbers of a line that are kept."""
_LIST = 8
_PROSE = 7
_LOOK = 40
_ONLY_SPLIT = re.compile(r"train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|eval(?:uation)?|dev", re.IGNORECASE)


def fields_of(text: str, tokens: Spans) -> tuple[tuple[Field, ...], str]:
    """Name the numbers of a line.

    Parameters
    ----------
    text
        The line.
    tokens
        Where its numbers are.

    Returns
    -------
    Those that are data, and the split ("train", "val"...) that the line as a whole speaks of.
    """
    walk = _Walk(text, tokens)
    walk.run()
    return tagged(walk.fields, walk.words), next((word for word in walk.words if word), "")


class _Walk:
    """One pass over the numbers of a line, from left to right."""

    def __init__(self, text: str, tokens: Spans) -> None:
        self.text, self.tokens = text, tokens
        self.fields: list[Field] = []
        self.words: list[str] = []  # the split that held when each field was met, "" if none
        self.after = 0  # where the last number or mask ended
        self.fresh = True  # nothing but a mask or the line's beginning lies before
        self.last: Field | None = None  # the field (kept or not) that the last number belongs to
        self.base, self.listed = "", 0  # a list: its name, how many elements were met
        self.split = ""
        self.above = ""  # what a list of names stands under
        self.position = False  # the epoch of a list [epoch, iteration] has just been met
        self.pending = ""  # a measure that was named before what counts: "Cost after epoch 100: 0.69"

    def run(self) -> None:
        masks = [match.span() for match in patterns.MASKS.finditer(self.text)]
        at = 0
        for index, (start, end) in enumerate(self.tokens):
            while at < len(masks) and masks[at][1] <= start:
                self._pass_mask(*masks[at])
                at += 1
            if at < len(masks) and masks[at][0] < end:
                continue
            if start < self.after:
                continue
            if self._in_name(start, end):
                continue
            self._number(index, start, end)
            if len(self.fields) >= MOST_FIELDS:
                return
        while at < len(masks):
            self._pass_mask(*masks[at])
            at += 1
        self._see(self.text[self.after :])

    def _pass_mask(self, start: int, end: int) -> None:
        if end <= self.after:
            return
        gap = self.text[self.after : max(start, self.after)]
        self._see(gap)
        if gap.strip(" \t[](){}|,-:") and not self.fresh:
            self.last = None
        self.after = end

    def _see(self, gap: str) -> None:
        """Notice whether free-standing words speak of train or validation."""
        for piece in patterns.HARD.split(gap):
            if piece and not piece.isspace():
                self.split = split_of(piece) or self.split
                if is_measure(piece) and len(piece.split()) <= 4:
                    self.pending = readable(piece)

    def _in_name(self, start: int, end: int) -> bool:
        """Digits that belong to a word: ``loss_0``, ``Acc@1``, ``top-5``, ``mAP@0.5:0.95``."""
        ahead = self.text[max(self.after, start - 12) : start]
        token = self.text[start:end]
        if patterns.AXIS_AHEAD.search(ahead) and token.isdigit():
            return False
        if self._qualifies(start, end):
            return True
        if token[-1:].isalpha():  # "number of nan iterations" has no number in it
            word = re.search(r"([A-Za-z]+) $", ahead)
            return (
                word is not None
                and self.text[end : end + 1] == " "
                and self.text[end + 1 : end + 2].isalpha()
                and not is_measure(word.group(1))
            )
        if not patterns.NAME_AHEAD.search(ahead):
            behind = self.text[end : end + 12]
            words_ahead = re.search(r"[A-Za-z] $", ahead) is not None
            value_behind = re.match(r"\s*[:=]\s*[-+]?[\d.]", behind) is not None
            return words_ahead and value_behind and axis_rank(self._peek(start)) is None
        return not (ahead.endswith("-") and not token.isdigit())

    def _qualifies(self, start: int, end: int) -> bool:
        """A number in parentheses that end a name: ``Avg Reward (last 100): 12.5``."""
        ahead = patterns.QUALIFIER_AHEAD.search(self.text[max(self.after, start - 30) : start])
        behind = patterns.QUALIFIER_BEHIND.match(self.text, end) if ahead else None
        return ahead is not None and behind is not None and axis_rank(ahead[1]) is None and bool(ahead[2] + behind[1])

    def _peek(self, start: int) -> str:
        """The word before a position."""
        return re.split(r"[^A-Za-z_]", self.text[max(self.after, start - 30) : start].rstrip())[-1]

    def _number(self, index: int, start: int, end: int) -> None:
        text, gap = self.text, self.text[self.after : start]
        behind = text[end : end + 40]
        began = self.fresh
        self.after = end
        self.fresh = False
        if self._follows_up(index, gap, behind, start):
            return
        if not began:
            gap = patterns.UNIT.sub(_keep_words, gap, count=1)
        self.base, self.listed = "", 0
        if self.position:
            self.position = False
            if gap.strip() == ",":
                self._keep(Field(index, "iteration", "step", 2))
                return
        key, opened = self._key(gap)
        token = text[start:end]
        whole = token.replace(",", "").isdigit()
        if (
            not key
            and self.pending
            and patterns.SAYS.fullmatch(gap)
            and self.last is not None
            and self.last.kind != "value"
        ):
            key, self.pending = self.pending, ""
        if not key:
            self._unnamed(index, behind, gap, began=began, whole=whole)
            return
        rank = axis_rank(key)
        if rank is not None and (whole or (rank < 0 and not patterns.OTHER_UNIT.match(behind))):
            if key == "step" and opened == "[" and re.match(r",\s*\d", behind):  # dllogger: [epoch, iteration]
                self._keep(Field(index, "epoch", "epoch", -1))
                self.position = True
                return
            kind: Kind = "epoch" if rank < 0 else "step"
            self.split = split_of(key.replace("_", " ")) or self.split
            self._keep(Field(index, key, kind, rank, scale_of(behind)))
            return
        if whole and _ONLY_SPLIT.fullmatch(key) and self._split_position(index, key, behind):
            return
        if (opened == "[" and "," in token) or (whole and re.match(r"-\d", behind)):
            self.last = None
            return
        if opened and re.match(r"\s*[,;]?\s+[-+\d.n]|\s*,", behind):
            self.base, self.listed = key, 1
            if opened == "(" or not NEUTRAL.fullmatch(key):
                key = f"{key}[0]"
        field = Field(index, key, scale=scale_of(behind))
        if is_clock(self.base or key) or (patterns.OTHER_UNIT.match(behind) and not is_measure(key)):
            self.last = None
            return
        self._keep(field)

    def _keep(self, field: Field) -> None:
        self.last = field
        self.fields.append(field)
        self.words.append(self.split)

    def _follows_up(self, index: int, gap: str, behind: str, start: int) -> bool:
        """A number that only completes the one before: a total, an average, the next element of a list."""
        last = self.last
        bare = gap.strip()
        if bare in ("/", "of", "out of") or (bare.startswith("/") and len(bare) < 3 and not bare[1:].isalnum()):
            self._total(index, gap)
            return True
        if last is None and not self.base:
            return False
        if bare == "(" and re.match(r"\s*\)", behind):
            if last is not None and last.kind == "value" and self._alike(index, last.token):
                self._keep(Field(index, f"{last.tag} (avg)", mean=True))
                self.last = last
            return True
        if bare in ("(", "[") and re.match(r"\s*%?\s*[)\]]", behind):
            return True
        if (
            bare in ("(avg:", "(avg", "(mean:", "(ave:", "avg:", "(avg.", "(average:")
            and last is not None
            and last.kind == "value"
        ):
            self._keep(Field(index, f"{last.tag} (avg)", mean=True))
            self.last = last
            return True
        if self.base and (bare in (",", ";", "") or patterns.WRAPPER.fullmatch(gap) is not None):
            if self.listed < _LIST:
                self._keep(Field(index, f"{self.base}[{self.listed}]"))
            self.listed += 1
            return True
        return bare in ("\u00b1", "+/-", "+-", "->", "-", "~", "to", "+") and last is not None

    def _alike(self, one: int, other: int) -> bool:
        """Both whole, or both not."""
        texts = [self.text[slice(*self.tokens[index])] for index in (one, other)]
        return texts[0].isdigit() == texts[1].isdigit()

    def _total(self, index: int, gap: str) -> None:
        """The number behind a slash."""
        last = self.last
        if last is None or not self.fields or self.fields[-1] is not last:
            return
        end = self.tokens[index][1]
        after = self.text[end : end + 2]
        token = self.text[slice(*self.tokens[index])]
        if last.kind in ("epoch", "step"):
            self.fields.append(Field(index, last.tag, "total", last.rank, scale_of(after)))
            self.words.append(self.split)
        elif is_measure(last.tag) and token.isdigit() and self.text[slice(*self.tokens[last.token])].isdigit():
            self.fields[-1] = Field(last.token, last.tag, over=index)
        elif "." in token:
            pair = re.fullmatch(r"(.*?)(\w+)/(\w+)", last.tag)  # "loss/acc: 0.5/0.9"
            first, second = (pair[1] + pair[2], pair[1] + pair[3]) if pair else (last.tag, f"{last.tag}[1]")
            self.fields[-1] = replace(last, tag=first)
            self.fields.append(Field(index, second))
            self.words.append(self.split)

    def _split_position(self, index: int, key: str, behind: str) -> bool:
        """``Train: [0/300][10/1251]`` and ``Test: [10/196]`` name no axis, but give one."""
        self.split = split_of(key) or self.split
        if re.match(r"\s*\[\s*\d+\s*/|\s*/\s*\d+\s*\]?\s*\[\s*\d+\s*/", behind):
            self._keep(Field(index, "epoch", "epoch", -1))
        elif re.match(r"\s*/\s*\d|\s*:\s*[A-Za-z]", behind):
            self._keep(Field(index, "batch", "step", UNNAMED_RANK))
        else:
            return False
        return True

    def _unnamed(self, index: int, behind: str, gap: str, *, began: bool, whole: bool) -> None:
        """A number without a name may still be a position: ``[3][100/5000]``, ``[10] loss:``."""
        self.last = None
        if not whole or (not began and patterns.OTHER_UNIT.match(behind)):
            return
        lead = patterns.ORDINAL.match(behind)
        rank = axis_rank(lead.group(1)) if lead else None
        at_start = began and not self.text[: self.tokens[index][0]].strip(" \t[|#>*<")
        if rank is not None and (
            at_start or "after" in gap.lower() or "\u7b2c" in gap or (lead is not None and behind[:1].isalpha())
        ):
            assert lead is not None
            self._keep(Field(index, lead.group(1), "epoch" if rank < 0 else "step", rank, 1.0))
            self.after = self.tokens[index][1] + lead.end()
            return
        fraction = re.match(r"\s*/\s*\d", behind)
        epoch = any(field.kind == "epoch" for field in self.fields)
        steps = any(field.kind == "step" and field.rank < LEADING_RANK for field in self.fields)
        if fraction and not steps:
            two = re.match(r"\s*/\s*\d+\s*\]?\s*[\[,]\s*\d+\s*/\s*\d", behind)
            if two and not epoch:
                self._keep(Field(index, "epoch", "epoch", -1))
            else:
                self._keep(Field(index, "batch", "step", UNNAMED_RANK))
        elif epoch and not steps and re.search(r"\]\s*\[\s*$|:\s*\[\s*$|^\s*[|,]\s*$", gap):
            self._keep(Field(index, "batch", "step", UNNAMED_RANK))
        elif at_start and re.match(r"\s*[\])]?\s*[:|\t]|\s*\]|\s+[A-Za-z\[(]|,\s*\d", behind):
            two = re.match(r"\s*[,|]\s*\d+\s*[\]|)]", behind)
            if two:
                self._keep(Field(index, "epoch", "epoch", -1))
            else:
                self._keep(Field(index, "iteration", "step", LEADING_RANK))

    def _key(self, gap: str) -> tuple[str, str]:
        """The name that the words before a number give it, and the bracket that opens a list there."""
        opened = ""
        wrapper = patterns.WRAPPER.search(gap)
        stripped, previous = (gap[: wrapper.start()] if wrapper else gap), None
        while stripped != previous:
            previous = stripped
            stripped = patterns.TAIL.sub("", stripped)
        tail = gap[len(stripped) :]
        opened = "[" if "[" in tail else "" if wrapper else "(" if "(" in tail else ""
        if stripped.endswith("#"):
            word = stripped.rstrip("# ").rpartition(" ")[2]
            self._see(stripped[:-1])
            return (word, "") if axis_rank(word) is not None else ("", "")
        call = patterns.CALL.search(stripped)
        qualified = None if call else patterns.QUALIFIED.search(stripped)
        if call:
            key, rest = call.group(1), stripped[: call.start()]
            inner = re.fullmatch(r"(.+)\(([A-Za-z_]+)\)", key)
            if inner and split_of(inner.group(2)):
                self._see(rest)
                self.split = split_of(inner.group(2))
                return (inner.group(1) if axis_rank(inner.group(1)) is not None else key), opened
        elif qualified:
            key, rest = f"{qualified.group(1)} ({qualified.group(2)})", stripped[: qualified.start()]
        else:
            cut = 0
            for hard in patterns.HARD.finditer(stripped):
                cut = hard.end()
            key, rest = stripped[cut:], stripped[:cut]
            value = re.fullmatch(r"\s*\w+\s+(\w+[_/][\w/]+)", key)
            if value and rest.endswith((":", "=")):  # "v_num: jba0 train/loss: 0.5": the value of another key
                key = value[1]
        self._see(rest)
        name = self._words(key)
        return (self._listed_under(rest, name) if name else name), opened

    def _listed_under(self, rest: str, name: str) -> str:
        """``[Losses: xy 0.5, wh 1.2]``: names that are listed under another one."""
        above = re.search(r"\b(loss(?:es)?)\s*:\s*$", rest, re.IGNORECASE)
        if above:
            self.above = above[1]
        elif re.search(r"[\])}|\t]", rest):
            self.above = ""
        return f"{self.above}/{name}" if self.above and not is_measure(name) and axis_rank(name) is None else name

    def _words(self, key: str) -> str:
        """The last few words of a phrase, without the prose around them."""
        words = patterns.LEVEL.sub("", key.lstrip()).split()
        while words and words[-1].lower().strip(".,'\"") in patterns.STOP:
            last = words.pop().lower()
            if last.startswith(("took", "lasted")):
                return "time"
            if last == "by":  # "decreased learning rate by 0.94": how much it changed, not what it is
                return ""
        for place in range(len(words) - 1, -1, -1):
            word = words[place].lower()
            if word in patterns.STOP or word in ("|", "-", "=>", "->", "*", ">>", "+"):
                lead = words[:place]
                if word == "of" and lead and lead[-1].lower() in ("number", "norm", "rate", "count", "end", "start"):
                    continue
                self._see(" ".join(lead))
                words = words[place + 1 :]
                break
        name = readable(" ".join(words))
        if len(name.split()) > _PROSE or len(name) > 60:
            self._see(name)
            return ""
        if not re.search(r"[^\W\d_]", name) or name == "\u7b2c":
            return ""
        return "lr" if name.lower() in ("l.r", "l. r") else name


def _keep_words(match: re.Match[str]) -> str:
    """Take off the unit of the number before, but not a word that begins something new."""
    unit = match.group()
    plain = unit.strip().rstrip("./")
    if unit[:1].isalpha() and "/" not in unit and (len(plain) > 4 or is_measure(plain) or axis_rank(plain) is not None):
        return unit
    return ""
