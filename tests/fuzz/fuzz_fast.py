"""Fuzz every reader without measuring coverage: ``python tests/fuzz/fuzz_fast.py [log] [--executions 1e6] ...``.

One execution gives one damaged input to one reader, which reads all of it if it claims it. Readers are taken in turn.
Executions come in batches, each determined by the seed, its number and what is started from; each leaves a line in the
log, and batches that are in the log already are passed over, so that a run can be stopped and gone on with at any time,
and ``--total`` adds up. Inputs that break a reader are left in ``found/``, as those of `fuzz_readers` are, whose
corpora can be started from.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import gc
import hashlib
import json
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from harness import BESIDE, PLACES, Outcome, Watch, give
from mutations import damaged
from seeds import seeds

from lrdoctor.registry import discover

if TYPE_CHECKING:
    from collections.abc import Sequence

_BATCH = 20_000
_SMALL, _MOST = 300, 2_048
"""Bytes to which the seeds are cut where their readers allow it, and which no input exceeds much."""
_SEEDS = {Outcome.READ: 120, Outcome.REFUSED: 30}
"""For each reader, at most, drawn from those that it reads and that it refuses."""
_HANGS = 600
"""Seconds after which a process is ended that has not come on; a slow reader is found long before."""


def main() -> int:
    """Deal the batches out to processes, or add up what they have left."""
    options = _options()
    if not options.total and not run(options):
        return 1
    print(told(options.log))
    return 0


def run(options: argparse.Namespace) -> bool:
    """Fuzz; False if a process did not come to its end."""
    warnings.simplefilter("ignore")
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # millions of small files: not on a disk
    with tempfile.TemporaryDirectory(prefix="lrdoctor-fuzz-", dir=base) as folder:
        root = Path(folder).resolve()
        kept = [path.read_bytes() for corpus in options.corpus for path in sorted(corpus.iterdir())]
        starts = pools([*seeds(), *(data for data in kept if data)], Bench(root / "first"))
        print({name: len(pool) for name, pool in starts.items()}, flush=True)
        gc.freeze()
        workers = {}
        for number in range(options.processes):
            child = os.fork()
            if not child:
                _work(options, number, Bench(root / str(number)), starts)
            workers[child] = number
        ended = {workers[child]: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in workers}
        for number in (number for number, status in ended.items() if status):
            print(f"process {number} has ended with {ended[number]}; what it was reading is in found/")
            data = _left(root / str(number))
            keep(data, f"dead-{hashlib.sha1(data).hexdigest()[:12]}")
    return not any(ended.values())


def _left(root: Path) -> bytes:
    """The input that a process was reading when it died."""
    for number, (name, beside) in enumerate(PLACES):
        if (root / name).is_file():
            companion = root / beside if beside else None
            ending = BESIDE + companion.read_bytes() if companion is not None and companion.is_file() else b""
            return bytes([number]) + (root / name).read_bytes() + ending
    return b""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0].partition(":")[0] if __doc__ else None)
    parser.add_argument("log", type=Path, nargs="?", default=Path("fuzz-log.jsonl"), help="a line for each batch")
    parser.add_argument("--executions", type=float, default=1e6, help="of this seed, with those that are in the log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="no batch is begun after so many")
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="more inputs to start from")
    parser.add_argument("--total", action="store_true", help="add up what is in the log, and end")
    return parser.parse_args()


def told(log: Path) -> str:
    """What a log amounts to, in a table with a line for each reader."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    counts = {name: Counter() for name in ("given", "claimed", "read", "broken")}
    for line in lines:
        for name, counter in counts.items():
            counter.update(line[name])
    rows = [("reader", *counts)]
    rows += [(reader, *(str(each[reader]) for each in counts.values())) for reader in sorted(counts["given"])]
    rows.append(("all", *(str(each.total()) for each in counts.values())))
    spent = sum(line["seconds"] for line in lines)
    drawn = sorted({line["seed"] for line in lines})
    return "\n".join([
        *("{:22}{:>12}{:>12}{:>12}{:>8}".format(*row) for row in rows),
        f"seeds {drawn}, {spent / 3600:.1f} hours of processor time, {counts['given'].total() / spent:.0f} a second",
    ])  # fmt: skip


class Bench:
    """One process's place: files that are written again and again, and what has come of it."""

    def __init__(self, root: Path) -> None:
        self.watch = Watch(root)
        self.paths = [(root / name, beside and root / beside) for name, beside in PLACES]
        self.tick = 0
        self._lying: set[Path] = set()
        for path, beside in self.paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            if beside:
                beside.parent.mkdir(parents=True, exist_ok=True)

    def give(self, name: str, data: bytes) -> Outcome:
        """Write an input and give it to a reader."""
        path, beside = self.paths[data[0] % len(PLACES)]
        content, found, companion = data[1:].partition(BESIDE)
        wanted = {path, beside} if found and beside else {path}
        for old in self._lying - wanted:
            old.unlink()
        self._lying = wanted
        self._write(path, content)
        if found and beside:
            self._write(beside, companion)
        return give(name, path, len(data), self.watch)

    def _write(self, path: Path, content: bytes) -> None:
        """With a time of its own: what readers remember of a file must not be taken for that of another."""
        self.tick += 1
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(handle, content)
        os.utime(handle, ns=(self.tick, self.tick))
        os.close(handle)


def pools(inputs: Sequence[bytes], bench: Bench) -> dict[str, list[bytes]]:
    """What each reader starts from: some short inputs that it reads, and some that it refuses."""
    readers = list(discover("lrdoctor.readers", "READER"))
    found: dict[str, dict[Outcome, list[bytes]]] = {name: {outcome: [] for outcome in _SEEDS} for name in readers}
    for data in random.Random(0).sample(inputs, len(inputs)):
        for name in readers:
            wanted = [outcome for outcome, most in _SEEDS.items() if len(found[name][outcome]) < most]
            outcome = _outcome(bench, name, data) if wanted else Outcome.NOT_CLAIMED
            if outcome in wanted:
                found[name][outcome].append(_shortened(bench, name, data, outcome))
    return {name: sorted({data for some in kinds.values() for data in some}) for name, kinds in found.items()}


def _shortened(bench: Bench, name: str, data: bytes, outcome: Outcome) -> bytes:
    """The beginning of an input that is short, if a reader makes the same of it; of a companion, all."""
    while len(data) > _SMALL:
        content, found, companion = data.partition(BESIDE)
        shorter = content[: 1 + len(content) // 2] + found + companion[:400]
        if len(shorter) == len(data) or _outcome(bench, name, shorter) is not outcome:
            break
        data = shorter
    return data


def _outcome(bench: Bench, name: str, data: bytes) -> Outcome:
    try:
        return bench.give(name, data)
    except Exception:
        return Outcome.NOT_CLAIMED  # found by fuzzing, or known


def _work(options: argparse.Namespace, first: int, bench: Bench, starts: dict[str, list[bytes]]) -> NoReturn:
    """Do every so manieth batch, and end the process."""
    status = 1
    try:
        begin, done = time.monotonic(), _done(options)
        everything = sorted({data for pool in starts.values() for data in pool})
        for number in range(first, int(options.executions / _BATCH), options.processes):
            if time.monotonic() - begin > options.seconds:
                break
            if number not in done:
                counts = batch(f"{options.seed}/{number}", bench, starts, everything)
                with options.log.open("a") as log:
                    log.write(json.dumps({"seed": options.seed, "batch": number, **counts}) + "\n")
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _done(options: argparse.Namespace) -> set[int]:
    with contextlib.suppress(FileNotFoundError):
        lines = map(json.loads, options.log.read_text().splitlines())
        return {line["batch"] for line in lines if line["seed"] == options.seed}
    return set()


def batch(seed: str, bench: Bench, starts: dict[str, list[bytes]], everything: Sequence[bytes]) -> dict[str, object]:
    """Some thousand executions; how many each reader was given, claimed and read, and which broke it."""
    rng, begin = random.Random(seed), time.process_time()
    given: Counter[str] = Counter()
    claimed: Counter[str] = Counter()
    read: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    names = sorted(starts)
    for count in range(_BATCH):
        if count % 256 == 0:
            faulthandler.dump_traceback_later(_HANGS, exit=True)
        name = names[count % len(names)]
        data = damaged(rng, rng.choice(starts[name]), everything, _MOST)
        given[name] += 1
        try:
            outcome = bench.give(name, data)
        except Exception as error:
            broken[name] += 1
            report(name, data, error)
            continue
        claimed[name] += outcome > Outcome.NOT_CLAIMED
        read[name] += outcome is Outcome.READ
    faulthandler.cancel_dump_traceback_later()
    return {"seconds": round(time.process_time() - begin, 1),
            "given": given, "claimed": claimed, "read": read, "broken": broken}  # fmt: skip


def report(reader: str, data: bytes, error: Exception) -> None:
    """Keep the first input for each way in which a reader breaks."""
    where = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)[-2:]))
    name = hashlib.sha1(f"{type(error)}{where}{str(error)[:40]}".encode()).hexdigest()[:12]
    if keep(data, name):
        print(f"\nfound/{name} ({reader}, {PLACES[data[0] % len(PLACES)][0]})", flush=True)
        traceback.print_exception(error, limit=-6)


def keep(data: bytes, name: str) -> bool:
    """Write an input into ``found/``, unless one of that name is there."""
    path = Path("found") / name
    path.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError), path.open("xb") as stream:
        stream.write(data)
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
