"""A diagnosis built by hand: one run of each kind that a report has to show, no engine needed."""

from __future__ import annotations

import json
import shutil
import signal

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from lrdoctor.records import (
    Action,
    Diagnosis,
    Evidence,
    Finding,
    Plan,
    RateAdvice,
    Role,
    Run,
    RunDiagnosis,
    ScheduleAdvice,
    Series,
    Severity,
    Skip,
    Span,
    Unreadable,
    Verdict,
)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Whoever starts the tests in the background hands down a deaf ear, and tests send Ctrl-C to what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no defect: neither time limits nor the check that examples are made fast enough.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")


def curve(tag, value, role, *, every=2, unit="step"):
    value = np.asarray(value, dtype=float)
    return Series(
        tag=tag, step=np.arange(value.size, dtype=np.int64) * every, value=value, role=role, unit=unit,
        role_reason=f"named {tag}",
    )  # fmt: skip


def keep(value=None, **changes):
    plan = {
        "lr": RateAdvice(factor=1.0, interval=(0.6, 1.7), level=0.8, value=value),
        "schedule": None, "clip_norm": None, "also": (), "confidence": 0.9, "reason": "",
    }  # fmt: skip
    return Plan(**{**plan, **changes})


def built(run_id, verdict, value, findings=(), plan=None, *, tag="train_loss", **run):
    fields = {
        "source": f"{run_id}/metrics.csv",
        "format": "csv",
        "series": {tag: curve(tag, value, Role.TRAIN_LOSS)},
    }
    return RunDiagnosis(
        run=Run(id=run_id, **{**fields, **run}), verdict=verdict, findings=tuple(findings),
        plan=plan or keep(), skips=(Skip(code="LRS101", reason="no learning-rate series"),),
    )  # fmt: skip


def finding(code, name, severity, message, *, tag="train_loss", value=0.41, confidence=0.93):
    span = Span(first_step=120, last_step=598)
    evidence = Evidence(
        measure="share of alternating steps",
        value=value,
        comparison=">",
        threshold=0.15,
        unit="",
        tag=tag,
        span=span,
    )
    return Finding(
        code=code, name=name, severity=severity, confidence=confidence, message=message, evidence=(evidence,)
    )


@pytest.fixture
def oscillating():
    """A run whose rate is too high, with everything that a plan can hold."""
    swing = 0.4 + 0.3 * (-1.0) ** np.arange(300) + np.exp(-np.arange(300) / 20)
    return built(
        "sweep/lr_0.1", Verdict.LR_TOO_HIGH, swing,
        [finding("OSC101", "sustained-oscillation", Severity.WARNING,
                 "train_loss goes up and down by 0.6 around a level that no longer falls.")],
        Plan(
            lr=RateAdvice(factor=0.18, interval=(0.08, 0.35), level=0.8, value=0.018),
            schedule=ScheduleAdvice(kind="warmup_cosine", warmup_fraction=0.1, final_fraction=0.0),
            clip_norm=1.0, also=(Action(action="early_stop", at_step=400, why="OVF101"),), confidence=0.81,
            reason="Each step overshoots the minimum; a smaller peak settles.",
        ),
        hyperparameters={"lr": 0.1, "optimizer": "adam", "batch_size": 32, "schedule": "constant"},
    )  # fmt: skip


@pytest.fixture
def diagnosis(oscillating):
    """Runs of several verdicts and a file that could not be read."""
    decay = np.exp(-np.arange(200) / 40) + 0.1
    blown = np.concatenate([decay[:80], np.exp(np.arange(10)), np.full(30, np.nan)])
    diverged = built(
        "sweep/lr_1", Verdict.DIVERGED, blown,
        [finding("NAN101", "nonfinite-loss", Severity.CRITICAL, "train_loss is NaN from step 180 on.",
                 value=float("nan"), confidence=0.99)],
        Plan(lr=RateAdvice(factor=0.03, interval=(0.01, 0.1), level=0.8, value=None), schedule=None,
             clip_norm=None, also=(), confidence=0.97, reason="The loss grew 3-fold a step before it broke."),
    )  # fmt: skip
    short = built("short", Verdict.INCONCLUSIVE, [2.0, 1.0], plan=keep(reason="only 2 points: log more often"))
    fine = [built(f"sweep/lr_{rate}", Verdict.HEALTHY, decay, plan=keep(rate)) for rate in (0.001, 0.003, 0.01)]
    return Diagnosis(
        runs=(*fine, oscillating, short, diverged),
        unreadable=(Unreadable(source="broken.csv", error="the file is empty"),),
        version="1.2.3",
    )


HOSTILE = "<img src=x onerror=alert(1)>[red]\x1b[31mboo\x07\nnew\u202eline\udcff]](x)\"'&"


@pytest.fixture
def hostile():
    """Every text that comes from a log tries to break out."""
    bad = HOSTILE
    said = built(
        bad, Verdict.LR_TOO_HIGH, [3.0, np.inf, np.nan, -np.inf, 1.0, 2.0],
        [finding("OSC101", "sustained-oscillation", Severity.WARNING, f"{bad} swings", tag=bad,
                 value=float("inf"))],
        keep(schedule=ScheduleAdvice(kind="cosine", warmup_fraction=0.0, final_fraction=0.01),
             also=(Action(action=bad, why=bad),), reason=bad),
        tag=bad, source=bad, format="csv", notes=(bad,),
        hyperparameters={bad: bad, "lr": float("nan"), "seed": 10**30, "optimizer": bad},
    )  # fmt: skip
    return Diagnosis(
        runs=(said, built(bad + "2", Verdict.HEALTHY, [1.0, 0.5]),
              built(bad + "3", Verdict.INCONCLUSIVE, [1.0], plan=keep(reason=bad))),
        unreadable=(Unreadable(source=bad, error=bad),),
    )  # fmt: skip


class Browser:
    """Chromium without a window: opens pages, and knows what they complained of and what they asked for."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, address):
        self.complaints()  # those of the page before
        self.requests()
        self.driver.get(address)
        return self

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def one(self, selector):
        return self.driver.find_element("css selector", selector)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def until(self, condition, *, seconds=30):
        """The first answer of a script's expression that is true, or of a function."""
        from selenium.webdriver.support.wait import WebDriverWait

        asked = condition if callable(condition) else lambda driver: driver.execute_script(f"return {condition}")
        return WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(asked)

    def complaints(self):
        """Errors on the console since the last call, those of scripts, of the policy and of the network alike."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self):
        """Addresses asked for since the last call, but for those of the browser's own first page, which a busy machine
        may still load when a page is opened; no other page can ask for them."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [address for address in asked if not address.startswith("chrome:")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser for the tests of a module; they are skipped where none is installed."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="pages are looked at with selenium")
    binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("pages are looked at in Chromium: install chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1400,1000",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    yield Browser(running)
    running.quit()
