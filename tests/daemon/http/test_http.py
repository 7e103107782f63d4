"""Health, metrics and the API, asked over real sockets."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncd import settings
from syncd.app import App, assembled
from syncd.daemon.http.server import HttpServer
from syncd.daemon.queue import Queue
from syncd.daemon.status import Role, Status
from syncd.errors import ConfigError
from syncd.telemetry.calls import CallCounts
from tests.office import CONFIG, Office, person
from tests.servers.certificates import Authority
from tests.servers.tcp import free_port, silent_server

TOKENS = {"METRICS": "m-1", "VIEWER": "v-22", "OPERATOR": "o-333"}
HTTP = """\
http:
  listen: {listen}
  tokens:
    - {{ name: prometheus, role: metrics, token: {{ env: METRICS }} }}
    - {{ name: helpdesk, role: viewer, token: {{ env: VIEWER }} }}
    - {{ name: oncall, role: operator, token: {{ env: OPERATOR }} }}
"""


class Site:
    """An office whose daemon answers, without the daemon around it."""

    def __init__(self, office: Office, app: App, server: HttpServer, queue: Queue, status: Status, url: str):
        self.office, self.app, self.server, self.queue, self.status = office, app, server, queue, status
        self.client = httpx.Client(base_url=url, trust_env=False)

    def get(self, path: str, role: str = "", **options: object) -> httpx.Response:
        return self.client.get(path, headers=self.as_(role), **options)  # type: ignore[arg-type]

    def post(self, path: str, role: str = "", json: object = None) -> httpx.Response:
        return self.client.post(path, headers=self.as_(role), json=json)

    def number(self, name: str, **labels: str) -> float:
        text = self.get("/metrics", "METRICS").text
        return next(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and sample.labels.items() >= labels.items()
        )

    @staticmethod
    def as_(role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {TOKENS.get(role, role)}"} if role else {}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    for name, token in TOKENS.items():
        monkeypatch.setenv(name, token)
    office = Office(tmp_path)
    office.configure(CONFIG)
    office.employ(person("ann"), person("bob"), person("cem"))
    office.order(2)
    return office


@pytest.fixture
def answering(office: Office) -> Iterator[Callable[..., Site]]:
    """`answering(http: section)` starts a server with that configuration."""
    with ExitStack() as stack:

        def start(section: str = "", scheme: str = "http") -> Site:
            address = f"127.0.0.1:{free_port()}"
            office.configure(CONFIG + (section or HTTP).format(listen=address))
            found = settings.load(office.config)
            app = stack.enter_context(assembled(found))
            queue, status = Queue(), Status()
            server = HttpServer(found.http, app, queue, status, CallCounts())
            server.start()
            stack.callback(server.stop)
            site = Site(office, app, server, queue, status, f"{scheme}://{address}")
            stack.enter_context(site.client)
            return site

        yield start


def test_health_is_told_to_anybody(answering: Callable[..., Site]) -> None:
    site = answering()
    assert site.get("/livez").json() == {"ok": True, "role": "starting", "reasons": []}
    assert site.get("/readyz").status_code == 503
    site.status.change(role=Role.LEADING)
    assert (site.get("/readyz").status_code, site.get("/readyz").json()["ok"]) == (200, True)


@pytest.mark.parametrize(
    ("brief", "told"),
    [
        ("the database cannot be reached", "the database cannot be reached"),
        ("", "cannot work; the log says why (daemon_cannot_work)"),
    ],
)
def test_what_is_wrong_is_told_to_anybody_without_users_hosts_and_paths(
    answering: Callable[..., Site], brief: str, told: str
) -> None:
    site = answering()
    trouble = "the database postgresql://syncd@db.contoso.com/people cannot be reached: /run/x: refused"
    site.status.change(role=Role.STANDBY, trouble=trouble, brief=brief)
    assert site.get("/readyz").json()["reasons"] == [told]


@pytest.mark.parametrize(
    ("method", "path", "role", "code"),
    [
        ("GET", "/metrics", "", 401),
        ("GET", "/metrics", "wrong", 401),
        ("GET", "/metrics", "METRICS", 200),
        ("GET", "/metrics", "OPERATOR", 200),
        ("GET", "/api/v1/runs", "", 401),
        ("GET", "/api/v1/runs", "METRICS", 403),
        ("GET", "/api/v1/runs", "VIEWER", 200),
        ("GET", "/api/v1/learners", "METRICS", 403),
        ("POST", "/api/v1/sync", "VIEWER", 403),
        ("POST", "/api/v1/sync", "OPERATOR", 202),
        ("POST", "/api/v1/runs/1/approve", "VIEWER", 403),
        ("POST", "/api/v1/runs/9/approve", "OPERATOR", 404),
        ("GET", "/api/v1/runs/9", "VIEWER", 404),
        ("GET", "/api/v1/learners/nobody@example.com", "VIEWER", 404),
        ("GET", "/api/v1/runs?limit=0", "VIEWER", 422),
    ],
)
def test_a_token_is_good_for_its_role_and_no_more(
    answering: Callable[..., Site], method: str, path: str, role: str, code: int
) -> None:
    site = answering()
    body = {} if method == "POST" else None
    found = site.client.request(method, path, headers=site.as_(role), json=body)
    assert found.status_code == code
    assert not any(token in found.text for token in TOKENS.values())


def test_every_path_of_the_api_wants_a_token(answering: Callable[..., Site]) -> None:
    site = answering()
    paths = site.client.get("/api/v1/openapi.json").json()["paths"]
    assert len(paths) >= 12
    for path, methods in paths.items():
        for method in methods:
            if path.startswith("/api/"):
                concrete = path.replace("{run}", "1").replace("{who}", "ann")
                assert site.client.request(method, concrete, json={}).status_code == 401, path


def test_runs_licenses_and_learners_are_told_as_the_command_line_tells_them(
    answering: Callable[..., Site],
) -> None:
    site = answering()
    site.office.say("sync", code=5)
    (run,) = site.get("/api/v1/runs", "VIEWER").json()
    assert (run["state"], run["facts"]["counts"]) == ("done", {"create": 2, "wait": 1})
    changes = site.get("/api/v1/runs/1/changes", "VIEWER", params={"kind": "create", "limit": 1}).json()
    assert [change["kind"] for change in changes] == ["create"]
    assert site.get("/api/v1/runs/1/changes", "VIEWER", params={"kind": "fly"}).status_code == 422
    (lot,) = site.get("/api/v1/licenses", "VIEWER").json()
    assert (lot["quantity"], lot["allocated"], lot["available"]) == (2, 2, 0)
    (order,) = site.get("/api/v1/orders", "VIEWER").json()
    assert (order["state"], order["ends_at"]) == ("assigned", lot["ends_at"])
    shortfall = site.get("/api/v1/shortfall", "VIEWER").json()
    assert (shortfall["missing"], shortfall["line"][0]["email"]) == (1, "cem@example.com")
    forecast = site.get("/api/v1/forecast", "VIEWER").json()
    assert len(forecast["days"]) > 360
    assert (forecast["shortfall"]["missing"], forecast["days"][0]["certain"]) == (1, -1)
    learners = site.get("/api/v1/learners", "VIEWER", params={"license": "live"}).json()
    assert [learner["email"] for learner in learners] == ["ann@example.com", "bob@example.com"]
    ann = site.get("/api/v1/learners/ann@example.com", "VIEWER").json()
    assert [ann[name] for name in ("license", "platform_account", "refused")] == ["live", "", ""]


def test_asking_for_a_sync_names_who_asked(answering: Callable[..., Site]) -> None:
    site = answering()
    for _ in range(1000):
        site.queue.ask("schedule.every")
    assert site.post("/api/v1/sync", "OPERATOR", {"ful": True}).status_code == 422, "not a sync by changes"
    assert site.post("/api/v1/sync", "OPERATOR", {"full": True}).json() == {"accepted": True, "waiting": 1}
    wanted = site.queue.take(0)
    assert wanted is not None
    assert (wanted.causes, wanted.full) == (("schedule.every", "api:oncall"), True)


def test_a_held_plan_is_approved_or_rejected_once(answering: Callable[..., Site]) -> None:
    held = CONFIG.replace("max_creations: none", "max_creations: 1, floor: 0")
    site = answering()
    site.office.configure(held)
    site.office.say("sync", code=3)
    approved = site.post("/api/v1/runs/1/approve", "OPERATOR")
    assert (approved.status_code, approved.json()["decided_by"]) == (202, "api:oncall")
    again = site.post("/api/v1/runs/1/reject", "OPERATOR")
    assert again.status_code == 409
    assert "approved" in again.json()["detail"]


def test_whoever_decides_too_late_hears_which_run_to_look_at(answering: Callable[..., Site]) -> None:
    site = answering()
    site.office.configure(CONFIG.replace("max_creations: none", "max_creations: 1, floor: 0"))
    site.office.say("sync", code=3)
    site.office.employ(person("ann", last_name="Roe"), person("bob"))
    site.office.say("sync", code=3)
    late = site.post("/api/v1/runs/1/approve", "OPERATOR")
    assert late.status_code == 409
    assert "run 2 has taken its place and is held; look at that one" in late.json()["detail"]


def test_metrics_count_and_name_nobody(answering: Callable[..., Site]) -> None:
    site = answering()
    site.office.say("sync", code=5)
    assert site.number("syncd_licenses", type="premium", state="allocated") == 2
    assert site.number("syncd_licenses", type="premium", state="available") == 0
    assert site.number("syncd_waiting", type="premium") == 1
    assert site.number("syncd_learners", account="active") == 2
    assert site.number("syncd_last_success_timestamp_seconds") > 1_700_000_000
    assert site.number("syncd_database_up") == 1
    assert site.number("syncd_schedule_pause_seconds") == 900
    assert "@" not in site.get("/metrics", "METRICS").text


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/learners?license=zzz", 422),
        ("/api/v1/runs/99999999999999999999999", 422),
        ("/api/v1/runs/1/changes?skip=99999999999999999999999", 422),
        ("/api/v1/runs/1/changes?search=%00", 422),
        ("/api/v1/learners?search=an%00n", 422),
        ("/api/v1/learners/%00", 422),
        ("/api/v1/learners/99999999999999999999999", 404),
    ],
)
def test_what_nobody_can_mean_is_no_error_of_ours(
    answering: Callable[..., Site], path: str, code: int
) -> None:
    site = answering()
    site.office.say("sync", code=5)
    assert site.get(path, "VIEWER").status_code == code


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/api/v1/runs?limt=5", "there is no parameter limt; there are limit"),
        ("GET", "/api/v1/learners?serch=ann&limit=5&x=", "no parameter serch, x; there are search, lic"),
        ("GET", "/api/v1/orders?limit=5", "there is no parameter limit; there is none here"),
        ("POST", "/api/v1/sync?full=true", "there is no parameter full; there is none here"),
    ],
)
def test_a_mistyped_parameter_is_named_with_those_there_are(
    answering: Callable[..., Site], method: str, path: str, told: str
) -> None:
    site = answering()
    body = {} if method == "POST" else None
    found = site.client.request(method, path, headers=site.as_("OPERATOR"), json=body)
    assert found.status_code == 422
    assert told in found.json()["detail"]
    assert site.client.request(method, path, json=body).status_code == 401, "who may not ask is told nothing"
    assert not len(site.queue)


def test_counters_begin_at_zero_so_that_the_first_failure_is_an_increase(
    answering: Callable[..., Site],
) -> None:
    site = answering()
    assert site.number("syncd_runs_total", state="failed") == 0
    assert site.number("syncd_changes_total", kind="create") == 0
    site.status.run_ended("failed", 0.25, failure="down")
    assert site.number("syncd_runs_total", state="failed") == 1
    assert site.number("syncd_last_run_duration_seconds") == 0.25


def test_without_its_database_it_still_answers(answering: Callable[..., Site]) -> None:
    site = answering()
    site.office.database.rename(site.office.folder / "away.db")
    (site.office.folder / "syncd.db").mkdir()
    site.app.register.close()
    assert site.number("syncd_database_up") == 0
    assert site.get("/livez").status_code == 200
    down = site.get("/api/v1/runs", "VIEWER")
    assert down.status_code == 503
    assert "cannot be opened" in down.json()["detail"]


def test_tls_is_served_with_the_certificate_given(
    answering: Callable[..., Site], certificates: Authority
) -> None:
    ours = certificates.issue("127.0.0.1")
    tls = f"  tls: {{{{ certificate: {ours.certificate}, key: {ours.key} }}}}\n"
    site = answering(HTTP + tls, "https")
    with httpx.Client(verify=ssl.create_default_context(cafile=certificates.ca), trust_env=False) as client:
        assert client.get(f"{site.client.base_url}/livez").status_code == 200


def test_only_the_named_proxy_may_bring_tokens(answering: Callable[..., Site]) -> None:
    elsewhere = answering(HTTP + "  behind_proxy: 10.9.8.7\n")
    refused = elsewhere.get("/api/v1/runs", "VIEWER")
    assert refused.status_code == 403
    assert "behind_proxy" in refused.json()["detail"]
    here = answering(HTTP + "  behind_proxy: [10.9.8.7, 127.0.0.0/8]\n")
    assert here.get("/api/v1/runs", "VIEWER").status_code == 200


def test_whoever_may_not_ask_learns_what_is_missing(answering: Callable[..., Site]) -> None:
    assert answering().get("/api/v1/runs").json()["detail"] == "give a token: Authorization: Bearer …"
    without = answering("http: {{ listen: {listen} }}\n").get("/api/v1/runs")
    assert without.json()["detail"] == "this needs a token, and the configuration has none: http.tokens"


def test_an_address_that_is_taken_is_told(office: Office) -> None:
    with silent_server() as port:
        office.configure(f"{CONFIG}http: {{ listen: '127.0.0.1:{port}' }}\n")
        found = settings.load(office.config)
        complaint = f"127.0.0.1:{port} cannot be listened on: Address already in use$"
        with assembled(found) as app, pytest.raises(ConfigError, match=complaint):
            HttpServer(found.http, app, Queue(), Status(), CallCounts()).start()


def test_other_tokens_hold_after_a_reload(
    answering: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = answering()
    monkeypatch.setenv("VIEWER", "changed")
    site.server.follow(settings.load(site.office.config).http, site.app)
    assert site.get("/api/v1/runs", "v-22").status_code == 401
    assert site.get("/api/v1/runs", "changed").status_code == 200
    monkeypatch.delenv("VIEWER")
    with pytest.raises(ConfigError, match="VIEWER"):
        site.server.follow(settings.load(site.office.config).http, site.app)
    assert site.get("/api/v1/runs", "changed").status_code == 200
