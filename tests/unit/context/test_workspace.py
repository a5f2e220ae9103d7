"""What a rehearsal stands on: nothing that it tells of itself has a secret in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.world import World

from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.context.workspace import Workspace
from pytest_canary.core.errors import ClusterError, ReleaseError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.waiting import Seen, Waiter


def test_who_listens_to_the_waits_hears_no_secret(
    configured: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = configured(name="shop", environment={"API_TOKEN": "hush-hush"})
    plan = Plan(settings, Options(), Baseline("none", "", "a test"))
    heard: list[tuple[str, str]] = []
    waiter = Waiter(listener=lambda *told: heard.append(told))
    redactor = Redactor()
    workspace = Workspace(plan, tmp_path, waiter=waiter, redactor=redactor)
    redactor.add("learnt later")
    looks = iter([Seen("learnt later, hush-hush", False, None), Seen("", True, None)])
    workspace.waiter.until("hush-hush", lambda: next(looks), timeout=5)
    assert heard == [("********", "********, ********")]
    assert workspace.processes.redactor is workspace.journal.redactor is redactor


def test_what_ci_hands_over_and_every_setting_that_is_secret_is_known_at_once(
    configured: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2-from-ci")
    monkeypatch.setenv("SHOP_URL", "https://me:hunter3-in-a-url@shop")
    read = {"method": "GET", "path": "/", "headers": {"Authorization": "Bearer hunter4"}}
    login = {"method": "POST", "path": "/", "form": {"password": "hunter5", "text": "{unique}"}}
    page = {"method": "GET", "path": "/1", "headers": {"X-Token": "hunter7"}}
    settings = configured(
        name="shop",
        image={"build-args": {"NPM_TOKEN": "hunter6"}},
        api={"write": login, "read": read, "bounded-read": page},
    )
    plan = Plan(settings, Options(), Baseline("none", "", "a test"))
    redactor = Redactor()
    Workspace(plan, tmp_path, redactor=redactor)
    told = ("hunter2-from-ci", "hunter3-in-a-url", "hunter4", "hunter5", "hunter6", "hunter7")
    for secret in told:
        assert redactor.redact(f"<{secret}>") == "<********>"


def test_who_listens_to_the_waits_hears_nothing_that_acts_on_a_terminal(
    configured: Callable[..., Settings], tmp_path: Path
) -> None:
    plan = Plan(configured(name="shop"), Options(), Baseline("none", "", "a test"))
    heard: list[tuple[str, str]] = []
    workspace = Workspace(plan, tmp_path, waiter=Waiter(listener=lambda *told: heard.append(told)))
    workspace.waiter.listener("apply.sh", "\x1b]0;owned\x07 ##vso[x]")
    assert heard == [("apply.sh", "␛]0;owned␇ # #vso[x]")]


def test_a_figure_has_no_secret(configured: Callable[..., Settings], tmp_path: Path) -> None:
    settings = configured(name="shop", environment={"API_TOKEN": "hush-hush"})
    plan = Plan(settings, Options(), Baseline("none", "", "a test"))
    workspace = Workspace(plan, tmp_path)
    workspace.journal.note("canary", "it says hush-hush")
    assert workspace.journal.notes == {"canary": ["it says ********"]}


def test_a_failure_is_known_whatever_goes_wrong_while_its_evidence_is_collected(
    world: World,
) -> None:
    def read_log() -> str:
        raise LookupError("a mistake of ours")

    world.enter("baseline")
    world.namespace.logged = read_log
    error = ReleaseError("it broke", "the log")
    with pytest.raises(LookupError):
        world.rehearsal.keep_evidence("canary", error)
    (failure,) = world.journal.failures
    assert (failure.error, failure.sentence, failure.evidence) == (error, "it broke", "the log")
    assert world.rehearsal.keep_evidence("canary", error) is failure


def test_where_the_watches_are_blind_the_evidence_is_what_they_saw_last(world: World) -> None:
    world.enter("baseline")
    blind = ClusterError("the watch of Pod has had no news for 91 s")
    world.observer.blind = blind
    failure = world.rehearsal.keep_evidence("canary", blind)
    assert failure.sentence == "the watch of Pod has had no news for 91 s"
    (pod, *_) = world.pods("stable")
    assert f"{pod}.addressbook.log" in failure.files
