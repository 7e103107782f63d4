"""Bad weather between us and the site: nothing is done twice, nobody is refused, and it is told in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.platforms.moodle.face import MoodlePlatform
from connectors.platforms.moodle.options import MoodleOptions
from syncd.errors import ConfigError, Retriable, SyncdError, Unavailable
from syncd.model import Kind, Verdict
from syncd.ports import Answered
from tests.connectors.platforms.moodle.conftest import TOKEN, Connect
from tests.contracts.platform import delivery, known, send
from tests.heard import Heard
from tests.servers.certificates import Authority
from tests.servers.moodle import Kind as Fault
from tests.servers.moodle import MoodleServer, Site
from tests.servers.tcp import free_port, silent_server

CREATE, UPDATE, READ = "core_user_create_users", "core_user_update_users", "core_user_get_users_by_field"


def fails(act: Callable[[], object], *words: str) -> SyncdError:
    """It raises `Unavailable`, in these words, with something to do about it, and without the token."""
    with pytest.raises(Unavailable) as caught:
        act()
    told = f"{caught.value.message} | {caught.value.next_step}"
    for word in words:
        assert word in told
    assert caught.value.next_step
    assert Site().token not in told
    return caught.value


def test_a_dead_server(connect: Connect) -> None:
    pauses: list[float] = []
    platform = connect(url=f"http://127.0.0.1:{free_port()}", pauses=pauses)
    fails(lambda: send(platform, delivery(1)), "refused the connection")
    assert len(pauses) == 5


def test_a_server_that_never_says_a_word(connect: Connect) -> None:
    with silent_server() as port:
        platform = connect(url=f"http://127.0.0.1:{port}", read_timeout="1s", patience="0s")
        fails(lambda: send(platform, delivery(1)), "sent nothing for 1 s")


def test_a_wrong_token(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "wrong")
    pauses: list[float] = []
    platform = connect(pauses=pauses)
    fails(lambda: send(platform, delivery(1)), "does not know the token", "invalidtoken", "Manage tokens")
    fails(lambda: platform.read_back([delivery(1)]), "does not know the token")
    assert pauses == []


def test_no_token_at_all_is_the_configuration(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN)
    with pytest.raises(ConfigError, match=TOKEN):
        send(connect(), delivery(1))


def test_a_certificate_nobody_vouches_for(certificates: Authority, site: Site, connect: Connect) -> None:
    with MoodleServer(site, certificates.issue(stem="moodle")) as server:
        good = connect(url=server.url, ca_file=str(certificates.ca))
        assert send(good, delivery(1))[0].verdict is Verdict.DONE
    with MoodleServer(site, certificates.expired("localhost")) as server:
        fails(lambda: send(connect(url=server.url), delivery(2)), "its certificate has expired")
    with MoodleServer(site, certificates.wrong_host()) as server:
        fails(lambda: send(connect(url=server.url), delivery(2)), "another host name")


def test_an_authority_nobody_knows(
    tmp_path_factory: pytest.TempPathFactory, site: Site, connect: Connect
) -> None:
    other = Authority.create(tmp_path_factory.mktemp("other"))
    with MoodleServer(site, other.issue()) as server:
        fails(lambda: send(connect(url=server.url), delivery(1)), "unknown authority", "ca_file")


def test_a_site_that_asks_to_slow_down_is_given_the_time(connect: Connect, server: MoodleServer) -> None:
    pauses: list[float] = []
    heard = Heard()
    server.arm(Fault.STATUS, CREATE, status=429, retry_after="7", times=2)
    (outcome,) = send(connect(pauses=pauses, calls=heard), delivery(1))
    assert (outcome.verdict, pauses) == (Verdict.DONE, [7.0, 7.0])
    assert heard.pauses == [(7.0, True), (7.0, True)]
    assert ("create", Answered.THROTTLED) in heard.calls
    assert len(server.asked(CREATE)) == 1


def test_patience_ends(connect: Connect, server: MoodleServer) -> None:
    pauses: list[float] = []
    server.arm(Fault.STATUS, retry_after="400", status=503, times=None)
    error = fails(lambda: send(connect(pauses=pauses), delivery(1)), "is not available at the moment (503)")
    assert isinstance(error, Retriable)
    assert pauses == [400.0]


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_that_may_have_arrived_is_not_sent_again(
    connect: Connect, server: MoodleServer, status: int
) -> None:
    server.arm(Fault.STATUS, CREATE, status=status)
    pauses: list[float] = []
    fails(lambda: send(connect(pauses=pauses), delivery(1)), f"trouble of its own ({status})")
    assert pauses == []


def test_a_read_is_asked_again(connect: Connect, server: MoodleServer) -> None:
    for kind in (Fault.STATUS, Fault.DOWN, Fault.HALF):
        server.arm(kind, READ, status=502)
    assert send(connect(), delivery(1))[0].verdict is Verdict.DONE


def test_trouble_in_the_middle_leaves_what_was_done_done(connect: Connect, server: MoodleServer) -> None:
    server.arm(Fault.STATUS, CREATE, after=1, status=500)
    answers = connect().deliver([delivery(n) for n in range(1, 101)])
    assert [next(answers).verdict for _ in range(50)] == [Verdict.DONE] * 50
    fails(lambda: next(answers), "500")
    server.heal()
    again = send(connect(), *map(delivery, range(1, 101)))
    assert [one.verdict for one in again] == [Verdict.ALREADY] * 50 + [Verdict.DONE] * 50


@pytest.mark.parametrize("kind", [Fault.LOST, Fault.HALF, Fault.SLOW, Fault.SPOILED])
def test_a_lost_answer_is_unknown_and_read_back(connect: Connect, server: MoodleServer, kind: Fault) -> None:
    server.arm(kind, CREATE)
    platform = connect(read_timeout="1s" if kind is Fault.SLOW else "60s")
    outcomes = send(platform, delivery(1), delivery(2))
    assert outcomes[0].verdict is Verdict.UNKNOWN
    assert len(server.asked(CREATE)) == (2 if kind is Fault.SLOW else 1), (
        "one of each is made, and none twice"
    )
    assert all(platform.read_back([delivery(1), delivery(2)]).values())
    again = send(platform, delivery(1), delivery(2))
    assert {one.verdict for one in again} == {Verdict.ALREADY}
    assert len(server.site.users) == 4


def test_a_change_or_deletion_without_an_answer_is_unknown(connect: Connect, server: MoodleServer) -> None:
    platform = connect()
    (made,) = send(platform, delivery(1))
    for function, kind in ((UPDATE, Kind.SUSPEND), ("core_user_delete_users", Kind.DELETE)):
        server.arm(Fault.LOST, function)
        (outcome,) = send(platform, known(delivery(1, kind, active=False), made))
        assert outcome.verdict is Verdict.UNKNOWN
    assert platform.read_back([delivery(1)]) == {"d1": None}


def test_pages_instead_of_answers(connect: Connect, server: MoodleServer) -> None:
    server.arm(Fault.HTML)
    fails(lambda: send(connect(), delivery(1)), "an answer that is no JSON", "error log")
    server.arm(Fault.STATUS, status=403)
    fails(lambda: send(connect(), delivery(1)), "does not offer REST", "Manage protocols")
    fails(
        lambda: send(connect(url=f"{server.url}/moodle"), delivery(1)), "no web services at", "platform.url"
    )


def test_maintenance_stops_everything_and_refuses_nobody(connect: Connect, server: MoodleServer) -> None:
    server.site.maintenance = True
    fails(lambda: send(connect(), delivery(1)), "is in maintenance mode", "sitemaintenance")


def test_what_the_token_may_not_do_is_about_the_site_and_not_about_people(
    connect: Connect, server: MoodleServer
) -> None:
    server.site.functions.remove(CREATE)
    fails(lambda: send(connect(), delivery(1)), CREATE, "accessexception", "External services")
    server.site.functions.append(CREATE)
    server.site.capabilities.remove("moodle/user:create")
    fails(lambda: send(connect(), delivery(1)), "lacks a capability", "Create users")


def test_accounts_that_are_made_and_not_shown_are_not_made_again_and_again(
    connect: Connect, server: MoodleServer
) -> None:
    server.site.capabilities.remove("moodle/user:viewalldetails")
    fails(lambda: send(connect(), delivery(1)), "does not show it to us by its ID number syncd-1")
    assert len(server.asked(CREATE)) == 1


@pytest.mark.parametrize(
    ("capability", "what"),
    [("moodle/user:viewhiddendetails", "suspended"), ("moodle/site:viewuseridentity", "email")],
)
def test_what_is_not_shown_is_not_taken_for_empty(
    connect: Connect, server: MoodleServer, capability: str, what: str
) -> None:
    platform = connect()
    send(platform, delivery(1))
    server.site.capabilities.remove(capability)
    fails(lambda: platform.read_back([delivery(1)]), what, capability)


def test_an_odd_error_without_an_exception_is_an_error(connect: Connect, server: MoodleServer) -> None:
    answers = {
        '{"error": "Coding error", "errorcode": "codingerror"}': "codingerror",
        '{"a": 1}': "not Moodle's",
    }
    for text, word in answers.items():
        server.answer = lambda _, text=text: (text, "application/json")  # type: ignore[method-assign,misc]
        with pytest.raises(Unavailable) as caught:
            send(connect(), *map(delivery, range(1, 10)))
        assert word in caught.value.message


def test_the_token_is_in_no_error_and_no_log(
    connect: Connect, server: MoodleServer, capsys: pytest.CaptureFixture[str]
) -> None:
    send(connect(), delivery(1))
    assert server.site.token not in "".join(capsys.readouterr())
    assert server.site.token not in repr(connect()._options)


def test_nothing_connects_before_it_has_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", None)
    options = MoodleOptions.model_validate({"url": "https://a.example", "token": {"env": "T"}})
    platform = MoodlePlatform("moodle", options)
    assert list(platform.deliver([])) == []
