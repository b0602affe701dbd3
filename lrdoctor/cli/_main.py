"""The way in: choose a command, run it, and turn whatever goes wrong into a line and an exit status."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
import warnings
from typing import TYPE_CHECKING

import lrdoctor
from lrdoctor.cli._base import Exit
from lrdoctor.cli._terminal import say
from lrdoctor.errors import LrdoctorError, ReadError
from lrdoctor.registry import discover, named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lrdoctor.cli._base import Command

_OUTPUT_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_EPILOG = """\
exit status:
  0  done                         3  no training log found
  1  --fail-on was met            4  no log could be read
  2  wrong usage or configuration 130  Ctrl-C: what is said is about the runs so far

examples:
  lrdoctor diagnose runs/                         every run below a directory
  lrdoctor diagnose runs/ --format json=out.json  the same for a program
  lrdoctor runs metrics.csv                       what is in a log, and what each curve means
  lrdoctor explain OSC101                         what a finding means and what to do
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        Arguments without the program's name; those of the process if None.

    Returns
    -------
    The exit status (`Exit`).
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        with warnings.catch_warnings():
            if not sys.warnoptions:  # -W and PYTHONWARNINGS still show what libraries grumble about
                warnings.simplefilter("ignore")
            status = _run(argv)
        sys.stdout.flush()
        return int(status)
    except SystemExit as stop:  # argparse: --help, --version, wrong usage
        return stop.code if isinstance(stop.code, int) else int(Exit.USAGE if stop.code else Exit.OK)
    except BrokenPipeError:
        _discard_output()
        return int(Exit.PIPE_CLOSED)
    except KeyboardInterrupt:
        say("interrupted")
        return int(Exit.INTERRUPTED)
    except ReadError as error:
        say(str(error))
        return int(Exit.UNREADABLE)
    except LrdoctorError as error:
        say(str(error))
        return int(Exit.USAGE)
    except OSError as error:
        if error.errno not in _OUTPUT_IS_FULL:
            return _internal(error)
        _discard_output()
        say(f"cannot write the result: {error.strerror}")
        return int(Exit.USAGE)
    except Exception as error:
        return _internal(error)


def _internal(error: Exception) -> int:
    """A defect of ours; called while it is handled."""
    if os.environ.get("LRDOCTOR_TRACEBACK"):
        raise error
    say(f"internal error: {type(error).__name__}: {error}")
    say("this is a bug in lrdoctor, please report it; LRDOCTOR_TRACEBACK=1 shows where it happened")
    return int(Exit.INTERNAL)


def build_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="lrdoctor",
        description="Reads training logs, names the learning-rate trouble in each run, says what to change.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lrdoctor {lrdoctor.__version__}")
    groups = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name in sorted(commands):
        command = commands[name]
        own = groups.add_parser(
            command.name,
            help=command.help,
            description=command.help[0].upper() + command.help[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(own)
        own.set_defaults(_command=command)
    return parser


def _run(argv: list[str]) -> Exit:
    commands = _commands(argv)
    parser = build_parser(commands)
    if not argv:
        parser.print_help()
        return Exit.OK
    first = argv[0]
    known = {command.name for command in commands.values()}
    if not first.startswith("-") and first not in known and os.path.exists(first):  # noqa: PTH110
        parser.error(f"{first!r} is a path, not a command; did you mean: lrdoctor diagnose {first}")
    args = parser.parse_args(argv)
    if not hasattr(args, "_command"):
        parser.error("which command? see lrdoctor --help")
    command: Command = args._command
    return command.run(args)


def _commands(argv: Sequence[str]) -> Mapping[str, Command]:
    """The command that is asked for alone, which saves the others' modules and parsers (12 ms), else all of them."""
    if argv and not argv[0].startswith("-"):
        command: Command | None = named("lrdoctor.cli", "COMMAND", argv[0].replace("-", "_"))
        if command is not None and command.name == argv[0]:
            return {command.name: command}
    return discover("lrdoctor.cli", "COMMAND")


def _discard_output() -> None:
    """Let what is still buffered for a closed pipe vanish, so that nothing complains at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
