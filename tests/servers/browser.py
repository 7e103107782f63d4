"""A real browser: Chromium without a window, driven by Selenium; and what axe-core finds on a page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

from tests.servers.process import find_program

DESKTOP, PHONE = (1200, 900), (390, 844)
_PATIENCE = 30.0
_SILENT = (
    *("--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
_AXE = Path(__file__).parents[2] / ".cache/tools/axe.min.js"
_CHECK = "const done = arguments[arguments.length - 1]; axe.run().then(done, why => done({error: '' + why}))"


class Browser:
    """One window. What it is on (`look`), and what is done there, as a person does it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[Browser]:
        """A browser that nobody has used, with its profile in `folder`."""
        options = webdriver.ChromeOptions()
        options.accept_insecure_certs = True
        options.binary_location = str(find_program("chromium"))
        for word in (*_SILENT, f"--user-data-dir={folder}"):
            options.add_argument(word)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")
        driver = webdriver.Chrome(options=options, service=Service(str(find_program("chromedriver"))))
        try:
            yield cls(driver)
        finally:
            driver.quit()

    def become(self, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> None:
        """A screen of this size, liked dark or light; and nobody it knows."""
        self.driver.delete_all_cookies()
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        liked = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [liked]})

    def go(self, url: str) -> None:
        self.driver.get(url)

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def follow(self, words: str) -> None:
        self._leave_by(self.driver.find_element(By.PARTIAL_LINK_TEXT, words))

    def press(self, words: str) -> None:
        self._leave_by(self.driver.find_element(By.XPATH, f"//button[normalize-space()='{words}']"))

    def _leave_by(self, element: WebElement) -> None:
        """Click, and be on the next page."""
        here = self.driver.find_element(By.TAG_NAME, "html")
        element.click()
        wait = WebDriverWait(self.driver, _PATIENCE)
        wait.until(staleness_of(here))
        wait.until(lambda driver: driver.execute_script("return document.readyState") == "complete")

    def write(self, name: str, text: str) -> None:
        self.driver.find_element(By.NAME, name).send_keys(text)

    def until(self, words: str, url: str) -> None:
        """Load a page again and again until it says this."""

        def says(_driver: object) -> bool:
            self.go(url)
            return words in self.text

        WebDriverWait(self.driver, _PATIENCE).until(says)

    def ask(self, script: str) -> Any:
        """What a script of ours, not of the page, finds there."""
        return self.driver.execute_script(f"return {script}")

    def complaints(self) -> list[str]:
        """What axe-core has against the page, a line for each rule with the first place."""
        self.driver.execute_script(_AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(_CHECK)
        assert "error" not in found, found
        return [f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html']}" for rule in found["violations"]]

    def mishaps(self) -> list[str]:
        """What the browser had to complain of: blocked by policy, not found, not allowed."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
