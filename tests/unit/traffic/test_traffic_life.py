"""How traffic begins and ends, and that it says nothing of itself where it did not run."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

import pytest
from fakes import rude_server as rude
from fakes.folders import ROOT
from fakes.persons import Persons
from fakes.rude_server import Manner, RudeServer
from fakes.server import Server
from fakes.traffic import Stuck, Unstartable, ran, sends_by, threads, traffic_to, until

from pytest_canary.api.client import Api
from pytest_canary.api.writes import Writes
from pytest_canary.config.api_settings import ApiSettings
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import TrafficError
from pytest_canary.traffic import Kind, Traffic
from pytest_canary.traffic.generator import Bounds, Generator
from pytest_canary.traffic.ledger import Ledger, RequestOutcome
from pytest_canary.traffic.schedule import Schedule
from pytest_canary.traffic.sender import Prepared, Sender


def test_stopping_waits_for_the_answers_and_leaves_neither_thread_nor_connection(
    rudely: Callable[[Manner], RudeServer], settings: Callable[..., Settings]
) -> None:
    server = rudely(rude.hangs)
    traffic = traffic_to(server.url, settings(request=0.5)).start()
    until(lambda: server.open >= 5)
    assert threads()
    traffic.stop()
    assert not threads()
    assert {each.kind for each in traffic.losses()} == {Kind.TIMEOUT}
    assert traffic.lost == traffic.sent
    until(lambda: server.open == 0)
    traffic.stop()


def test_starting_twice_is_starting_once(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    traffic = traffic_to(server.url, settings())
    assert traffic.began is None
    assert traffic.now() == 0
    began = traffic.start().began
    assert traffic.start().began == began is not None
    assert len(threads()) == 1
    traffic.stop()


def test_a_traffic_runs_once(settings: Callable[..., Settings]) -> None:
    traffic = traffic_to("http://127.0.0.1:1", settings())
    traffic.stop()
    with pytest.raises(
        TrafficError, match="the traffic is over, and can't be started again; make another"
    ):
        traffic.start()


JUDGES: list[Callable[[Traffic], object]] = [
    lambda traffic: traffic.lost,
    lambda traffic: traffic.slow,
    lambda traffic: traffic.retryable,
    lambda traffic: traffic.losses(),
    lambda traffic: traffic.findings(),
    lambda traffic: traffic.summary(),
    lambda traffic: traffic.of(stage="canary"),
    lambda traffic: traffic.since(0),
    lambda traffic: traffic.window(0, 1),
    lambda traffic: traffic.transitions(),
    lambda traffic: traffic.series(),
    lambda traffic: traffic.verify(Api("http://127.0.0.1:1", ApiSettings(), 1)),
    lambda traffic: traffic.check(),
    lambda traffic: traffic.check_gaps(),
]


@pytest.mark.parametrize("judge", JUDGES)
def test_no_traffic_is_not_the_same_as_none_lost(
    judge: Callable[[Traffic], object], settings: Callable[..., Settings]
) -> None:
    traffic = traffic_to("http://127.0.0.1:1", settings())
    with pytest.raises(TrafficError, match="was not started, so nothing can be said of it"):
        judge(traffic)
    assert traffic.sent == 0


@pytest.mark.parametrize("judge", JUDGES)
def test_a_generator_that_broke_off_does_not_look_like_none_lost(
    judge: Callable[[Traffic], object],
    server: Server,
    persons: Persons,
    settings: Callable[..., Settings],
) -> None:
    # Not before it has started, which a busy machine may take longer for than five requests.
    began = threading.Event()

    class Broken(Sender):
        async def send(self, prepared: Prepared, unique: str) -> RequestOutcome:
            if began.is_set() and len(server.asked) >= 5:
                raise ValueError("boom")
            return await super().send(prepared, unique)

    given = settings()
    broken = sends_by(Broken(given.api, given.deadlines.request))
    with traffic_to(server.url, given, generate=broken) as traffic:
        began.set()
        until(lambda: not threads())
        with pytest.raises(TrafficError) as wrong:
            judge(traffic)
    assert wrong.value.sentence == (
        f"the traffic broke off after {traffic.sent} requests: ValueError: boom; "
        "what came later was not tested"
    )
    assert isinstance(wrong.value.__cause__, ValueError)


def test_a_client_that_cannot_start_is_told_at_once(
    settings: Callable[..., Settings],
) -> None:
    given = settings()
    broken = sends_by(Unstartable(given.api, OSError("too many open files")))
    traffic = traffic_to("http://127.0.0.1:1", given, generate=broken)
    with pytest.raises(TrafficError, match="broke off after 0 requests: OSError: too many open"):
        traffic.start()


def test_a_thread_that_does_not_end_is_told(
    settings: Callable[..., Settings],
) -> None:
    release = threading.Event()
    given = settings(request=0.01)
    stuck = sends_by(Stuck(given.api, given.deadlines.request, release), Bounds(grace=0.01))
    traffic = traffic_to("http://127.0.0.1:1", given, generate=stuck).start()
    try:
        traffic.stop()
        with pytest.raises(TrafficError, match="its thread did not end when it was told to"):
            traffic.check()
    finally:
        release.set()
        until(lambda: not threads())


def test_before_the_first_request_nothing_can_be_said(
    settings: Callable[..., Settings],
) -> None:
    class InAnHour(Schedule):
        def due(self, number: int) -> float:
            return 3600.0

    def later(urls: Sequence[str], sender: Sender, ledger: Ledger, writes: Writes) -> Generator:
        schedule = InAnHour(**vars(ledger.schedule))
        return Generator(urls, sender, Ledger(schedule, 20), writes)

    with (
        traffic_to("http://127.0.0.1:1", settings(), generate=later) as traffic,
        pytest.raises(TrafficError, match="no request was sent yet"),
    ):
        _ = traffic.lost


def test_a_rate_of_nothing_is_no_traffic(settings: Callable[..., Settings]) -> None:
    traffic = traffic_to("http://127.0.0.1:1", settings(rate=0))
    for judge in (lambda: traffic.start(), lambda: traffic.lost):
        with pytest.raises(TrafficError, match=r"there is no traffic, as traffic\.rate is 0"):
            judge()


def test_it_goes_to_this_machine_unless_it_is_told_otherwise(
    settings: Callable[..., Settings],
) -> None:
    with pytest.raises(TrafficError) as wrong:
        traffic_to("http://192.0.2.1:80", settings())
    assert wrong.value.sentence == (
        "the traffic would go to http://192.0.2.1:80, which is not this machine; it only goes "
        "elsewhere where it is told to (anywhere=True)"
    )
    assert traffic_to("http://192.0.2.1:80", settings(), anywhere=True).base_url


def test_localhost_is_this_machine(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    assert ran(server.url.replace("127.0.0.1", "localhost"), settings()).lost == 0


SCRIPT = """
import sys, time
from pathlib import Path
from pytest_canary.api.factory import client_for
from pytest_canary.config import settings_file
from pytest_canary.traffic import Traffic
assert "aiohttp" not in sys.modules
project, url = Path(sys.argv[1]), sys.argv[2]
settings = settings_file.check({"traffic": {"rate": 200}}, project, "x")
traffic = Traffic(client_for(url, settings), settings.traffic).start()
assert "aiohttp" in sys.modules
while traffic.sent < 10:
    time.sleep(0.01)
print("the end")
"""


def test_a_script_may_end_without_stopping_it_and_the_client_is_imported_only_when_it_starts(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(settings().root), server.url],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "the end\n", "")


def test_the_example_tells_what_was_lost(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    script = ROOT / "examples" / "traffic.py"

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), server.url, "1"]
        folder = settings().root
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)

    good = run()
    assert (good.returncode, good.stderr) == (0, "")
    assert " 0 lost, 0 doubled\n" in good.stdout
    persons.keeps = lambda number: 0
    bad = run()
    assert (bad.returncode, bad.stderr) == (1, "")
    assert "acknowledged writes are lost: PUT /person of canary" in bad.stdout
