"""Which files are worth reading as printed text, from their names and a look at three places."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.readers._text.stream import GLUED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lrdoctor.readers._base import LogFile

SAMPLE_BYTES = 16_384
_PLACES = 24
# Names of what training prints into; `.o12345` and `.e12345` are batch systems.
_TEXT_SUFFIX = pattern(
    r"\.(?:log|logs|txt|text|out|err|output|stdout|stderr|md|[oe]\d{2,}|\d{1,3}|nohup|console|lst|rpt|trn|trace)",
    re.IGNORECASE,
)
# Other programs' files that end like logs.
_NEVER = pattern(
    r"requirements.*\.txt|debug(?:-internal|-core|-cli)?\.log|license.*|copying.*|cmakelists\.txt|changelog.*|authors.*|contributing.*|robots\.txt|"
    r"sources\.txt|top_level\.txt|entry_points\.txt|dependency_links\.txt|pip.*\.log|npm-debug\.log|yarn-error\.log|vocab.*\.txt|merges\.txt|"
    r"labels?\.txt|classes\.txt|model_(?:summary|arch\w*)\.txt|environment.*\.txt|conda.*\.txt|pylint.*|citation.*|dockerfile|makefile|record|installer|wheel|metadata",
    re.IGNORECASE,
)
# Names that let one expect a training log, so that a refusal should be heard; the second kind whatever is
# in the file.
_TELLING = pattern(r"train|loss|log|history|metric|progress|slurm|nohup|stdout|.*\.(?:log|out|err)$", re.IGNORECASE)
_PROMISING = pattern(r"loss|(?:^|[^a-z])(?:train\w*|progress|learning)[_ -]?logs?(?:[^a-z]|$)", re.IGNORECASE)
# A word, then a number: of these words, some lines of a training log hold one that measures or counts.
_SAYS = pattern(
    rb"(?<![a-z])([a-z][a-z_@]{0,24}+|"
    + "损失|損失|轮次|轮|エポック|에포크|손실|поха|потери|шибка".encode()
    + rb")[\"'\]@\w]{0,3}+"
    rb"(?:[ \t:=|(\[\"',]|\xef\xbc\x9a){1,12}+-?(?:\d|nan|inf)"
)
_WORDS = pattern(
    rb".*(?:loss|epo[cqk]|accura|perplex|reward|verlust|perte|perdida|perda|treino|pocas?|poques?).*|.*(?:lr|acc|ppl|step|iter|iteration|err|error|score|return|trl|tel|cost|train|"
    rb"valid|validation|test|eval|dev|val|rate|objective|entropy|elbo|auc|f1|dice|iou|map|bleu|mse|mae|rmse|nll|norm|episode|updates|up|ep|\xa4\xb1)s?|[dg]_[a-z]{1,6}|[\x80-\xff]+"
)
ENOUGH = 4


def looks_printed(file: LogFile) -> bool:
    """Say whether a file looks like the printed output of a training.

    The name must be one that output is written to (any name if the user named the file), and a sample from
    its
    beginning, middle or end must hold several lines in which a measurement or a count stands before a number.
    """
    if file.size == 0:
        return False
    if not file.named:
        if _NEVER.fullmatch(file.name):
            return False
        if file.suffix and not _TEXT_SUFFIX.fullmatch(file.suffix):
            return False
        if not file.suffix and file.name.startswith("."):
            return False
    if not file.named and file.name == "output.log" and any(file.path.parent.parent.glob("run-*.wandb")):
        return False  # what a run printed lies beside what it logged
    if _PROMISING.search(file.name) and not is_binary(file.head):
        return True
    return speaking_lines(file) >= (2 if file.named else ENOUGH)


def is_telling(name: str) -> bool:
    """Say whether a file's name lets one expect a training log, so that a refusal should be heard."""
    if _NEVER.fullmatch(name) or name.lower().startswith("readme"):
        return False
    return _TELLING.search(name) is not None


def samples(file: LogFile) -> Iterator[bytes]:
    """Pieces of a text file: beginning, middle and end, then short ones all over it; none if binary."""
    if not file.size or is_binary(file.head):
        return
    yield file.head
    if file.size > len(file.head):
        yield from _further(file.path, file.size, len(file.head))


@lru_cache(maxsize=2)
def _further(path: Path, size: int, begin: int) -> tuple[bytes, ...]:
    """Pieces from behind the beginning; kept, since several readers ask about a file one after the other."""
    places = [
        (max(size // 2 - SAMPLE_BYTES, begin), SAMPLE_BYTES),
        (max(size - SAMPLE_BYTES, begin), SAMPLE_BYTES),
    ]
    if size > 8 * SAMPLE_BYTES:  # what was printed may be a short stretch of a long file
        places += [(size * place // _PLACES, SAMPLE_BYTES // 4) for place in range(1, _PLACES)]
    pieces = []
    try:
        with path.open("rb") as stream:
            for place, length in places:
                stream.seek(place)
                pieces.append(stream.read(length))
    except OSError:
        return ()
    return tuple(pieces)


def speaking_lines(file: LogFile) -> int:
    """The most lines with a measurement in one sample of the file; 0 if it is binary."""
    best = 0
    for sample in samples(file):
        best = max(best, _count(sample))
        if best >= ENOUGH:
            break
    return best


# The head of a table that is printed row by row: an axis, then a measurement, in one line without colons.
_HEADER = pattern(
    rb"^[ \t|]*(?:[\w ]{1,40}\|[ \t]*)?(?:(?:epoch|step|iter\w{0,8}|training loss)\b|e +#)[^:=\r\n]{0,200}"
    rb"\b(?:loss|\w{1,30}loss|acc\w{0,8}|box|\w{0,20}err\w{0,5}|score|lr)\b",
    re.MULTILINE,
)
_ROW = pattern(rb"^[ \t|]*(?:no log[ \t|]+)?\d+[\d/.]*[ \t|]+[-\d.n]", re.MULTILINE)


def plain(sample: bytes) -> bytes:
    """A sample without colours and, if it is UTF-16, without zeros."""
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff") or sample.count(0) > 0.3 * len(sample):
        sample = sample.replace(b"\x00", b"")
    return re.sub(rb"\x1b\[[0-9;]*[A-Za-z]", b"", sample) if b"\x1b" in sample else sample


def _count(sample: bytes) -> int:
    """Lines with a measurement or a count, and rows under the head of a table; no more than are needed."""
    sample = plain(sample)
    lower = sample.lower().replace(b"\r", b"\n")
    if lower.count(b"\n") < len(lower) // 1000:  # no line ends where there should be
        lower = GLUED.sub(b"\n", lower)
    seen = -1
    found = 0
    for match in _SAYS.finditer(lower):
        if match.start() > seen and _is_word(match[1]):
            found += 1
            end = lower.find(b"\n", match.end())
            seen = end if end >= 0 else len(lower)
            if found >= ENOUGH:
                return found
    if _HEADER.search(lower):
        found += len(_ROW.findall(lower))
    return found


@lru_cache(maxsize=4096)
def _is_word(word: bytes) -> bool:
    return _WORDS.fullmatch(word) is not None


def is_binary(head: bytes) -> bool:
    """Not text in any encoding: control characters that no program prints, or zeros that are not UTF-16's."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or not head:
        return not head
    zeros = head.count(0)
    if zeros > 0.02 * len(head):
        return not (max(head[::2].count(0), head[1::2].count(0)) > 0.8 * zeros and zeros > 0.3 * len(head))
    odd = sum(head.count(bytes((code,))) for code in (*range(1, 7), *range(14, 27), 28, 29, 30, 31))
    return odd > 0.02 * len(head)


def holds(file: LogFile, shape: re.Pattern[bytes]) -> bool:
    """Say whether a text file shows a shape in one of the places that are looked at.

    Parameters
    ----------
    file
        Any file; one that is named like something else than output is only looked at if the user named it.
    shape
        What the writer's lines have in common.
    """
    if not file.named and (_NEVER.fullmatch(file.name) or (file.suffix and not _TEXT_SUFFIX.fullmatch(file.suffix))):
        return False
    return any(shape.search(plain(sample)) for sample in samples(file))
