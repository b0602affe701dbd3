"""From the words between the numbers of a line to the names of the numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lrdoctor.readers._text.nouns import Field, Kind
from lrdoctor.readers._text.words import (
    NEUTRAL,
    UNNAMED_RANK,
    axis_rank,
    is_clock,
    is_measure,
    names_split,
    split_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    Spans = Sequence[tuple[int, int]]

MOST_FIELDS = 400
"""Numbers of a line that are kept."""
_LIST = 8
_LEADING_RANK = 8
# Numbers that are no data wherever they stand: dates, times, addresses, versions, files, durations, rates.
_MASKS = re.compile(
    r"\d+/\d+ \d+:\d+:\d+|\d+[-/.]\d+[-/.]\d+(?:[ T_-]+\d+:\d+(?::\d+)?(?:[.,]\d+)?)?(?:Z|[-+]\d\d:?\d\d)?(?![\w])"
    r"|(?<![\w.])\d+:\d+(?::\d+)?(?:[.,]\d+)?(?![\d.])|(?<!\w)\d+ days?,? *(?:\d+:\d+:\d+)?"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? +\d+(?: +[\d:]+)?(?:,? +\d{4})?(?!\S)"
    r"|0x[0-9a-fA-F]+|\b[0-9a-f]*[a-f][0-9a-f]*\d[0-9a-f]{6,}\b|\b\d+\.\d+\.\d+[\w.+-]*"
    r"|[\w./\\-]*\.(?:py|cpp|cc|cu|h|hpp|c|pth?|ckpt|bin|json|safetensors|h5|hdf5|npz?|npy|pkl|pickle|tar|png|jpe?g|txt|log|yaml|yml|csv|model|index|onnx|msgpack|params|gz|zip|mp4|wav)\b(?::\d+)?"
    r"|(?:^|(?<=[\s'\"=(]))(?:~|\.{0,2})/[\w.-]*[A-Za-z][\w./-]*"
    r"|\d+%\||\(\s*\d+(?:\.\d+)?\s*%\s*\)|\[\s*\d+(?:\.\d+)?\s*%\s*\]"
    r"|\d+(?:\.\d+)?\s*(?:[a-zA-Z]*it|s|samples?|images?|imgs?|tokens?|words|tok|batch(?:es)?|ex|examples?|steps?|iters?|frames|[kKMG]?[bB])/(?:s|sec|second|it|iter|iters|batch|step|epoch)\b"
    r"|\d+h ?\d+m(?: ?\d+s)?|\d+m ?\d+s|\(\* ?\d+ = [-+\d.e]+ loss\)|\[?(?:Rank|rank) ?\d+\]?:?|\bpid=\d+|\bip=[\d.]+|\d+\s*x\s*\d+|#\d+:|\(#?\d+\)(?= *$)"
)
_AXIS_AHEAD = re.compile(
    r"(?:^|[^A-Za-z])(epoch|step|iter|iteration|ep|batch|round|episode|update|it)[-_]?$", re.IGNORECASE
)
_NAME_AHEAD = re.compile(r"(?:[A-Za-z_@]|[A-Za-z]-|@\d[\d.]*:)$")
_TAIL = re.compile(r"[\s\"'`=:({\[|>~*<$\\,-]+$|\.\s+$|[.,]$")
_WRAPPER = re.compile(
    r"[\[(\s]*\b[\w.]*(?:[Tt]ensor|float\d*|[Aa]rray|Variable|Parameter|int\d+|float_|item)\s*\(\s*[\[(]*\s*$"
)
_HARD = re.compile(r"[,;|\t\]})\[{(<>:=]|\s[-~]+\s|\s{2,}|\s\*+\s|\s/\s|\.\s+(?=[A-Z])|(?<=[a-z])\.\.+")
_CALL = re.compile(r"(?:^|[\s,;|\[])([A-Za-z_][\w/.@-]*(?:\([\w@.,:()/ -]{1,24}\)))$")
_QUALIFIED = re.compile(
    r"(?:^|[,;|\t:=\]}]|\s{2,}|\s-\s)\s*([A-Za-z][\w /@.-]{0,38}?)\s*[(\[]\s*([A-Za-z][\w .@%-]{0,24})\s*[)\]]$"
)
_UNIT = re.compile(
    r"\A(?:\s*%|[a-zA-Z\u00b5]+(?:/[a-zA-Z]+)?|\s+(?:secs?|seconds?|ms|mins?|minutes?|hours?|GB|MB|KB|GiB|MiB)\b"
    r"|\s*[^\s/]{1,12}/(?:s|sec|second|step|it|iter|batch|epoch)\b\.?)"
)
_UNIT_OF_OTHER = re.compile(
    r" ?(?:s|secs?|seconds?|ms|us|mins?|minutes?|h|hrs?|hours?|[GMK]i?B?|bytes|FPS|fps)\b|[hm] ?\d|[smh](?=\s|,|$)"
)
_AXIS_BY_SPLIT = re.compile(
    r"train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|eval(?:uation)?|dev", re.IGNORECASE
)
_SAYS = re.compile(r"\s*(?:[:=]|is|was|->|=>)\s*")
_LEVEL = re.compile(r"^(?:INFO|DEBUG|WARNING|ERROR|NOTICE|WARN|TRACE|root)\b[\s:]*")
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9}
_STOP = frozenset(
    "of is was are at to for a an the in with on and done finished complete completed after equals reached got has have had from by this that took it "
    "now as be been so far over than average: took: we our its per= using under current= gives gave result results: vs so's".split()
)
_PROSE = 7


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
    return walk.result()


def names_table(cells: Sequence[str]) -> bool:
    """Say whether these are column names of a training table: short, an axis among them, and a measure."""
    if any(len(cell) > 40 or len(cell.split()) > 5 for cell in cells) or len(set(cells)) < len(cells):
        return False
    axes = [cell for cell in cells if axis_rank(cell) is not None or cell in ("E", "#")]
    return bool(axes) and any(
        is_measure(cell) or cell.lower() in ("score", "train", "valid") for cell in cells
    )


def boxed_field(key: str, token: int) -> Field:
    """Name the number of a box line; its whole first cell is the name."""
    name = _readable(key)
    rank = axis_rank(name)
    if rank is None:
        tail = name.rpartition("/")[2]
        rank = axis_rank(tail) if tail != name and axis_rank(tail) in (0, 1, 2) else None
    if rank is None:
        return Field(token, name)
    return Field(token, name, "epoch" if rank < 0 else "step", rank)


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
        self.pending = ""  # a measure that was named before what counts: "Cost after epoch 100: 0.69"

    def run(self) -> None:
        masks = [match.span() for match in _MASKS.finditer(self.text)]
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
        for piece in _HARD.split(gap):
            if piece and not piece.isspace():
                self.split = split_of(piece) or self.split
                if is_measure(piece) and len(piece.split()) <= 4:
                    self.pending = _readable(piece)

    def _in_name(self, start: int, end: int) -> bool:
        """Digits that belong to a word: ``loss_0``, ``Acc@1``, ``top-5``, ``mAP@0.5:0.95``."""
        ahead = self.text[max(self.after, start - 12) : start]
        token = self.text[start:end]
        if _AXIS_AHEAD.search(ahead) and token.isdigit():
            return False
        if token[-1:].isalpha():  # "number of nan iterations" has no number in it
            word = re.search(r"([A-Za-z]+) $", ahead)
            return (
                word is not None
                and self.text[end : end + 1] == " "
                and self.text[end + 1 : end + 2].isalpha()
                and not is_measure(word.group(1))
            )
        if not _NAME_AHEAD.search(ahead):
            behind = self.text[end : end + 12]
            return (
                re.search(r"[A-Za-z] $", ahead) is not None and re.match(r"\s*[:=]\s*[-+]?[\d.]", behind) is not None
                and axis_rank(self._peek(start)) is None
            )  # fmt: skip
        return not (ahead.endswith("-") and not token.isdigit())

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
            gap = _UNIT.sub(_keep_words, gap, count=1)
        self.base, self.listed = "", 0
        key, opened = self._key(gap)
        token = text[start:end]
        whole = token.replace(",", "").isdigit()
        if not key and self.pending and _SAYS.fullmatch(gap) and self.last is not None and self.last.kind != "value":
            key, self.pending = self.pending, ""
        if not key:
            self._unnamed(index, behind, gap, began=began, whole=whole)
            return
        rank = axis_rank(key)
        if rank is not None and (whole or (rank < 0 and not _UNIT_OF_OTHER.match(behind))):
            kind: Kind = "epoch" if rank < 0 else "step"
            self.split = split_of(key.replace("_", " ")) or self.split
            self._keep(Field(index, key, kind, rank, _scale(behind)))
            return
        if whole and _AXIS_BY_SPLIT.fullmatch(key) and self._split_position(index, key, behind):
            return
        if (opened == "[" and "," in token) or (whole and re.match(r"-\d", behind)):
            self.last = None
            return
        if opened and re.match(r"\s*[,;]?\s+[-+\d.n]|\s*,", behind):
            self.base, self.listed = key, 1
            if opened == "(" or not NEUTRAL.fullmatch(key):
                key = f"{key}[0]"
        field = Field(index, key, scale=_scale(behind))
        if is_clock(self.base or key) or (_UNIT_OF_OTHER.match(behind) and not is_measure(key)):
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
        if bare in ("/", "of", "out of") or (
            bare.startswith("/") and len(bare) < 3 and not bare[1:].isalnum()
        ):
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
        if self.base and (bare in (",", ";", "") or _WRAPPER.fullmatch(gap) is not None):
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
            self.fields.append(Field(index, last.tag, "total", last.rank, _scale(after)))
            self.words.append(self.split)
        elif (
            is_measure(last.tag) and token.isdigit() and self.text[slice(*self.tokens[last.token])].isdigit()
        ):
            self.fields[-1] = Field(last.token, last.tag, over=index)
        elif "." in token:
            self.fields.append(Field(index, f"{last.tag}[1]"))
            self.words.append(self.split)

    def _split_position(self, index: int, key: str, behind: str) -> bool:
        """``Train: 0 [10/1251]``, ``Train: [0/300][10/1251]`` and ``Test: [10/196]`` name no axis, but give one."""
        self.split = split_of(key) or self.split
        if re.match(r"\s*\[\s*\d+\s*/|\s*/\s*\d+\s*\]?\s*\[\s*\d+\s*/", behind):
            self._keep(Field(index, "epoch", "epoch", -1))
        elif re.match(r"\s*/\s*\d", behind):
            self._keep(Field(index, "batch", "step", UNNAMED_RANK))
        else:
            return False
        return True

    def _unnamed(self, index: int, behind: str, gap: str, *, began: bool, whole: bool) -> None:
        """A number without a name may still be a position: ``[3][100/5000]``, ``100/5000 [====]``, ``[10] loss:``."""
        self.last = None
        if not whole:
            return
        lead = re.match(
            r"\s*(?:(?:st|nd|rd|th)\b)?[\s-]*([A-Za-z]+|[\u8f6e\u8f2a\u6b65\u56de])(?!\w*\s*[:=\[(#]*\s*\d)",
            behind,
        )
        rank = axis_rank(lead.group(1)) if lead else None
        at_start = began and not self.text[: self.tokens[index][0]].strip(" \t[|#>*<")
        if rank is not None and (
            at_start
            or "after" in gap.lower()
            or "\u7b2c" in gap
            or (lead is not None and behind[:1].isalpha())
        ):
            assert lead is not None
            self._keep(Field(index, lead.group(1), "epoch" if rank < 0 else "step", rank, 1.0))
            self.after = self.tokens[index][1] + lead.end()
            return
        fraction = re.match(r"\s*/\s*\d", behind)
        epoch = any(field.kind == "epoch" for field in self.fields)
        steps = any(field.kind == "step" and field.rank < _LEADING_RANK for field in self.fields)
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
                self._keep(Field(index, "iteration", "step", _LEADING_RANK))

    def _key(self, gap: str) -> tuple[str, str]:
        """The name that the words before a number give it, and the bracket that opens a list there."""
        opened = ""
        wrapper = _WRAPPER.search(gap)
        stripped, previous = (gap[: wrapper.start()] if wrapper else gap), None
        while stripped != previous:
            previous = stripped
            stripped = _TAIL.sub("", stripped)
        tail = gap[len(stripped) :]
        opened = "[" if "[" in tail else "" if wrapper else "(" if "(" in tail else ""
        if stripped.endswith("#"):
            word = stripped.rstrip("# ").rpartition(" ")[2]
            self._see(stripped[:-1])
            return (word, "") if axis_rank(word) is not None else ("", "")
        call = _CALL.search(stripped)
        qualified = None if call else _QUALIFIED.search(stripped)
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
            for hard in _HARD.finditer(stripped):
                cut = hard.end()
            key, rest = stripped[cut:], stripped[:cut]
        self._see(rest)
        return self._words(key), opened

    def _words(self, key: str) -> str:
        """The last few words of a phrase, without the prose around them."""
        words = _LEVEL.sub("", key.lstrip()).split()
        while words and words[-1].lower().strip(".,'\"") in _STOP:
            if words.pop().lower().startswith(("took", "lasted")):
                return "time"
        for place in range(len(words) - 1, -1, -1):
            word = words[place].lower()
            if word in _STOP or word in ("|", "-", "=>", "->", "*", ">>", "+"):
                lead = words[:place]
                if (
                    word == "of"
                    and lead
                    and lead[-1].lower() in ("number", "norm", "rate", "count", "end", "start")
                ):
                    continue
                self._see(" ".join(lead))
                words = words[place + 1 :]
                break
        name = _readable(" ".join(words))
        if len(name.split()) > _PROSE or len(name) > 60:
            self._see(name)
            return ""
        if not re.search(r"[^\W\d_]", name) or name == "\u7b2c":
            return ""
        return "lr" if name.lower() in ("l.r", "l. r") else name

    def result(self) -> tuple[tuple[Field, ...], str]:
        """Names made unique, with the split in front where only the context tells it."""
        bases = [field.tag for field in self.fields]
        named = []
        seen: set[str] = set()
        line_split = next((word for word in self.words if word), "")
        inherited = ""
        for field, word, tag in zip(self.fields, self.words, bases, strict=True):
            if field.kind != "value":
                named.append(field)
                continue
            if names_split(tag):
                spelled = split_of(tag)
                inherited = spelled or inherited
                if tag.lower() in ("val", "valid", "test", "train", "dev", "eval") and (
                    lead := _loss_lead(bases)
                ):
                    tag = f"{lead} {tag}"
            elif NEUTRAL.fullmatch(tag):
                pass
            elif word:
                tag = f"{word}/{tag}"
            elif inherited:
                tag = f"{inherited}/{tag}"
            number = 2
            unique = tag
            while unique in seen:
                unique = f"{tag} [{number}]"
                number += 1
            seen.add(unique)
            named.append(_renamed(field, unique))
        return tuple(named), line_split


def _loss_lead(tags: list[str]) -> str:
    """``loss train: 1.2, val: 1.3`` measures the same thing twice."""
    for tag in tags:
        match = re.fullmatch(r"(.*loss) (?:train|training)", tag, re.IGNORECASE)
        if match:
            return match.group(1)
    return ""


def _renamed(field: Field, tag: str) -> Field:
    return Field(field.token, tag, field.kind, field.rank, field.scale, field.over, field.mean)


def _keep_words(match: re.Match[str]) -> str:
    """Take off the unit of the number before, but not a word that begins something new."""
    unit = match.group()
    plain = unit.strip().rstrip("./")
    if (
        unit[:1].isalpha()
        and "/" not in unit
        and (len(plain) > 4 or is_measure(plain) or axis_rank(plain) is not None)
    ):
        return unit
    return ""


def _scale(behind: str) -> float:
    """12k, 3.4M: a letter that multiplies, if it stands alone."""
    return _SCALES.get(behind[:1], 1.0) if behind[:1] in _SCALES and not behind[1:2].isalnum() else 1.0


def _readable(name: str) -> str:
    """Take quotes and marks off a name and read it as UTF-8."""
    name = name.strip(" \t\"'`*#>=~!?:;,$\\<|-+\ufffd&/")
    while name.endswith((".", "(", "[", "{")) or (name.endswith(")") and "(" not in name):
        name = name[:-1].rstrip(" \t\"'")
    while name.startswith((".", "(", "[", "{", ")", "]", "}", "'", '"')):
        name = name[1:].lstrip(" \t\"'")
    return re.sub(r"\s+", " ", name).strip()
