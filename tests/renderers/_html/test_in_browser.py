"""The report page in a browser: it works, complains of nothing, and asks for nothing beyond itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrdoctor import synth
from lrdoctor.engine import all_rules, diagnose_run
from lrdoctor.records import Diagnosis, Unreadable
from lrdoctor.renderers._html.page import SCRIPTS, document

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    '"><svg onload=alert(3)>',
    "\x1b[31mred\x1b[0m\x07",
    "new\nline\u202eleft",
    "{{ 7 * 7 }} ${alert(4)} <!--",
)


def saved(tmp_path_factory, diagnosis):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(document(diagnosis), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with runs of several verdicts."""
    makers = (
        synth.healthy, synth.two_cycle, synth.blow_up, synth.spikes, synth.noisy_plateau, synth.flat, synth.overfit,
        synth.converged, synth.slow, synth.heavy_tailed, synth.timid, synth.tuned, synth.levels_off,
    )  # fmt: skip
    runs = [replace(make(), id=f"group/{make.__name__}-{n}") for n, make in enumerate(makers)]
    said = tuple(diagnose_run(run, all_rules()) for run in runs)
    lost = (Unreadable(source="broken.csv", error="the file is empty"),)
    return saved(tmp_path_factory, Diagnosis(runs=said, unreadable=lost, version="1.2.3"))


@pytest.fixture
def page(browser, address):
    """The page, freshly opened; afterwards nothing may have gone wrong or left the machine."""
    browser.open(address)
    browser.until("document.documentElement.classList.contains('js')")
    yield browser
    assert browser.complaints() == []
    assert {asked for asked in browser.requests() if not asked.startswith(("blob:", "data:"))} == {address}


def column(page, number):
    return page.run(
        "return [...document.querySelectorAll('#runs tbody tr:not([hidden])')]"
        ".map(row => row.cells[arguments[0]].dataset.value)", number,
    )  # fmt: skip


def test_sorting(page):
    header = page.all("#runs thead th")[3]
    header.find_element("css selector", "button").click()
    assert header.get_attribute("aria-sort") == "descending"
    falling = [float(value) for value in column(page, 3) if value]
    assert falling == sorted(falling, reverse=True)
    assert len(set(falling)) > 3
    header.find_element("css selector", "button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    rising = column(page, 3)
    known = [float(value) for value in rising if value]
    assert known == sorted(falling)
    assert rising[len(known) :] == [""] * (len(rising) - len(known))  # what is unknown stays at the end
    assert len(rising) > len(known)
    assert [th.get_attribute("aria-sort") for th in page.all("#runs thead th[aria-sort]")].count("none") == 6


def test_filtering(page):
    everything = len(column(page, 0))
    page.one("#filter").send_keys("two_cycle")
    page.until("document.querySelectorAll('#runs tbody tr:not([hidden])').length === 1")
    assert page.one("#shown").text == f"1 of {everything} runs shown"
    assert page.run("return document.querySelectorAll('section.run:not([hidden])').length") == 1
    page.one("#filter").send_keys(" no such run")
    assert page.one("#none").is_displayed()
    page.one("#filter").clear()
    page.one("#filter").send_keys(" ")
    chip = page.one(".chip[data-verdict=healthy]")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    shown = page.run(
        "return [...document.querySelectorAll('#runs tbody tr:not([hidden])')].map(row => row.dataset.verdict)"
    )
    assert set(shown) == {"healthy"}
    chip.click()
    assert len(column(page, 0)) == everything


def test_charts_are_drawn_when_they_come_into_view(page):
    last = page.all("section.run figure")[-1]
    assert not last.find_elements("css selector", "canvas")
    page.run("arguments[0].scrollIntoView()", last)
    page.until(lambda _: len(last.find_elements("css selector", "canvas")) == 2)
    assert not last.find_element("css selector", ".static").is_displayed()
    ink = page.run(
        "const c = arguments[0].querySelector('canvas');"
        "return new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size", last,
    )  # fmt: skip
    assert ink > 20


def zoomed(figure):
    return figure.find_element("css selector", ".buttons button:last-child").is_enabled()


def opened(page, words):
    """The section of a run with its chart drawn, from its link in the table."""
    (link,) = [link for link in page.all("#runs tbody a") if words in link.text]
    page.run("arguments[0].click()", link)
    section = page.one(link.get_attribute("href")[link.get_attribute("href").index("#") :])
    page.until(lambda _: section.find_elements("css selector", "canvas"))
    return section


def test_zooming_with_evidence_mouse_and_keys(page):
    from selenium.webdriver import ActionChains, Keys

    section = opened(page, "two_cycle")
    figure = section.find_element("css selector", "figure")
    assert not zoomed(figure)
    section.find_element("css selector", "button.show").click()
    assert zoomed(figure)
    figure.find_element("css selector", ".buttons button:last-child").click()
    assert not zoomed(figure)
    over = figure.find_element("css selector", ".u-over")
    page.run("arguments[0].scrollIntoView({block: 'center'})", over)
    ActionChains(page.driver).move_to_element_with_offset(over, -100, 0).click_and_hold().move_by_offset(
        150, 0
    ).release().perform()
    page.until(lambda _: zoomed(figure))
    area = figure.find_element("css selector", ".area")
    assert area.get_attribute("aria-label").startswith("Chart. Run group/two_cycle")
    page.run("arguments[0].focus()", area)
    area.send_keys("0")
    assert not zoomed(figure)
    area.send_keys("+")
    assert zoomed(figure)
    area.send_keys(Keys.ARROW_RIGHT, Keys.ESCAPE)
    assert not zoomed(figure)


def test_values_under_the_mouse_lines_and_scales(page):
    from selenium.webdriver import ActionChains

    figure = opened(page, "overfit").find_element("css selector", "figure")
    over = figure.find_element("css selector", ".u-over")
    page.run("arguments[0].scrollIntoView({block: 'center'})", over)
    ActionChains(page.driver).move_to_element(over).perform()
    page.until(lambda _: figure.find_element("css selector", ".where").text.startswith("step "))
    values = [value.text for value in figure.find_elements("css selector", ".legend .value")]
    assert len(values) == 3
    assert all(float(value) > 0 for value in values)
    (train, *_) = figure.find_elements("css selector", ".legend button")
    train.click()
    assert train.get_attribute("aria-pressed") == "false"
    scale = figure.find_element("css selector", ".buttons button")
    before = scale.text
    scale.click()
    assert {before, scale.text} == {"Log scale", "Linear scale"}


def test_explanations_and_copying(page):
    from selenium.webdriver import Keys

    section = opened(page, "two_cycle")
    explain = section.find_element("css selector", "details.explain")
    explain.find_element("css selector", "summary").click()
    page.until(lambda _: "autocorrelation" in explain.text)
    names = page.run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(names) == len(set(names))
    section.find_element("css selector", ".snippets > summary").click()
    code = section.find_element("css selector", ".snippet")
    code.find_element("css selector", "button.copy").click()
    page.until(lambda _: code.find_element("css selector", "button.copy").text == "Copied")
    page.one("#filter").send_keys(Keys.CONTROL, "v")
    wanted = code.find_element("css selector", "code").get_attribute("textContent")
    assert "\nscheduler = " in wanted
    assert page.one("#filter").get_attribute("value").split() == wanted.split()
    page.one("#filter").clear()
    page.one("#download").click()


def test_light_dark_and_narrow(page):
    def colors():
        return page.run(
            "const s = getComputedStyle(document.documentElement); return [s.backgroundColor, s.color]"
        )

    def features(value):
        media = {"features": [{"name": "prefers-color-scheme", "value": value}]}
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    opened(page, "spikes")
    features("light")
    light = colors()
    features("dark")
    page.until("matchMedia('(prefers-color-scheme: dark)').matches")
    assert colors() != light
    features("")
    size = {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert page.run("return document.documentElement.scrollWidth") <= 380
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_print_shows_the_still_pictures(page):
    opened(page, "spikes")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        heights = "return [...document.querySelectorAll(arguments[0])].map(e => e.offsetHeight)"
        assert min(page.run(heights, ".static")) > 200
        assert max(page.run(heights, ".chart, .controls")) == 0
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_without_scripts(browser, address):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(address)
        assert all(picture.size["height"] > 200 for picture in browser.all(".static > svg"))
        assert not browser.one("#filter").is_displayed()
        assert len(browser.all("#runs tbody tr")) == 13
        assert browser.complaints() == []
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_hostile_names_are_only_text(browser, tmp_path_factory):
    said = []
    for number, bad in enumerate(HOSTILE):
        run = synth.make_run(
            np.array([0.6 + 0.3 * (-1.0) ** i for i in range(300)]), lr=0.5, name=bad,
            hyperparameters={"optimizer": bad, bad: bad, "lr": 0.5},
        )  # fmt: skip
        series = {bad: replace(run.series["train_loss"], tag=bad, role_reason=bad), "lr": run.series["lr"]}
        run = replace(run, series=series, source=bad, format=bad, notes=(bad,), id=f"{bad} {number}")
        said.append(diagnose_run(run, all_rules()))
    lost = tuple(Unreadable(source=bad, error=bad) for bad in HOSTILE)
    there = saved(tmp_path_factory, Diagnosis(runs=tuple(said), unreadable=lost, version=HOSTILE[0]))
    browser.open(there)
    browser.until("document.documentElement.classList.contains('js')")
    for section in browser.all("section.run"):
        browser.run("arguments[0].scrollIntoView()", section)
        browser.run("arguments[0].querySelectorAll('details').forEach(d => { d.open = true; })", section)
        browser.until(lambda _, section=section: section.find_elements("css selector", "canvas"))
    browser.one("#filter").send_keys("onerror=alert")
    browser.until("document.querySelectorAll('#runs tbody tr:not([hidden])').length === 1")
    assert browser.all("img, iframe, object, embed, [onerror], [onload]") == []
    figures = len(browser.all("figure"))
    assert browser.run("return document.scripts.length") == 1 + len(SCRIPTS) + figures
    names = browser.run("return [...document.querySelectorAll('section.run h2')].map(e => e.textContent)")
    assert "<img src=x onerror=alert(1)> 0" in names
    assert "\\x1b[31mred\\x1b[0m\\x07 3" in names
    assert "new\\nline\\u202eleft 4" in names
    assert browser.complaints() == []  # an alert would have stopped the driver with an error before
    assert set(browser.requests()) == {there}
