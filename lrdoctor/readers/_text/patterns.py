"""What a line of printed text is made of: marks, units, dates, brackets."""

from __future__ import annotations

import re


def _any(*parts: str) -> str:
    return "|".join(parts)


# ---- numbers that are no data wherever they stand
# --------------------------------------------------------------
_FILES = _any(
    "py", "cpp", "cc", "cu", "h", "hpp", "c", "pth?", "ckpt", "bin", "json", "safetensors", "h5", "hdf5",
    "npz?", "npy",
    "pkl", "pickle", "tar", "png", "jpe?g", "txt", "log", "yaml", "yml", "csv", "model", "index", "onnx",
    "msgpack",
    "params", "gz", "zip", "mp4", "wav",
)  # fmt: skip
_THINGS = _any(
    r"[a-zA-Z]*it", "s", "samples?", "images?", "imgs?", "tokens?", "words", "tok", r"batch(?:es)?", "ex",
    "examples?",
    "steps?", "iters?", "frames", r"[kKMG]?[bB]",
)  # fmt: skip
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_PER = _any("s", "sec", "second", "it", "iter", "iters", "batch", "step", "epoch")
MASKS = re.compile(
    _any(
        # dates and times
        r"\d+/\d+ \d+:\d+:\d+",
        r"\d+(?P<mark>[-/.])\d+(?P=mark)\d+(?:[ T_-]+\d+:\d+(?::\d+)?(?:[.,]\d+)?)?(?:Z|[-+]\d\d:?\d\d)?(?!\w)",
        r"(?<![\w.])\d+:\d+(?::\d+)?(?:[.,]\d+)?(?![\d.])",
        r"(?<!\w)\d+ days?,? *(?:\d+:\d+:\d+)?",
        rf"\b{_MONTHS}[a-z]*\.? +\d+(?: +[\d:]+)?(?:,? +\d{{4}})?(?!\w)",
        r"\d+h ?\d+m(?: ?\d+s)?",
        r"\d+m ?\d+s",
        # addresses, hashes, versions, files
        r"0x[0-9a-fA-F]+",
        r"\b[0-9a-f]*[a-f][0-9a-f]*\d[0-9a-f]{6,}\b",
        r"\b\d+\.\d+\.\d+[\w.+-]*",
        rf"[\w./\\-]*\.(?:{_FILES})\b(?::\d+)?",
        r"(?:^|(?<=[\s'\"=(]))(?:~|\.{0,2})/[\w.-]*[A-Za-z][\w./-]*",
        # progress and speed
        r"\d+%\|",
        r"\(\s*\d+(?:\.\d+)?\s*%\s*\)",
        r"\[\s*\d+(?:\.\d+)?\s*%\s*\]",
        rf"\d+(?:\.\d+)?\s*(?:{_THINGS})/(?:{_PER})\b",
        # Caffe's weight of a loss, machine parts, image sizes, counters
        r"\(\* ?\d+ = [-+\d.e]+ loss\)",
        r"\[?(?:Rank|rank) ?\d+\]?:?",
        r"\bpid=\d+",
        r"\bip=[\d.]+",
        r"\d+\s*x\s*\d+",
        r"output #\d+:",
        r"\(\w+:\d+\)",
        r"\(#?\d+\)(?= *$)",
        r"[\w.]+:[\w<>]+:\d+(?= - )",  # loguru says from which line it speaks
    )
)

# ---- before and behind a number
# --------------------------------------------------------------------------------
AXIS_AHEAD = re.compile(
    r"(?:^|[^A-Za-z])(?:epoch|step|iter|iteration|ep|batch|round|episode|update|it)[-_]?$", re.IGNORECASE
)
"""Digits that adhere to such a word count something."""
NAME_AHEAD = re.compile(r"(?:[A-Za-z_@]|[A-Za-z]-|@\d[\d.]*:)$")
"""Digits that adhere to any other word belong to it."""
TAIL = re.compile(r"[\s\"'`=:({\[|>~*<$\\,-]+$|\.\s+$|[.,]$")
"""What stands between a name and its number."""
WRAPPER = re.compile(
    r"[\[(\s]*\b[\w.]*(?:[Tt]ensor|float\d*|[Aa]rray|Variable|Parameter|int\d+|float_|item)\s*\(\s*[\[(]*\s*$"
)
"""A number may be printed as an object: ``tensor(0.5)``, ``np.float32(0.5)``."""
HARD = re.compile(r"[,;|\t\]})\[{(<>:=]|\s[-~]+\s|\s{2,}|\s\*+\s|\s/\s|(?<=[a-z]{5})\.\s+(?=[A-Z])|(?<=[a-z])\.\.+")
"""A name does not reach over these."""
CALL = re.compile(r"(?:^|[\s,;|\[])([A-Za-z_][\w/.@-]*(?:\([\w@.,:()/ -]{1,24}\)))$")
"""Names such as ``D(G(z))`` and ``Epoch(train)``."""
QUALIFIED = re.compile(
    r"(?:^|[,;|\t:=\]}]|\s{2,}|\s-\s)\s*([A-Za-z][\w /@.-]{0,38}?)"
    r"\s*[(\[]\s*([A-Za-z][\w .@%-]{0,24})\s*[)\]]$"
)
"""Names such as ``time per iteration (ms)``."""
QUALIFIER_AHEAD = re.compile(r"([A-Za-z_]+) ?\(((?:[A-Za-z]+ )*)$")
QUALIFIER_BEHIND = re.compile(r"((?: [A-Za-z]+)*)\)\s*[:=]")
"""Around a number that is part of a name: ``reward (last 100 episodes):``."""
UNIT = re.compile(
    r"\A(?:\s*%|[a-zA-Z\u00b5]+(?:/[a-zA-Z]+)?"
    r"|\s+(?:secs?|seconds?|ms|mins?|minutes?|hours?|GB|MB|KB|GiB|MiB)\b"
    r"|\s*[^\s/]{1,12}/(?:s|sec|second|step|it|iter|batch|epoch)\b\.?)"
)
"""The unit of the number before, at the beginning of what follows it."""
OTHER_UNIT = re.compile(
    r" ?(?:s|secs?|seconds?|ms|us|mins?|minutes?|h|hrs?|hours?|[GMK]i?B?|bytes|FPS|fps)\b|[hm] ?\d"
    r"|[smh](?=\s|,|$)"
)
"""Units of time and memory: such a number is no measurement of training."""
SAYS = re.compile(r"\s*(?:[:=]|is|was|->|=>)\s*")
ORDINAL = re.compile(r"\s*(?:(?:st|nd|rd|th)\b)?[\s-]*([A-Za-z]+|[\u8f6e\u8f2a\u6b65\u56de])(?!\w*\s*[:=\[(#]*\s*\d)")
"""A word behind a number that may say what it counts: ``100 steps``, ``3rd epoch``."""
AVERAGE = frozenset(("(avg:", "(avg", "(mean:", "(ave:", "avg:", "(avg.", "(average:"))
LEVEL = re.compile(r"^(?:INFO|DEBUG|WARNING|ERROR|NOTICE|WARN|TRACE|root)\b[\s:]*")

_STOP_WORDS = """
    of is was are at to for a an the in with on and done finished complete completed after equals reached got
    has have had from by this that took it now as be been so far over than average: took: we our its per=
    using under current= gives gave result results: vs
"""
STOP = frozenset(_STOP_WORDS.split())
"""Words of a sentence that are not part of a name."""
