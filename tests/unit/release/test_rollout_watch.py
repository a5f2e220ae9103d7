"""The watch over a Deployment: doomed ends it at once, slow at the deadline, healed not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from fakes import objects
from fakes.clock import Clock
from fakes.cluster import Namespace
from fakes.errors import found_error
from fakes.folders import BUNDLED_TEMPLATE
from fakes.watched import Watched

from pytest_canary.core.errors import FoundError, ReleaseError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.waiting import Waiter
from pytest_canary.diagnosis import Expected
from pytest_canary.diagnosis.api_server import lost_api_server
from pytest_canary.release.rollout_watch import RolloutWatch

EXPECTED = Expected(deployment="addressbook-canary", replicas=1, image="addressbook:2")
EXITS = Finding(
    code="Exits",
    sentence="addressbook-canary exits with code 3",
    where="pod a",
    seen="restarted once",
    evidence="panic",
    likely="the image",
    next="look",
)
SLOW = replace(EXITS, doomed=False)


class Diagnosis:
    """One that says what it is told to, a list a look; the last of them for ever."""

    def __init__(self, *looks: list[Finding]) -> None:
        self.looks = list(looks)

    def __call__(self, _: Expected) -> list[Finding]:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


class Place:
    """A namespace in which the canary's pod is not ready."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock(step=0.001)
        self.namespace = Namespace(folder, folder / "deleted")
        self.observer = Watched(self.namespace, self.clock)
        self.said: list[str] = []
        self.waiter = Waiter(self.clock, lambda _, seen: self.said.append(seen))

    def deploy(self, ready: bool, replicas: int = 1, image: str = "addressbook:2") -> None:
        self.namespace.controllers.sick = (lambda pod: pod) if ready else objects.unready
        self.namespace.controllers.roll_out(
            objects.deployment(BUNDLED_TEMPLATE, "addressbook-canary", replicas, image)
        )

    def watch(self, *looks: list[Finding], applies: bool = True) -> RolloutWatch:
        says = Diagnosis(*looks)
        return RolloutWatch(EXPECTED, says, self.observer, self.waiter, 5, applies=applies)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_cause_that_the_watches_tell_a_little_late_is_told_all_the_same(place: Place) -> None:
    place.deploy(ready=False)
    failed = ReleaseError("addressbook-canary can't be deployed: `apply.sh` exited with code 1")
    cause = place.watch([], [], [EXITS]).find_cause(failed)
    assert isinstance(cause, FoundError)
    assert cause.findings[0].code == "Exits"
    assert place.clock.time < 2.5


def test_a_failure_whose_cause_nobody_knows_is_told_as_it_is(place: Place) -> None:
    place.deploy(ready=False)
    failed = ReleaseError("addressbook-canary can't be deployed: `apply.sh` exited with code 1")
    assert place.watch([]).find_cause(failed) is failed
    assert place.clock.time < 3
    slow = place.watch([SLOW]).find_cause(failed)
    assert isinstance(slow, FoundError)
    assert failed.sentence in slow.evidence


def test_what_kubectl_says_of_the_api_server_comes_after_what_is_doomed_and_before_what_is_slow(
    place: Place,
) -> None:
    """A script may print of anything that its connection was refused."""
    place.deploy(ready=False)
    lost = lost_api_server("dial tcp 10.0.0.1:443: connect: connection refused")
    assert lost
    failed = FoundError([lost])
    doomed = place.watch([], [EXITS]).find_cause(failed)
    assert isinstance(doomed, FoundError)
    assert doomed.findings[0].code == "Exits"
    assert place.watch([SLOW]).find_cause(failed) is failed


def test_doomed_ends_the_wait_at_once(place: Place) -> None:
    place.deploy(ready=False)
    error = found_error(place.watch([], [EXITS]).wait_until_settled)
    assert place.clock.time < 2
    assert error.sentence == "addressbook-canary exits with code 3"
    lines = error.evidence.splitlines()
    assert lines[0].startswith("seen    pod a, restarted once, found ")
    assert lines[0].endswith(" s after apply")
    assert lines[1:] == ["likely  the image", "next    look", "panic"]
    assert error.after is not None
    assert [each.code for each in error.findings] == ["Exits"]


MISSING = replace(EXITS, code="CreateContainerConfigError", sentence="there is no Secret payment")


def test_a_secret_that_a_script_makes_behind_the_deployment_is_waited_for(place: Place) -> None:
    place.deploy(ready=False)
    made, looks = Event(), [[MISSING], [MISSING], []]

    def diagnose(_: Expected) -> list[Finding]:
        if len(looks) == 1:
            made.set()
        return looks.pop(0) if len(looks) > 1 else looks[0]

    watch = RolloutWatch(EXPECTED, diagnose, place.observer, place.waiter, 5, applies=True)
    watch.wait_while_applied("apply.sh", lambda: expect(made.wait(60)), end=made.set, timeout=60)
    assert place.said[0].startswith("there is no Secret payment; addressbook-canary 0/1")


@pytest.mark.parametrize(("finding", "seconds"), [(MISSING, 2), (EXITS, 0)])
def test_a_secret_that_a_script_does_not_make_ends_it_soon_and_what_it_can_not_mend_at_once(
    place: Place, finding: Finding, seconds: float
) -> None:
    place.deploy(ready=False)
    ended = Event()
    watch = place.watch([finding])
    told = found_error(
        lambda: watch.wait_while_applied(
            "apply.sh", lambda: expect(ended.wait(60)), end=ended.set, timeout=60
        )
    )
    assert told.findings[0].code == finding.code
    assert seconds <= place.clock.time < seconds + 2


def expect(holds: bool) -> None:
    assert holds


def test_a_wait_that_did_not_apply_does_not_say_how_soon(place: Place) -> None:
    place.deploy(ready=False)
    error = found_error(place.watch([EXITS], applies=False).wait_until_settled)
    assert error.evidence.splitlines()[0] == "seen    pod a, restarted once"
    assert error.after is None


def test_slow_is_told_meanwhile_and_raised_at_the_deadline(place: Place) -> None:
    place.deploy(ready=False)
    error = found_error(place.watch([SLOW]).wait_until_settled)
    assert place.clock.time >= 5
    assert place.said[0].startswith("addressbook-canary exits with code 3; addressbook-canary 0/1")
    assert error.evidence.splitlines()[-1].startswith(
        "waited 5 s for 1/1 of addressbook-canary, which did not come; last seen: "
    )


def test_doomed_comes_before_slow_and_all_are_told(place: Place) -> None:
    place.deploy(ready=False)
    late = replace(SLOW, sentence="something slow")
    other = replace(EXITS, sentence="another thing", evidence="")
    error = found_error(place.watch([late, EXITS, other]).wait_until_settled)
    assert error.sentence == "addressbook-canary exits with code 3"
    assert "another thing" in error.evidence
    assert "something slow" not in error.evidence


def test_what_heals_fails_nothing(place: Place) -> None:
    place.deploy(ready=False)
    watch = place.watch([SLOW], [])
    watch.look()
    place.namespace.delete_deployment("addressbook-canary")
    place.deploy(ready=True)
    watch.wait_until_settled()


def test_a_deadline_without_a_finding_says_what_was_seen(place: Place) -> None:
    place.deploy(ready=False)
    with pytest.raises(WaitTimeoutError, match="running, not ready"):
        place.watch([SLOW], []).wait_until_settled()


def test_nothing_is_judged_before_it_was_seen_applied(place: Place) -> None:
    """An old template's pods, or a number of replicas on its way, are no finding yet."""
    place.deploy(ready=True, image="addressbook:1")
    watch = place.watch([EXITS])
    assert watch.look().startswith("addressbook-canary 0/1 ready of addressbook:2")
    place.deploy(ready=False, replicas=2)
    assert "2 wanted" in watch.look()
    place.deploy(ready=False)
    found_error(watch.look)
    place.namespace.drop("Deployment", "addressbook-canary")
    found_error(watch.look)  # others have changed it since


def test_an_older_spec_than_the_newest_settles_nothing(place: Place) -> None:
    """The watches may still have what was there before the apply."""
    place.deploy(ready=True)
    place.watch([]).wait_until_settled(generation=1)
    with pytest.raises(WaitTimeoutError, match="the watches have not seen the newest spec yet"):
        place.watch([]).wait_until_settled(generation=2)
    place.deploy(ready=True)
    place.watch([]).wait_until_settled(generation=2)
