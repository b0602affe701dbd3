"""The tab in TensorBoard itself: opened, clicked through, kept up to date, with nothing leaving the machine."""

from __future__ import annotations

import pytest
from tensorboard import default, program

from lrdoctor.integrations.tensorboard import worker
from lrdoctor.integrations.tensorboard.plugin import LRDoctorPlugin

BAD = "<img src=x onerror=alert(1)>"


@pytest.fixture
def address(logdir, monkeypatch):
    """TensorBoard, serving the directory."""
    monkeypatch.setattr(worker, "_REST", 0.0)
    board = program.TensorBoard(plugins=[*default.get_static_plugins(), LRDoctorPlugin])
    board.configure(logdir=str(logdir), host="127.0.0.1", port=0, load_fast="false")
    return board.launch()


@pytest.mark.slow
def test_the_tab(browser, address, append):
    append(BAD, [1.0, 0.5, 0.2] * 30, tag=BAD)
    browser.open(f"{address}#lrdoctor")
    browser.until("document.querySelectorAll('iframe[src*=lrdoctor]').length")
    assert any("LR DOCTOR" in tab.text.upper() for tab in browser.all("mat-tab, .mat-tab-label, [role=tab]"))
    browser.driver.switch_to.frame(browser.one("iframe[src*=lrdoctor]"))
    browser.until("document.querySelectorAll('#runs tbody tr').length === 3", seconds=60)
    names = browser.run("return [...document.querySelectorAll('#runs tbody a')].map(e => e.textContent)")
    assert sorted(names) == sorted([BAD, "fine", "swinging"])
    assert browser.all("img, [onerror]") == []

    browser.all("#runs thead button")[1].click()
    browser.one("#filter").send_keys("swinging")
    browser.until("document.querySelectorAll('#runs tbody tr:not([hidden])').length === 1")
    here = browser.run("return location.href")
    browser.one("#runs tbody tr:not([hidden]) a").click()
    section = browser.one("section.run:not([hidden])")
    browser.until(lambda _: section.find_elements("css selector", "canvas"))
    section.find_element("css selector", "button.show").click()
    section.find_element("css selector", "details.explain summary").click()
    browser.until(lambda _: "autocorrelation" in section.text)
    assert browser.run("return location.href") == here

    append("swinging-too", [0.6 + 0.3 * (-1.0) ** step for step in range(300)])
    browser.until("document.querySelectorAll('#runs tbody tr').length === 4", seconds=60)
    assert browser.run("return document.querySelectorAll('#runs tbody tr:not([hidden])').length") == 2  # still filtered
    assert browser.one("#runs thead th:nth-child(2)").get_attribute("aria-sort") == "ascending"
    assert browser.run("return document.querySelectorAll('details.explain[open]').length") == 1

    assert [words for words in browser.complaints() if "lrdoctor" in words] == []
    outside = [asked for asked in browser.requests() if not asked.startswith((address, "data:", "blob:"))]
    assert outside == []
