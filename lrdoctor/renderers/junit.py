"""The report as JUnit XML, which every CI system shows: a test case per run.

A run that needs something fails, one that the log cannot tell about is skipped, a file that cannot be read is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.cleaning import clean
from lrdoctor.records import Verdict
from lrdoctor.renderers import _words as words
from lrdoctor.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from lrdoctor.records import Diagnosis, RunDiagnosis, Unreadable
    from lrdoctor.renderers._base import Options


class JunitRenderer:
    """Renders one test suite."""

    name = "junit"
    suffix = ".xml"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the document."""
        from xml.etree.ElementTree import Element, indent, tostring

        counts = words.tally(diagnosis.runs)
        skipped = counts.get(Verdict.INCONCLUSIVE, 0)
        failures = len(diagnosis.runs) - skipped - counts.get(Verdict.HEALTHY, 0)
        totals = {
            "name": "lrdoctor", "tests": str(len(diagnosis.runs) + len(diagnosis.unreadable)),
            "failures": str(failures), "errors": str(len(diagnosis.unreadable)), "skipped": str(skipped),
        }  # fmt: skip
        suite = Element("testsuite", totals)
        suite.extend([*map(_case, words.worst_first(diagnosis.runs)), *map(_lost, diagnosis.unreadable)])
        root = Element("testsuites", totals)
        root.append(suite)
        indent(root)
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield tostring(root, encoding="unicode") + "\n"


RENDERER = JunitRenderer()


def _case(said: RunDiagnosis) -> Element:
    from xml.etree.ElementTree import SubElement

    case = _element(said.run.id, f"lrdoctor.{clean(said.run.format)}", said.run.source)
    advice = ", ".join([words.advice(said), *words.treatment(said)])
    headline = f"{said.verdict}: {advice} ({percent(said.plan.confidence)} sure)"
    body = "\n".join(_lines(said))
    if said.verdict is Verdict.HEALTHY:
        SubElement(case, "system-out").text = "\n".join(filter(None, (headline, body)))
    elif said.verdict is Verdict.INCONCLUSIVE:
        SubElement(case, "skipped", message=clean(said.plan.reason, 600)).text = body
    else:
        SubElement(case, "failure", message=headline, type=str(said.verdict)).text = body
    return case


def _lost(lost: Unreadable) -> Element:
    from xml.etree.ElementTree import SubElement

    case = _element(lost.source, "lrdoctor.unreadable", lost.source)
    SubElement(case, "error", message=clean(lost.error, 600), type="unreadable")
    return case


def _element(name: str, group: str, source: str) -> Element:
    from xml.etree.ElementTree import Element

    return Element("testcase", name=clean(name), classname=group, file=clean(source, 400))


def _lines(said: RunDiagnosis) -> Iterator[str]:
    if said.plan.reason:
        yield clean(said.plan.reason, 1000)
    for finding in said.findings:
        how = f"{finding.severity}, {percent(finding.confidence)} sure"
        yield f"{clean(finding.code)} {clean(finding.name)} ({how}): {clean(finding.message, 1000)}"
        for piece in finding.evidence:
            yield f"  - {words.argued(piece, said.run)}"
