"""Traffic to each track, against two real servers on loopback: whose a request is, is known."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from fakes import rude_server as rude
from fakes.rude_server import Asked, Manner, RudeServer
from fakes.traffic import (
    PATIENT,
    Unstartable,
    ran,
    sends,
    sends_by,
    threads,
    track_traffic_to,
    until,
)

from pytest_canary.api.client import Api
from pytest_canary.api.factory import client_for
from pytest_canary.config.api_settings import Request
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import TrafficError
from pytest_canary.traffic import Kind, Load, TrackTraffic
from pytest_canary.traffic.exchange import percentile
from pytest_canary.traffic.generator import Generator
from pytest_canary.traffic.ledger import RequestOutcome
from pytest_canary.traffic.sender import Prepared, Sender

NOWHERE = {"stable": "http://127.0.0.1:1", "canary": "http://127.0.0.1:1"}


@pytest.fixture
def settings(settings: Callable[..., Settings]) -> Settings:
    return settings()


@pytest.fixture
def stable(rudely: Callable[[Manner], RudeServer]) -> RudeServer:
    return rudely(rude.echoes)


@pytest.fixture
def finite(settings: Settings) -> Iterator[Callable[..., TrackTraffic]]:
    """Starts traffic to tracks, and stops it at the end."""
    running: list[TrackTraffic] = []

    def start(stable: RudeServer, canary: RudeServer, **given: object) -> TrackTraffic:
        addresses = {"stable": stable.url, "canary": canary.url}
        traffic = track_traffic_to(addresses, given.pop("settings", settings), **given)  # type: ignore[arg-type]
        running.append(traffic.start())
        return traffic

    yield start
    for traffic in running:
        traffic.stop()


def everything(traffic: TrackTraffic) -> dict[str, list[Kind]]:
    """What became of all requests, by track."""
    columns = traffic.columns(0, traffic.now() + 1)
    return {track: [Kind(kind) for kind in each.kind] for track, each in columns.items()}


def to_both(stable: RudeServer, canary: RudeServer, api: Api, settings: Settings) -> TrackTraffic:
    """Traffic whose writes are in a journal that the test has."""
    return TrackTraffic(
        api,
        {"stable": stable.url, "canary": canary.url},
        settings.traffic,
        rate=100,
        generate=partial(Generator, bounds=PATIENT),
    )


# Both alike


def test_each_track_is_asked_the_same_at_the_same_moments(
    stable: RudeServer,
    rudely: Callable[[Manner], RudeServer],
    finite: Callable[..., TrackTraffic],
) -> None:
    canary = rudely(rude.echoes)
    traffic = finite(stable, canary)
    sends(traffic, 40)
    traffic.stop()
    found = traffic.columns(0, traffic.now())
    assert list(found) == ["stable", "canary"]
    # The last pair may be half of one: the first of it was sent when the traffic ended.
    assert abs(len(stable.asked) - len(canary.asked)) <= 1
    both = min(len(each.due) for each in found.values())
    assert both >= 20
    assert found["stable"].due[:both] == found["canary"].due[:both]
    assert found["stable"].write[:both] == found["canary"].write[:both]
    assert 0 < sum(found["stable"].write) < both
    for track, server in (("stable", stable), ("canary", canary)):
        assert len(found[track].due) == len(server.asked)
        writes = sum(asked.method == "PUT" for asked in server.asked)
        assert sum(found[track].write) == writes
        assert set(found[track].kind) == {Kind.ANSWERED}
        assert found[track].unsent == 0
        assert all(seconds > 0 for seconds in found[track].seconds)


def test_its_writes_are_in_the_journal_of_all_and_no_text_is_another_traffics(
    stable: RudeServer, rudely: Callable[[Manner], RudeServer], settings: Settings
) -> None:
    canary = rudely(rude.echoes)
    api = client_for(stable.url, settings)
    with to_both(stable, canary, api, settings) as traffic:
        other = ran(stable.url, settings, 10)
        sends(traffic, 20)
    rows = api.writes.acknowledged
    texts = {row.unique for row in rows}
    assert len(texts) == len(rows) > 5
    assert all(text.startswith(traffic.schedule.base) for text in texts)
    assert texts.isdisjoint(row.unique for row in other.writes.acknowledged)
    tracks = {
        track for track in ("stable", "canary") for row in rows if f" to {track}," in row.shown
    }
    assert tracks == {"stable", "canary"}


def test_another_read_takes_the_place_of_the_apps_own(
    stable: RudeServer, settings: Settings
) -> None:
    traffic = TrackTraffic(
        client_for(stable.url, settings),
        {"stable": stable.url},
        settings.traffic,
        rate=100,
        read=Request(method="GET", path="/one"),
        generate=partial(Generator, bounds=PATIENT),
    )
    with traffic:
        sends(traffic, 30)
    assert {asked.path for asked in stable.asked} == {"/one", settings.api.write.path}


# What goes wrong has an owner


def test_what_hangs_is_in_flight_with_whom_it_was_sent_to(
    stable: RudeServer,
    rudely: Callable[[Manner], RudeServer],
    finite: Callable[..., TrackTraffic],
    settings: Settings,
) -> None:
    release = threading.Event()

    def waits(connection: object, asked: Asked, stopping: threading.Event) -> None:
        release.wait(20)
        rude.echoes(connection, asked, stopping)  # type: ignore[arg-type]

    traffic = finite(stable, rudely(waits))
    until(lambda: everything(traffic)["stable"].count(Kind.ANSWERED) >= 10)
    now = traffic.now()
    found = traffic.columns(0, now)["canary"]
    assert set(found.kind) == {Kind.IN_FLIGHT}
    assert all(seconds >= now - due for due, seconds in zip(found.due, found.seconds, strict=True))
    release.set()
    traffic.stop()
    assert set(everything(traffic)["canary"]) == {Kind.ANSWERED}


def test_what_is_reset_is_lost_by_whom_it_was_sent_to(
    stable: RudeServer,
    rudely: Callable[[Manner], RudeServer],
    settings: Settings,
) -> None:
    canary = rudely(rude.resets)
    api = client_for(stable.url, settings)
    with to_both(stable, canary, api, settings) as traffic:
        traffic.enter_phase("verdict")
        sends(traffic, 20)
    assert set(everything(traffic)["stable"]) == {Kind.ANSWERED}
    assert set(everything(traffic)["canary"]) == {Kind.RESET}
    assert len(everything(traffic)["canary"]) == len(canary.asked)
    doubted = api.writes.unacknowledged
    assert len(doubted) == sum(asked.method == "PUT" for asked in canary.asked)
    assert all(" to canary, not acknowledged, " in row.shown for row in doubted)
    assert doubted[-1].shown.endswith(" UTC), in verdict,")


def test_a_track_that_hangs_keeps_nothing_back_from_the_other(
    stable: RudeServer,
    rudely: Callable[[Manner], RudeServer],
    finite: Callable[..., TrackTraffic],
    configured: Callable[..., Settings],
) -> None:
    canary = rudely(rude.hangs)
    few = partial(Generator, bounds=replace(PATIENT, crowd=40))
    brief = configured(traffic={"rate": 1, "writes": 0.5}, deadlines={"request": 1})
    traffic = finite(stable, canary, rate=50, generate=few, settings=brief)

    end, found = 0.0, traffic.columns(0, 0)

    def hangs_alone() -> bool:
        # When this process was held up, all that was due meanwhile crowds the other too, for once.
        nonlocal end, found
        end = traffic.now()
        found = traffic.columns(0, end)
        return found["canary"].unsent >= 20 + 2 * found["stable"].unsent

    until(hangs_alone)
    kept_back = found["canary"].unsent
    assert canary.most <= 20
    assert kept_back > 2 * found["stable"].unsent
    # What was not sent is nobody's loss, and waits as what was does.
    due = {track: each.total for track, each in found.items()}
    assert due["canary"] == pytest.approx(due["stable"], abs=1)
    assert len(found["canary"].due) == due["canary"]
    assert found["canary"].sent.count(0) == kept_back
    # It is no load of the other's, and this machine could have sent it.
    assert traffic.load("canary", 0, end).unsent == kept_back / due["canary"]
    assert traffic.load("stable", 0, end).unsent == found["stable"].kept_back
    assert traffic.unsent(0, end) == 0


# The rate


def test_the_rate_changes_for_what_is_to_come(
    stable: RudeServer,
    rudely: Callable[[Manner], RudeServer],
    finite: Callable[..., TrackTraffic],
) -> None:
    traffic = finite(stable, rudely(rude.echoes), rate=20)
    sends(traffic, 6)
    before = [traffic.schedule.due(number) for number in range(6)]
    traffic.set_rate(200)
    assert traffic.rate == 200
    sends(traffic, 60)
    traffic.stop()
    due = [traffic.schedule.due(number) for number in range(len(traffic.ledger))]
    assert due[:6] == before == [0, 0, 0.05, 0.05, 0.1, 0.1]
    assert due[-1] - due[-21] == pytest.approx(10 / 200)
    assert list(traffic.columns(0, 99)["stable"].due) == pytest.approx(due[::2])


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_no_rate_at_all_is_to_stop(rate: float, settings: Settings) -> None:
    with pytest.raises(ValueError, match="requests a second"):
        track_traffic_to(NOWHERE, settings).set_rate(rate)
    with pytest.raises(TrafficError, match="there is no traffic"):
        track_traffic_to(NOWHERE, settings, rate=0).start()


# How the generator does


def test_lag_and_load_are_those_of_a_window(
    stable: RudeServer,
    rudely: Callable[[Manner], RudeServer],
    finite: Callable[..., TrackTraffic],
) -> None:
    traffic = finite(stable, rudely(rude.echoes))
    sends(traffic, 40)
    traffic.stop()
    end = traffic.now()
    found = traffic.load("stable", 0, end)
    assert found.median == traffic.columns(0, end)["stable"].median
    assert found.lag == traffic.lag(0, end) == percentile(traffic.ledger.lags(), 0.99)
    assert traffic.lag(0, 0.1) == percentile(traffic.ledger.lags(range(20)), 0.99)
    assert found.unsent == 0
    assert traffic.load("stable", 9e6, 9e7) == Load(None, 0.0, 0.0)


def test_what_is_due_and_does_not_go_out_is_late(settings: Settings) -> None:
    """A generator that stands still sends nothing late, as it sends nothing at all."""
    release = threading.Event()

    class Standing(Sender):
        async def send(self, prepared: Prepared, unique: str) -> RequestOutcome:
            release.wait(20)
            return RequestOutcome(Kind.ANSWERED)

    standing = sends_by(Standing(settings.api, settings.deadlines.request))
    with track_traffic_to(NOWHERE, settings, generate=standing) as traffic:
        until(lambda: traffic.now() > 0.5)
        begin = traffic.schedule.due(len(traffic.ledger))
        late = traffic.now() - begin
        assert traffic.lag(begin, traffic.now()) >= late > 0.3
        release.set()
    # Nothing is due once it is over.
    end = traffic.schedule.due(len(traffic.ledger))
    assert traffic.lag(end, traffic.now() + 9) == 0


# Whether it ran

JUDGES: list[Callable[[TrackTraffic], object]] = [
    lambda traffic: traffic.columns(0, 1),
    lambda traffic: traffic.lag(0, 1),
    lambda traffic: traffic.unsent(0, 1),
    lambda traffic: traffic.load("stable", 0, 1),
]


@pytest.mark.parametrize("judge", JUDGES)
def test_no_traffic_is_not_the_same_as_none_lost(
    judge: Callable[[TrackTraffic], object], settings: Settings
) -> None:
    traffic = track_traffic_to(NOWHERE, settings)
    with pytest.raises(TrafficError) as wrong:
        judge(traffic)
    assert wrong.value.sentence == (
        "the traffic to each track was not started, so nothing can be said of it"
    )
    broken = track_traffic_to(
        NOWHERE, settings, generate=sends_by(Unstartable(settings.api, OSError("no memory")))
    )
    broke_off = "the traffic to each track broke off after 0 requests: OSError: no memory; "
    with pytest.raises(TrafficError, match=broke_off):
        broken.start()
    with pytest.raises(TrafficError, match=broke_off):
        judge(broken)


def test_it_begins_and_ends_as_the_other_traffic_does(
    stable: RudeServer, settings: Settings
) -> None:
    addresses = {"stable": stable.url, "canary": stable.url.replace("127.0.0.1", "localhost")}
    traffic = track_traffic_to(addresses, settings)
    assert traffic.now() == 0
    with traffic:
        sends(traffic, 4)
        assert traffic.now() > 0
        assert threads()
    assert not threads()
    assert set(everything(traffic)["canary"]) == {Kind.ANSWERED}
    with pytest.raises(TrafficError, match="the traffic to each track is over"):
        traffic.start()


def test_it_goes_to_this_machine_unless_it_is_told_otherwise(settings: Settings) -> None:
    elsewhere = NOWHERE | {"canary": "http://192.0.2.1:80"}
    with pytest.raises(
        TrafficError, match=r"the traffic to each track would go to http://192\.0\.2\.1:80"
    ):
        track_traffic_to(elsewhere, settings)
    assert track_traffic_to(elsewhere, settings, anywhere=True)
