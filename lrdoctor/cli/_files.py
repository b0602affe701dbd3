"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from lrdoctor.errors import UsageError


def target(file: str, option: str) -> Path:
    """The path of a file to be written.

    Raises
    ------
    UsageError
        It is a directory, or its directory does not exist.
    """
    path = Path(file)
    if path.is_dir() or not path.absolute().parent.is_dir():
        reason = "is a directory" if path.is_dir() else "its directory does not exist"
        raise UsageError(f"{option}: cannot write {file}: {reason}")
    return path


def write(path: Path, content: bytes) -> None:
    """Write a file under a temporary name first, so that it is never half there.

    Raises
    ------
    UsageError
        It cannot be written.
    """
    from tempfile import mkstemp

    try:
        if path.exists() and not path.is_file():  # a device, a pipe
            path.write_bytes(content)
            return
        final = path.resolve()
        handle, name = mkstemp(dir=final.parent, prefix=f".{final.name[:60]}.", suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(final.stat().st_mode & 0o777 if final.exists() else 0o666 & ~mask)
            temporary.replace(final)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
