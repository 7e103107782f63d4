"""Who is let into the console, for how long, and what its cookies and forms are good for."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from syncd import settings
from syncd.daemon.console import site as console
from syncd.daemon.console.attempts import OF_ALL, OF_ONE, PAUSE, Attempts
from syncd.daemon.console.forms import Forms
from syncd.daemon.console.sessions import LASTS, MOST, Sessions
from syncd.daemon.http.access import Holder
from syncd.logs import discreet
from syncd.settings.http import Role
from tests.daemon.console.visitor import HTTP, TOKENS, Site, answering
from tests.office import CONFIG, Office

PAGES = ("", "/runs", "/runs/1", "/learners", "/learners/1", "/licenses", "/forecast")
SOMEBODY = Holder("oncall", Role.OPERATOR, b"digest")


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits for real; these are the pauses there were to be."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("syncd.daemon.console.signing.Attempts", lambda: Attempts(pause))
    return pauses


def test_whoever_is_not_signed_in_sees_no_page(site: Site) -> None:
    with site.visited() as visitor:
        for page in PAGES:
            found = visitor.get(f"/console{page}", follow_redirects=False)
            assert found.status_code == 303, page
            assert found.headers["location"].startswith("/console/sign-in"), page
        assert "Contoso" in visitor.get("/").text
        refused = visitor.post("/console/sync")
        assert (refused.status_code, len(site.queue)) == (403, 0)


def test_a_token_opens_the_page_that_was_asked_for(site: Site) -> None:
    with site.visited() as visitor:
        form = visitor.get("/console/learners?search=ann")
        found = visitor.sign_in(f" {TOKENS['VIEWER']} ", str(form.url.raw_path, "ascii"))
        assert str(found.url).endswith("/console/learners?search=ann")
        assert "Ann Doe" in found.text
        assert "helpdesk" in found.text


def test_the_log_tells_who_signs_in(site: Site) -> None:
    with site.visited() as visitor, capture_logs() as logged:
        visitor.sign_in(TOKENS["VIEWER"])
    (told,) = [discreet(None, "", entry) for entry in logged if entry["event"] == "console_signed_in"]
    assert (told["who"], told["role"]) == ("helpdesk", "viewer")


def test_signing_in_leads_nowhere_else(site: Site) -> None:
    elsewhere = "https://evil.example", "//evil.example/console/", "/\\evil.example"
    with site.visited() as visitor:
        visitor.client.follow_redirects = False
        for onward in (*elsewhere, "/console/\\x", "/console/\n", "/api/v1/runs", "javascript:x"):
            place = f"/console/sign-in?{urlencode({'next': onward})}"
            assert visitor.sign_in(TOKENS["VIEWER"], place).headers["location"] == "/console"
            visitor.client.cookies.clear()


def test_a_wrong_token_costs_a_moment_and_is_told_as_what(no_pause: list[float], site: Site) -> None:
    with site.visited() as visitor:
        wrong = visitor.sign_in("guessed")
        assert (wrong.status_code, no_pause) == (403, [PAUSE])
        assert "This token is nobody" in wrong.text
        weak = visitor.sign_in(TOKENS["METRICS"])
        assert "for metrics only" in weak.text
        assert not any(token in wrong.text + weak.text for token in ("guessed", *TOKENS.values()))


def test_few_tokens_are_looked_at_at_a_time() -> None:
    attempts = Attempts()
    assert all(attempts.begin("10.0.0.1") for _ in range(OF_ONE))
    assert not attempts.begin("10.0.0.1")
    assert all(attempts.begin(f"10.0.1.{number}") for number in range(OF_ALL - OF_ONE))
    assert not attempts.begin("10.0.2.1")
    attempts.end("10.0.0.1")
    assert attempts.begin("10.0.0.1")


def test_the_pause_is_one_of_the_loop() -> None:
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    asyncio.run(Attempts(pause).failed())
    assert waited == [PAUSE]


def test_the_cookie_is_a_number_that_only_the_browser_sends(site: Site) -> None:
    with site.visited() as visitor:
        visitor.client.follow_redirects = False
        cookies = visitor.sign_in(TOKENS["OPERATOR"]).headers.get_list("set-cookie")
        (cookie,) = [each for each in cookies if each.startswith("syncd=")]
        for word in ("HttpOnly", "SameSite=strict", "Path=/console", f"Max-Age={int(LASTS)}"):
            assert word in cookie
        assert TOKENS["OPERATOR"] not in "".join(cookies)


def test_behind_a_proxy_cookies_go_by_tls_only_and_nobody_goes_round_it(office: Office) -> None:
    with answering(office, http=HTTP + "  behind_proxy: 127.0.0.0/8\n") as site, site.visited() as visitor:
        cookie = visitor.get("/console/sign-in").headers["set-cookie"]
        assert cookie.startswith("__Host-syncd-sign-in=")
        assert "Secure" in cookie
        assert "Path=/;" in cookie
    with answering(office, http=HTTP + "  behind_proxy: 10.9.8.7\n") as site, site.visited() as visitor:
        refused = visitor.get("/console/sign-in")
        assert refused.status_code == 403
        assert "ask through the proxy" in refused.text


def test_signing_out_ends_the_session_not_only_the_cookie(site: Site) -> None:
    with site.visited("VIEWER") as visitor:
        kept = dict(visitor.client.cookies)
        assert "Sign in" in visitor.post("/console/sign-out").text
        visitor.client.cookies.update(kept)
        assert "Sign in" in visitor.get("/console/runs").text


def test_a_form_that_is_not_ours_does_nothing(held: Site) -> None:
    with held.visited("OPERATOR") as visitor:
        ours = {"proof": visitor.proof}
        others = [(ours, site) for site in ("cross-site", "same-site", "none")]
        for fields, site in (({}, "same-origin"), ({"proof": "guessed"}, "same-origin"), *others):
            for path in ("sync", "runs/1/approve", "runs/1/reject", "sign-out"):
                refused = visitor.post(f"/console/{path}", fields, site)
                assert refused.status_code == 403
                assert "nothing was done" in refused.text
        assert len(held.queue) == 0
        assert held.app.register.runs.state(1) == "held"
        assert "Overview" in visitor.get("/console").text


def test_a_browser_without_fetch_metadata_is_judged_by_its_origin(site: Site) -> None:
    with site.visited("OPERATOR") as visitor:
        for origin, code in (("http://evil.example", 403), ("null", 403), (None, 403), (site.url, 200)):
            headers = {"Origin": origin} if origin else {}
            found = visitor.client.post("/console/sync", data={"proof": visitor.proof}, headers=headers)
            assert found.status_code == code, origin


def test_nobody_is_signed_in_from_elsewhere(site: Site) -> None:
    with site.visited() as visitor:
        visitor.get("/console/sign-in")
        good = {"proof": visitor.proof, "token": TOKENS["OPERATOR"]}
        for fields, from_ in ((good, "cross-site"), ({**good, "proof": "guessed"}, "same-origin")):
            refused = visitor.post("/console/sign-in", fields, from_)
            assert refused.status_code == 403
            assert "The form was too old" in refused.text
        visitor.client.cookies.clear()
        assert visitor.post("/console/sign-in", good).status_code == 403
        assert "Sign in" in visitor.get("/console").text


def test_a_form_is_no_good_in_another_session(site: Site) -> None:
    with site.visited("OPERATOR") as one, site.visited("OPERATOR") as other:
        one.proof = other.proof
        assert one.post("/console/sync").status_code == 403
    forms = Forms()
    assert not forms.proves("", forms.proof(""))
    assert not Forms().proves("cookie", forms.proof("cookie"))


def test_what_is_no_form_is_refused(site: Site) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    with site.visited("OPERATOR") as visitor:
        large = f"proof={visitor.proof}&more={'x' * 9000}".encode()
        for body in (large, b"proof=x", b"\xff\xfe", b"&" * 8000):
            assert visitor.client.post("/console/sync", content=body, headers=headers).status_code == 403
        assert visitor.client.post("/console/sync", json={"proof": visitor.proof}).status_code == 403


def test_a_viewer_may_look_and_nothing_else(held: Site) -> None:
    with held.visited("VIEWER") as visitor:
        assert "<button>Sync now" not in visitor.get("/console").text
        assert "/approve" not in visitor.get("/console/runs/1").text
        assert visitor.get("/console/runs/1/approve").status_code == 403
        for path in ("sync", "runs/1/approve", "runs/1/reject"):
            assert visitor.post(f"/console/{path}").status_code == 403
        assert held.app.register.runs.state(1) == "held"


def test_a_session_ends_after_eight_hours_and_there_are_not_too_many() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    first = sessions.begin(SOMEBODY)
    now[0] = LASTS - 1
    assert sessions.find(first.number) == first
    now[0] = LASTS
    assert sessions.find(first.number) is None
    begun = [sessions.begin(SOMEBODY) for _ in range(MOST + 1)]
    assert sessions.find(begun[0].number) is None
    assert all(sessions.find(each.number) for each in begun[1:])
    assert sessions.find("") is None


def test_a_token_that_is_changed_or_weaker_ends_its_sessions(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.visited("OPERATOR") as operator, site.visited("VIEWER") as viewer:
        monkeypatch.setenv("VIEWER", "changed")
        weaker = site.office.config.read_text().replace("role: operator", "role: viewer")
        site.office.configure(weaker)
        site.server.follow(settings.load(site.office.config).http, site.app)
        assert "Sign in" in viewer.get("/console/runs").text
        assert "(viewer)" in operator.get("/console/runs").text
        assert operator.post("/console/sync").status_code == 403


def test_a_reload_turns_the_console_on_and_off(office: Office) -> None:
    off = HTTP.replace("console: true", "console: false")
    with answering(office, http=off) as site, site.visited() as visitor:
        for path in ("/", "/console", "/console/sign-in", "/console/console.css"):
            assert visitor.get(path).json() == {"detail": "Not Found"}
        site.office.configure(office.config.read_text().replace("console: false", "console: true"))
        site.server.follow(settings.load(office.config).http, site.app)
        assert "Sign in" in visitor.get("/").text
        site.office.configure(office.config.read_text().replace("console: true", "console: false"))
        site.server.follow(settings.load(office.config).http, site.app)
        assert visitor.get("/console").status_code == 404


def test_a_console_that_is_off_or_unused_is_not_imported(office: Office) -> None:
    script = (
        "import sys; from syncd.daemon.http.server import HttpServer; "
        "assert not [name for name in sys.modules if name.startswith(('syncd.daemon.console', 'jinja2'))]"
    )
    office.python(script)
    assert console.SAID


def test_every_answer_forbids_what_it_does_not_need(site: Site) -> None:
    with site.visited("OPERATOR") as visitor:
        for path in ("", "/runs", "/nothing", "/sign-in", "/console.css", "/icon.svg"):
            headers = visitor.get(f"/console{path}").headers
            policy = headers["content-security-policy"]
            assert policy.startswith(
                "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'"
            )
            assert "frame-ancestors 'none'" in policy
            assert (headers["x-content-type-options"], headers["referrer-policy"]) == (
                "nosniff",
                "no-referrer",
            )
            kept = "private" if path in ("/console.css", "/icon.svg") else "no-store"
            assert headers["cache-control"].startswith(kept)
        assert visitor.client.head("/console").status_code == 200
        assert visitor.client.put("/console").status_code == 405


def test_the_configuration_says_who_can_sign_in(office: Office) -> None:
    assert settings.load(office.config).http.console is False
    text = CONFIG + HTTP.format(listen="127.0.0.1:1")
    lines = text.splitlines()
    office.configure("\n".join(line for line in lines if "viewer" not in line and "operator" not in line))
    with pytest.raises(
        settings.ConfigProblems, match=r"syncd.yaml:\d+: http.console needs somebody to sign in"
    ):
        settings.load(office.config)
    office.configure("\n".join(line for line in lines if "listen" not in line))
    with pytest.raises(settings.ConfigProblems, match=r"http.console needs http.listen"):
        settings.load(office.config)
