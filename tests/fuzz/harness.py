"""What one execution of a fuzzer does: bytes become a log, every reader that wants it reads it, and all is watched.

An input is a byte that chooses a place (what the file is called), the content of the file and, behind a separator, that
of a file beside it. `examine` raises `Broken` where a reader does what none may do with any bytes at all.
"""

from __future__ import annotations

import resource
import sys
import time
import zlib
from enum import IntEnum
from pathlib import Path
from typing import Any

import lrdoctor
from lrdoctor.errors import ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.registry import discover

BESIDE = b"\n%%beside%%\n"
_WANDB = "wandb/run-20240101_000000-a1b2c3d4"
PLACES: tuple[tuple[str, str | None], ...] = (
    ("metrics.csv", "hparams.yaml"),
    ("results.csv", "args.yaml"),
    ("log.tsv", "config.json"),
    ("history.jsonl", None),
    ("history.json", None),
    ("trainer_state.json", "config.json"),
    ("train.log", None),
    ("training_log_2024_1_1_10_00_00.txt", None),
    ("log", None),
    ("events.out.tfevents.1700000000.host.1.0", "hparams.yaml"),
    (f"{_WANDB}/run-a1b2c3d4.wandb", f"{_WANDB}/files/config.yaml"),
    (f"{_WANDB}/wandb-history.jsonl", f"{_WANDB}/files/wandb-metadata.json"),
    ("0000.runhistory.parquet", None),
    ("wandb_export_2024-01-05T10_15_00.000+01_00.csv", None),
    ("mlruns/1/0a1b/metrics/train_loss", "mlruns/1/0a1b/meta.yaml"),
    ("mlflow.db", None),
    ("trackio.db", None),
    ("ecf684a8217e4be2ae235539c1c4a9a6.zip", None),
    ("messages.json", None),
    (".neptune/offline/run__1/data-1.log", None),
    ("losses.npy", None),
    ("progress.csv", None),
    ("result.json", "params.json"),
    ("0.monitor.csv", None),
    ("learn_error.tsv", None),
    ("dvclive/plots/metrics/train/loss.tsv", "dvclive/params.yaml"),
    ("all_scalars.json", None),
    ("20240101_000000.log.json", "config.py"),
    ("trainer_log.jsonl", None),
    ("scalars.json", None),
    ("history.pkl", None),
    (".aim/run_metadata.sqlite", None),
    ("metrics.json", "config.yaml"),
    ("log.txt", "args.txt"),
    ("summary.csv", "args.yaml"),
    ("results.txt", "opt.yaml"),
    ("Train_Samples_train_loss.csv", None),
    ("run-train-tag-loss.csv", None),
    ("run-train-tag-loss.json", None),
)
"""Names by which readers know their files, each with a companion that its reader opens."""

_BASE_SECONDS, _SECONDS_PER_BYTE = 4.0, 50e-6
_FREE_MEMORY, _MEMORY_PER_BYTE = 192 << 20, 64
_HOMES = tuple(str(Path(place).resolve()) for place in {sys.prefix, sys.base_prefix, Path(lrdoctor.__file__).parent})
_HARMLESS = ("/dev/null", "/dev/urandom", "/etc/localtime", "/usr/share/zoneinfo", "/proc/", "/sys/", "<")
_NEVER = frozenset((
    "pickle.find_class", "marshal.load", "marshal.loads", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
    "os.fork", "subprocess.Popen", "socket.connect", "socket.getaddrinfo", "socket.bind", "ctypes.dlopen",
    "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "shutil.rmtree",
    "sqlite3.load_extension",
))  # fmt: skip
_PATHS = frozenset(("open", "os.listdir", "os.scandir", "sqlite3.connect"))
_HEARD = _NEVER | _PATHS | {"exec", "compile"}


class Broken(Exception):  # noqa: N818 - it is what is being looked for
    """A reader has done what no reader may do."""


class Watch:
    """Hears of every file that is opened and of all code that is run, while it is on."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._heard)

    def _heard(self, event: str, args: tuple[object, ...]) -> None:
        if not self.on or event not in _HEARD or _importing():
            return
        if event in _NEVER or (event in ("exec", "compile") and not _only_parsed(event)):
            self.seen.append(f"{event} {args!r:.200}")
        elif event in ("os.listdir", "os.scandir") and f"{self.root}/".startswith(f"{args[0]}".rstrip("/") + "/"):
            pass  # whether what lies above is a run as well is seen from names
        elif event in _PATHS and isinstance(args[0], str | bytes) and not self._may_open(args[0]):
            self.seen.append(f"{event} {args[0]!r}")
        elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
            self.seen.append(f"written: {args[0]!r}")

    def _may_open(self, path: str | bytes) -> bool:
        name = path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path
        name = name.removeprefix("file://").partition("?")[0]
        return f"{name}/".startswith((f"{self.root}/", *_HARMLESS, *_HOMES)) and "/../" not in f"{name}/"


def _importing() -> bool:
    """Whether a module is being imported: that opens files and runs code of its own."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _only_parsed(event: str) -> bool:
    """Whether code is turned into a tree by `ast`, which runs none of it."""
    return event == "compile" and sys._getframe(2).f_code.co_filename.endswith("ast.py")


def written(data: bytes, root: Path) -> tuple[Path, list[Path]]:
    """Write what an input stands for; the log, and all files."""
    name, beside = PLACES[data[0] % len(PLACES)]
    content, found, companion = data[1:].partition(BESIDE)
    paths = [root / name]
    if found and beside is not None:
        paths.append(root / beside)
    for path, each in zip(paths, (content, companion), strict=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each)
    return paths[0], paths


def examine(data: bytes, watch: Watch) -> int:
    """Have every reader that claims an input read it.

    Returns
    -------
    How many readers have claimed it.

    Raises
    ------
    Broken, Exception
        As `give`.
    """
    if not data:
        return 0
    path, paths = written(data, Path(watch.root))
    try:
        readers = discover("lrdoctor.readers", "READER")
        count = sum(give(name, path, len(data), watch) > Outcome.NOT_CLAIMED for name in readers)
        if count and zlib.crc32(data) % 16 == 0:
            lrdoctor.diagnose(path).to_json()
    finally:
        for each in paths:
            each.unlink()
    return count


class Outcome(IntEnum):
    """What became of a file that a reader was given."""

    NOT_CLAIMED = 0
    REFUSED = 1
    READ = 2


def give(name: str, path: Path, size: int, watch: Watch) -> Outcome:
    """Give a file to one reader, which reads it if it claims it.

    Raises
    ------
    Broken
        The reader took too long for so many bytes, or too much memory; opened a file elsewhere, wrote one, or ran code.
    Exception
        Whatever it raised that is not a `ReadError`.
    """
    reader = discover("lrdoctor.readers", "READER")[name]
    before, begin = _peak(), time.process_time()
    watch.on = True
    try:
        outcome = _read(reader, path)
    finally:
        watch.on = False
    took, grown = time.process_time() - begin, _peak() - before
    if watch.seen:
        heard, watch.seen = watch.seen, []
        raise Broken(f"{name}: {heard}")
    if took > _BASE_SECONDS + _SECONDS_PER_BYTE * size:
        raise Broken(f"{name}: {took:.1f} s for {size} bytes")
    if grown > _FREE_MEMORY + _MEMORY_PER_BYTE * size:
        raise Broken(f"{name}: {grown >> 20} MB for {size} bytes")
    return outcome


def _read(reader: Any, path: Path) -> Outcome:
    file = LogFile(path, named=True)
    claim = reader.claim(file)
    if claim is None:
        return Outcome.NOT_CLAIMED
    outcome = Outcome.REFUSED
    try:
        for run in reader.read(Source(path=claim.group or path, files=(file,))):
            outcome = Outcome.READ
            for series in run.series.values():
                assert series.step.shape == series.value.shape
    except ReadError:
        pass
    return outcome


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
