"""What is known: frozen nouns, and nothing that computes."""

from __future__ import annotations

from lrdoctor.records.diagnosis import Diagnosis, RunDiagnosis, Unreadable, Verdict
from lrdoctor.records.findings import Evidence, Finding, Severity, Skip, Span
from lrdoctor.records.plan import Action, ExpectedGain, Plan, RateAdvice, ScheduleAdvice
from lrdoctor.records.run import Hyperparameter, Run
from lrdoctor.records.series import Role, Series, StepUnit

__all__ = [
    "Action",
    "Diagnosis",
    "Evidence",
    "ExpectedGain",
    "Finding",
    "Hyperparameter",
    "Plan",
    "RateAdvice",
    "Role",
    "Run",
    "RunDiagnosis",
    "ScheduleAdvice",
    "Series",
    "Severity",
    "Skip",
    "Span",
    "StepUnit",
    "Unreadable",
    "Verdict",
]
