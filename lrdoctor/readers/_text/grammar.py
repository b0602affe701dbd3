"""One line of printed text: which of its numbers are data, and what they are called."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor.readers._text.naming import boxed_field, names_table
from lrdoctor.readers._text.nouns import Field, Line
from lrdoctor.readers._text.phrases import fields_of
from lrdoctor.readers._text.shapes import NUMBER_IN_TEXT
from lrdoctor.readers._text.words import BAR, UNNAMED_RANK, WORTHWHILE, split_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.readers._text.nouns import Kind

# What is longer than any line of a log ought to be must not cost more than its length.
_SHORT = 200
_LONGEST_KNOWN = 600
_BLOB = re.compile(r"[\w.]{256}")
_RUN = re.compile(r"([^\w\n])\1{15,}+")
_STATEMENTS = (
    r"(?:def|class|import|from|if|elif|for|while|return|assert|with|print|raise|try|except|lambda|@|>>>"
    r"|#include|//|/\*|\+{1,4} )"
)
_CODE = re.compile(
    rf"\s*{_STATEMENTS}\b.*[(:)\]]"
    r"|\s*(?:\w+\.)*\w+\s*[-+*/]?=\s*(?:\w+\.)*\w+\("
    r"|.*(?:[^=!<>\[]==[^=]|!=|[^-+*/%=][-+*/%]=[^=]| if .* else |\bself\.|\blambda\b)"
    r"|.*(?:\{[^{}'\"]*:[.\d]*[def]\}|%\d*\.\d*[dfgs]\b)"
    r"|\+{1,4} |\s*(?:\w+\s)?\w+\([^()]*\);?\s*$|.*;\s*$|\s*parser\.add"
)
_REFUSED = re.compile(
    r"^\s*time \(ms\)|maxDets=|improved from|not improve|(?:de|in)creased?\b.*->|Traceback|^\s*File \""
    r"|Warning\b|deprecat|rm -|\$\{|requires_grad|Sequential\(|Linear\(|Conv\dd\(|LayerNorm\(|Dropout\("
    r"|ModuleList|_features=|\bClass\s+Images\s+(?:Labels|Instances|Targets)\b",
    re.IGNORECASE,
)
# Another stream broke in: a warning, with the file that raised it in front.
_INTERRUPTED = re.compile(r"WARNING:|UserWarning|(?<=\d)/[\w./-]+\.py:\d+|[\w./\\-]{1,200}\.py:\d+: \w*Warning\b")
_RULE = re.compile(r"\s*[+|]?[-=+_|*~\u2010-\u259f ]{5,}[+|]?\s*")
_BOX = re.compile(r"\s*\|\s*(?P<key>[^|]*?[^|\s][^|]*?)\s*\|\s*(?P<value>[^|]*?)\s*\|?\s*")
_BAR_BEHIND = re.compile(r"%(?:\||\s+[\u2500-\u257f])")
_BAR_KERAS = re.compile(r"\[=*>?\.{2,}\]|\[={5,}\]|[\u2501\u2578\u257a]{3,}")
_BAR_TQDM = re.compile(r"%\|[^|]{0,300}\| *\d+/\d+ \[|\d+(?:it|ba|ex|step)? \[\d+:\d+[,<]|\d+/\d+ \[\d+:\d+<")
_SESSION = re.compile(
    r"\b\d+\s*(?:st|nd|rd|th)\b|\b(?:start|run|trial|fold|seed|experiment|session|model|split|repeat"
    r"|repetition|round|config|lr|learning rate)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"best (?:iteration|round)\b[^\d]{0,12}$", re.IGNORECASE)
_SECTION = re.compile(r"\s*\|\s*(?P<name>[A-Za-z][\w .-]*)/\s*\|\s*\|?\s*")
_HEADING = re.compile(r"[^\w]*(?P<words>[A-Za-z][A-Za-z _-]{2,40})[^\w]*")
_LOGGED = re.compile(r"[:\]|>]\s*|\s-\s")
_CELLS = re.compile(r"\s{2,}|\t|\s*\|\s*")


def read_line(raw: bytes) -> Line | None:
    """Read one line; None if it holds nothing of interest.

    Parameters
    ----------
    raw
        The line without its end, UTF-8.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if len(text) > _SHORT:
        if _BLOB.search(text):
            return None
        text = _RUN.sub(r"\1\1\1\1", text)
    tokens = [match.span() for match in NUMBER_IN_TEXT.finditer(text)]
    if not tokens:
        return _without_numbers(text)
    bare = _bare_row(text, tokens)
    if bare is not None:
        return bare
    boxed = _boxed(text, tokens)
    if boxed is not None:
        return boxed
    if not WORTHWHILE.search(raw):
        return _session(text)
    cut = _INTERRUPTED.search(text, 20)
    if cut:
        text = text[: cut.start()]
        tokens = [span for span in tokens if span[1] <= len(text)]
    if _REFUSED.search(text) or _CODE.match(text):
        return None
    bar = (
        "summary"
        if "train_runtime" in text
        else "keras"
        if _BAR_KERAS.search(text)
        else "tqdm"
        if _BAR_TQDM.search(text)
        else ""
    )
    known = _known(text, tokens)
    if known is not None:
        return known
    header = _header(text, tokens)
    if header is not None:
        return header
    fields, split = fields_of(text, tokens)
    heading = None if fields or bar else _heading(text)
    if heading is not None:
        return heading
    if fields:
        if bar == "tqdm":  # where a bar stands and a position that is printed elsewhere count different things
            fields = tuple(
                replace(field, tag=BAR) if field.kind != "value" and field.rank == UNNAMED_RANK else field
                for field in fields
            )
        return Line("data", fields, split, bar=bar)
    return _session(text)


def _session(text: str) -> Line | None:
    """A short line that may announce another training: "0th model", "Fold 2", "SGD start!"."""
    if len(text) < 80 and _SESSION.search(text):
        return Line("session", names=(text.strip(),))
    return None


def _without_numbers(text: str) -> Line | None:
    if len(text) > 300 or not text.strip():
        return None
    if _RULE.fullmatch(text):
        return Line("rule")
    section = _SECTION.fullmatch(text)
    if section:
        return Line("section", names=(section["name"],))
    if _REFUSED.search(text):
        return None
    if _ASIDE.search(text):  # boosting prints its best line once more
        return Line("aside")
    header = _header(text, ())
    if header is not None:
        return header
    return _heading(text) or _session(text)


def _heading(text: str) -> Line | None:
    """A few words that speak of train or validation, perhaps behind what a logger writes in front."""
    if len(text) > _SHORT:
        return None
    said = _LOGGED.split(text.rstrip(" :=-*#.\u2026\r"))[-1]
    heading = _HEADING.fullmatch(said)
    if heading and len(heading["words"].split()) <= 4:
        split = split_of(heading["words"])
        if split:
            return Line("heading", split=split, names=(said.strip(),))
    return None


def _header(text: str, tokens: Sequence[tuple[int, int]]) -> Line | None:
    """Column names of a table: an axis, a measure, and no number that is not part of a name."""
    if len(text) > 400 or ":" in text or "=" in text:
        return None
    if any(
        not (text[start - 1 : start].isalnum() or text[start - 1 : start] in "_@-") for start, _ in tokens if start
    ) or (tokens and tokens[0][0] == 0):
        return None
    for cells in (
        [c for c in _CELLS.split(text.strip().strip("|")) if c],
        text.split(),
        [c.strip() for c in text.split(",")],
    ):
        if 2 <= len(cells) <= 60 and names_table(cells):
            return Line("header", names=tuple(cell.strip("*_ ") for cell in cells))
    return None


_ROW = re.compile(r"[\s|]*(?:No log|[-+]?[\d.])(?:[-+\d.,eE%:/\s|]|nan|NaN|inf|None|No log|[kKMGBs]\b|it/s|-(?=\s))*")
_ROW_CELL = re.compile(r"[^\s|]+")
_PIPE_CELL = re.compile(r"(?<=\|)[^|]*(?=\|)")


def _bare_row(text: str, tokens: Sequence[tuple[int, int]]) -> Line | None:
    """A line of numbers only, as below a header: each number with the cell it stands in."""
    body = text
    drawn = _BAR_BEHIND.search(text)
    bar = drawn.start() if drawn else -1
    if bar > 0:
        body = text[: text.rfind(" ", 0, bar) + 1]  # YOLO prints its bar behind the row
    colon = body.find(": ")
    if bar > 0 and colon > 0:
        body = body[:colon]
    if len(body) > 600 or not _ROW.fullmatch(body):
        return None
    piped = body.count("|") >= 3
    cells = [m.span() for m in (_PIPE_CELL if piped else _ROW_CELL).finditer(body)]
    if len(cells) < 2:
        return None
    fields = []
    for number, (start, end) in enumerate(cells):
        inside = [(i, t) for i, t in enumerate(tokens) if start <= t[0] < end]
        content = body[start:end].strip()
        if not inside or not content or ":" in content:
            continue
        tail = content[len(content.rstrip("kKMGBs%")) :] if content[-1:] in "kKMGBs%" else ""
        if tail in ("G", "M", "GB", "MB", "s"):
            continue
        index, (_, stop) = inside[0]
        if len(inside) > 1 and text[stop : stop + 1] != "/":
            continue
        fields.append(Field(index, str(number)))
    if len(fields) < 2:
        return None
    return Line("row", tuple(fields), names=(str(len(cells)),), bar="keras" if drawn else "")


def _boxed(text: str, tokens: Sequence[tuple[int, int]]) -> Line | None:
    """A ``| name | value |`` line of a box, as reinforcement-learning libraries print them."""
    if len(text) > 300 or not 2 <= text.count("|") <= 3 or not text.rstrip().endswith("|"):
        return None
    match = _BOX.fullmatch(text)
    if match is None:
        return None
    start, end = match.span("value")
    inside = [i for i, (a, b) in enumerate(tokens) if a == start and b == end]
    if not inside or re.fullmatch(r"[-+\d.,eE\s]+", match["key"]):
        return None
    field = boxed_field(match["key"], inside[0])
    return Line(
        "box",
        (field,),
        split="indented" if len(match["key"]) and text[match.start("key") - 3 : match.start("key")] == "   " else "",
    )


# ---- lines that say things in an order of their own
# ------------------------------------------------------------
_NUM = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|-?nan|-?inf)"


def _line(pattern: str, names: str) -> tuple[re.Pattern[str], tuple[tuple[str, Kind], ...]]:
    """A known line: its pattern, and a name for each of its groups (a count's name ends in an asterisk)."""
    fields: list[tuple[str, Kind]] = []
    for name in names.split(", "):
        plain = name.rstrip("*")
        kind: Kind = "value" if plain == name else "epoch" if plain == "epoch" else "step"
        fields.append((plain, kind))
    return re.compile(pattern, re.IGNORECASE), tuple(fields)


_KNOWN = (
    # llm.c: step, train loss, rate, norm; validation on lines of its own.
    _line(rf"s:(\d+) trl:{_NUM}", "step*, trl"),
    _line(rf"s:(\d+) trl:{_NUM} lr:{_NUM} norm:{_NUM}.*", "step*, trl, lr, grad norm"),
    _line(rf"s:(\d+) tel:{_NUM}", "step*, tel"),
    _line(rf"s:(\d+) eval:{_NUM}", "step*, eval/accuracy"),
    # Darknet puts names behind numbers.
    _line(
        rf"\s*(?:\([^)]*\)\s*)?(\d+):\s*{_NUM},\s*{_NUM} avg(?: loss)?,\s*{_NUM} rate,.*",
        "iteration*, loss, avg loss, learning rate",
    ),
    # CatBoost names the data only.
    _line(rf"(\d+):\s+learn: {_NUM}\s+test: {_NUM}.*total: .*", "iteration*, learn, test"),
    _line(rf"(\d+):\s+learn: {_NUM}\s+total: .*", "iteration*, learn"),
    # Tacotron 2 and its descendants put the iteration between name and value.
    _line(rf".*?\bTrain loss (\d+):? {_NUM} Grad Norm {_NUM}\b.*", "iteration*, train loss, grad norm"),
    _line(rf".*?\bValidation loss (\d+):\s+{_NUM}\s*", "iteration*, validation loss"),
    # Deeplearning4j calls the loss a score.
    _line(rf".*\bScore at iteration (\d+) is {_NUM}.*", "iteration*, score (loss)"),
    # A scheduler speaks up when it changes the rate.
    _line(rf".*?\bepoch\s*(\d+).*?learning rate (?:of group 0 )?to {_NUM}.*", "epoch*, learning rate"),
    # YOLO's detections of all classes, below a line of names that is a progress bar as well.
    _line(rf"\s*all\s+\d+\s+\d+\s+{_NUM}\s+{_NUM}\s+{_NUM}\s+{_NUM}(?:\s.*)?",
          "val/precision, val/recall, val/mAP50, val/mAP50-95"),
    # TensorFlow's estimator evaluates without saying so in the names.
    _line(rf".*Saving dict for global step (\d+):.*?(?<!\w)loss = {_NUM}.*", "global_step*, eval/loss"),
)


def _known(text: str, tokens: Sequence[tuple[int, int]]) -> Line | None:
    if len(text) > _LONGEST_KNOWN:
        return None
    for pattern, names in _KNOWN:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        fields = []
        for group, (tag, kind) in enumerate(names, 1):
            start = match.start(group)
            token = next((i for i, (a, b) in enumerate(tokens) if a <= start < b), None)
            if token is None:
                break
            fields.append(Field(token, tag, kind, rank=-1 if kind == "epoch" else 1))
        else:
            return Line("data", tuple(fields))
    return None
