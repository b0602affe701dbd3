"""Photograph the report page and the TensorBoard tab for docs/report.md, from the sample logs, in Chromium.

    python docs/screenshots.py        # needs chromium, chromium-driver and the `test` extra
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
LOGS = "sample_logs"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
SIZE = {"width": 1240, "height": 900, "deviceScaleFactor": 1, "mobile": False}


def main() -> None:
    """Take both pictures."""
    from selenium import webdriver
    from tensorboard import default, program

    import lrdoctor as lrd
    from lrdoctor.integrations.tensorboard.plugin import LRDoctorPlugin

    os.chdir(DOCS.parent)
    board = program.TensorBoard(plugins=[*default.get_static_plugins(), LRDoctorPlugin])
    board.configure(logdir=LOGS, host="127.0.0.1", port=0, load_fast="false")
    tab = f"{board.launch()}#lrdoctor"
    with tempfile.TemporaryDirectory() as folder:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*FLAGS, f"--user-data-dir={folder}/profile"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
        page = Path(folder, "report.html")
        page.write_text(lrd.diagnose(LOGS).to_html(), encoding="utf-8")
        driver.get(page.as_uri())
        _take(driver, "report-table.png")
        _show(driver, "spikes-that-recover")
        _take(driver, "report-run.png")
        driver.get(tab)
        _until(driver, "document.querySelector('iframe[src*=lrdoctor]')")
        driver.switch_to.frame(driver.find_element("css selector", "iframe[src*=lrdoctor]"))
        _until(driver, "document.querySelector('#runs')")
        driver.switch_to.default_content()
        _take(driver, "report-tensorboard.png")
        driver.quit()


def _show(driver, run: str) -> None:
    """Scroll to a run and wait for its charts."""
    section = f"[...document.querySelectorAll('section.run')].find(s => s.querySelector('h2').textContent === '{run}')"
    driver.execute_script(f"{section}.scrollIntoView()")
    _until(driver, f"{section}.querySelector('canvas')")


def _until(driver, expression: str) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(driver, 120).until(lambda _: driver.execute_script(f"return Boolean({expression})"))


def _take(driver, name: str) -> None:
    driver.execute_async_script("setTimeout(arguments[0], 500)")  # what fades in has faded in
    driver.save_screenshot(str(DOCS / "pictures" / name))


if __name__ == "__main__":
    main()
