"""The console in a real browser: a held plan, a phone, the dark, a keyboard, and what axe-core finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

from tests.daemon.console.visitor import HELD, HTTP, TOKENS, Site, answering
from tests.daemon.serving import HURRY, serving
from tests.office import CONFIG, Office, person
from tests.servers.browser import DESKTOP, PHONE, Browser
from tests.servers.certificates import Authority
from tests.servers.tcp import free_port

PAGES = ("", "/runs", "/runs/1", "/learners", "/learners/1", "/licenses", "/forecast", "/nothing")
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 3  # nowhere to break it


@pytest.fixture
def window(browser: Browser) -> Iterator[Browser]:
    """A browser that knows nobody; in the end there is nothing it had to complain of."""
    browser.become()
    browser.mishaps()
    yield browser
    assert [words for words in browser.mishaps() if "/nothing" not in words and "/favicon" not in words] == []


@pytest.fixture
def crowded(office: Office) -> Iterator[Site]:
    """People with all kinds of names, some of whom wait, and a second lot."""
    office.employ(person("ann", first_name=LONG), *(person(f"p{number:02}") for number in range(12)))
    office.order(8)
    office.say("sync", code=5)
    with answering(office, CONFIG) as site:
        yield site


def sign_in(window: Browser, url: str, role: str = "OPERATOR") -> None:
    window.go(url)
    window.write("token", TOKENS[role])
    window.press("Sign in")
    assert "Overview" in window.text


def test_a_held_plan_is_looked_at_approved_and_applied_by_the_daemon(window: Browser, office: Office) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    office.configure(HELD + HTTP.format(listen=url.removeprefix("http://")))
    with serving(office, first=HURRY, **TOKENS) as daemon:
        daemon.until("plan_held")
        sign_in(window, url)
        assert "Run 1 is held" in window.text
        window.follow("Look at run 1")
        assert "Ann Doe" in window.text
        window.follow("Approve")
        assert "Approve run 1?" in window.text
        window.press("Approve run 1")
        assert "You have approved this run" in window.text
        daemon.until("run_finished", state="done")
        window.until("superseded", f"{url}/console/runs/1")
        window.follow("Learners")
        assert window.text.count("live") >= 2
        window.press("Sign out")
        window.go(f"{url}/console/runs")
        assert "Your token" in window.text
        assert daemon.end() == 0


def test_by_tls_cookies_belong_to_the_host_alone(
    window: Browser, office: Office, certificates: Authority
) -> None:
    ours = certificates.issue("127.0.0.1")
    tls = f"  tls: {{{{ certificate: {ours.certificate}, key: {ours.key} }}}}\n"
    with answering(office, http=HTTP + tls, scheme="https") as site:
        sign_in(window, site.url)
        (cookie,) = window.driver.get_cookies()
        assert cookie["name"] == "__Host-syncd"
        assert cookie["secure"]
        window.press("Sync now")
        assert "A sync is asked for" in window.text
        window.press("Sign out")
        assert [each["name"] for each in window.driver.get_cookies()] == ["__Host-syncd-sign-in"]


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop", "dark phone"])
def test_every_page_can_be_read_by_everybody(
    window: Browser, crowded: Site, size: tuple[int, int], dark: bool
) -> None:
    window.become(size, dark=dark)
    window.go(crowded.url)
    assert window.complaints() == []
    sign_in(window, crowded.url)
    for page in PAGES:
        window.go(f"{crowded.url}/console{page}")
        assert window.complaints() == [], page
        assert window.ask("document.documentElement.scrollWidth") <= size[0], page
    ground = window.ask("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] * 1")
    assert (ground < 64) is dark


def test_a_keyboard_is_enough(window: Browser, crowded: Site) -> None:
    window.go(crowded.url)
    window.driver.switch_to.active_element.send_keys(TOKENS["VIEWER"], Keys.ENTER)
    window.until("Overview", f"{crowded.url}/console")
    body = window.driver.switch_to.active_element
    body.send_keys(Keys.TAB)
    assert window.ask("document.activeElement.textContent") == "Skip to the content"
    window.driver.switch_to.active_element.send_keys(Keys.ENTER, Keys.TAB)
    assert window.ask("document.activeElement.closest('main') !== null"), "past the menu"
    assert window.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
