"""Fuzz every reader, led by coverage: ``python tests/fuzz/fuzz_readers.py [corpus] [libFuzzer options]``.

Needs atheris (``pip install atheris``), on Linux; ``-max_total_time=3600`` ends it after an hour, ``-seed=7`` starts
elsewhere. A corpus that is empty is filled with the seeds. The first input for each way in which a reader breaks is
written to ``found/``; once that is repaired, it belongs into ``tests/fixtures/fuzz``, where the ordinary tests read it
for ever. Inputs that hang or kill the interpreter end the run and are left in the current directory by libFuzzer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

_OPTIONS = ("-max_len=32768", "-timeout=60", "-rss_limit_mb=3072", "-print_final_stats=1")
_ROOT = "LRDOCTOR_FUZZ_ROOT"


def main() -> int:
    """Fuzz in a process of its own, so that what it leaves behind is removed however it ends."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # millions of small files: not on a disk
    with tempfile.TemporaryDirectory(prefix="lrdoctor-fuzz-", dir=base) as root:
        return subprocess.run([sys.executable, *sys.argv], env={**os.environ, _ROOT: root}, check=False).returncode


def fuzz(root: Path) -> None:
    """Fuzz until libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["lrdoctor.readers", "lrdoctor.bundles", "lrdoctor.claiming"]):
        from harness import PLACES, Watch, examine
        from seeds import seeds

        from lrdoctor.registry import discover

        discover("lrdoctor.readers", "READER")
    warnings.simplefilter("ignore")
    corpus = Path(next((word for word in sys.argv[1:] if not word.startswith("-")), "corpus"))
    corpus.mkdir(parents=True, exist_ok=True)
    if not any(corpus.iterdir()):
        for data in seeds():
            (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)
    watch = Watch(root.resolve())
    known: set[str] = set()

    def one(data: bytes) -> None:
        try:
            examine(data, watch)
        except Exception as error:
            where = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)[-2:]))
            name = hashlib.sha1(f"{type(error)}{where}{str(error)[:40]}".encode()).hexdigest()[:12]
            if name not in known:
                known.add(name)
                Path("found").mkdir(exist_ok=True)
                (Path("found") / name).write_bytes(data)
                print(f"\nfound/{name} ({PLACES[data[0] % len(PLACES)][0]})", flush=True)
                traceback.print_exc(limit=-6)

    for data in seeds():  # everything that is imported late is imported now
        with contextlib.suppress(Exception):
            examine(data, watch)
    atheris.Setup([sys.argv[0], *_OPTIONS, *(word for word in sys.argv[1:] if word.startswith("-")), str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    if _ROOT in os.environ:
        fuzz(Path(os.environ[_ROOT]))
    else:
        sys.exit(main())
