"""One run from its curves to its diagnosis; a defect of ours in one run must not cost the user the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.engine import diagnose_run
from lrdoctor.errors import LrdoctorError
from lrdoctor.readers._named import with_rate_of_name
from lrdoctor.records import Run, RunDiagnosis, Unreadable
from lrdoctor.roles import RoleOverrides, assign_roles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrdoctor.rules._base import Rule


def with_roles(run: Run, overrides: RoleOverrides) -> Run | Unreadable:
    """The run with a role for each curve, and the rate in its name where no curve and no setting says it."""
    try:
        return with_rate_of_name(assign_roles(run, overrides))
    except Exception as error:
        return defect(run, "its curves could not be told apart", error)


def diagnosed(run: Run, rules: Iterable[Rule]) -> RunDiagnosis | Unreadable:
    """What is said about a run whose curves have roles.

    Raises
    ------
    LrdoctorError
        A rule cannot be applied as it was configured.
    """
    try:
        return diagnose_run(run, rules)
    except LrdoctorError:
        raise
    except Exception as error:
        return defect(run, "could not be diagnosed", error)


def defect(run: Run, what: str, error: Exception) -> Unreadable:
    """A run that was lost to a bug, with what to report."""
    message = f"{what} ({type(error).__name__}: {error}); this is a bug, please report it"
    return Unreadable(source=run.source, error=f"run {run.id}: {message}")
