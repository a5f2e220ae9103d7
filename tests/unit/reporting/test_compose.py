"""The report's document, composed from a walk: what happened is in it, and where."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import pytest
from fakes import app
from fakes.app import Asked, Reply
from fakes.traffic import until
from fakes.transitions import NoCanary
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED

from pytest_canary import stages
from pytest_canary.config.options import STAGES
from pytest_canary.config.promotion import Promotion
from pytest_canary.config.revision import Revision
from pytest_canary.context.journal import Journal
from pytest_canary.context.outcomes import CheckResult, ClusterOutcome
from pytest_canary.core.errors import CanaryError, CommandError, FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.reporting import document
from pytest_canary.reporting.compose import compose
from pytest_canary.reporting.page import html
from pytest_canary.reporting.pictures.drawing import Drawer


def check(world: World, stage: str, suite: str = "") -> None:
    """Make a stage's checks, and write down how they ended, as a session does."""
    rehearsal, found = world.rehearsal, stages.load(suite or stage)
    for each in found.checks_for(rehearsal.plan):
        result, message = "passed", ""
        try:
            rehearsal.check(each, found)
        except CanaryError as error:
            result, message = "failed", error.sentence
            rehearsal.keep_evidence(stage, error)
        world.journal.checks.append(
            CheckResult(
                stage,
                each.name(rehearsal.plan),
                result,  # type: ignore[arg-type]
                0.01,
                world.journal.timeline.now(),
                message,
                automatic=bool(suite),
            )
        )


def test_a_whole_walk_is_told(new_world: NewWorld) -> None:
    world = new_world(**LOADED)
    for stage in ("baseline", "canary", "migration", "verdict", "stable", "rollback"):
        check(world, stage)
    allowed = Promotion(True, "it passed, on branch master", Revision("master", (), "git"))

    told = compose(world.journal, "passed", allowed)

    assert (told.name, told.scenario, told.result) == ("addressbook", "upgrade", "passed")
    assert told.versions.baseline
    assert told.versions.candidate
    assert (told.versions.baseline.version, told.versions.candidate.version) == ("1", "2")
    assert told.promotion
    assert (told.promotion.allowed, told.promotion.branch) == (True, "master")
    assert told.verdict
    assert told.verdict.answer == "go"
    assert [each.name for each in told.transitions] == [
        "deploy the baseline",
        "deploy the canary",
        "migrate",
        "promote",
        "roll back",
        "promote the last good",
        "take the migration back",
    ]
    spent = [each for stage in told.stages for each in stage.spent]
    assert sum(each.seconds for each in spent) == pytest.approx(world.journal.checks[-1].ended)
    # A command takes no time in this world, or hardly any.
    assert {each.kind for each in spent} >= {"wait", "step", "check", "pytest"}
    entered = [each.name for each in told.stages if each.result == "passed"]
    assert entered == ["baseline", "canary", "migration", "verdict", "stable", "rollback"]
    assert [each.name for each in told.stages if each.result == "skipped"] == [
        "preflight",
        "cluster",
        "cleanup",
    ]
    assert told.share
    assert told.share.connections == 300
    assert told.share.expected == pytest.approx(1 / 3)
    (low,) = told.availability
    assert (low.deployment, low.allowed) == ("addressbook-stable", 2)
    assert told.traffic
    assert told.traffic.sent > 0
    assert (told.traffic.lost, told.traffic.read_back) == (0, True)
    assert {each.name for each in told.traffic.by_transition} >= {"promote", "migrate"}
    assert told.database
    assert "+ column public.person.search_name text" in told.database.changes
    assert told.database.backup
    assert told.database.backup.restored is True
    assert told.failures.first is None
    assert told.failures.rolled_back is None


def test_the_cleanup_is_no_phase_of_the_traffic(new_world: NewWorld) -> None:
    world = new_world(**LOADED)
    world.rehearsal.enter("canary")
    world.rehearsal.clean_up()
    told = compose(world.journal, "passed")
    assert told.traffic
    assert {each.stage for each in told.traffic.by_transition} == {"baseline", "canary"}


def test_replicas_are_told_by_deployment_and_version(new_world: NewWorld) -> None:
    world = new_world()
    for stage in ("baseline", "canary", "migration", "verdict", "stable"):
        world.rehearsal.enter(stage)
    told = compose(world.journal, "passed")
    assert {each.deployment for each in told.replicas} == {
        "addressbook-canary",
        "addressbook-stable",
    }
    stable = [each for each in told.replicas if each.deployment == "addressbook-stable"]
    assert {each.version for each in stable} == {"1", "2"}
    assert [each.ready for each in stable if each.version == "2"][-1] == 3
    assert [each.ready for each in stable if each.version == "1"][-1] == 0
    assert {each.version for each in told.replicas} == {"1", "2"}
    # Deleted with its promotion.
    assert [each.ready for each in told.replicas if "canary" in each.deployment][-1] == 0
    assert all(each.at >= 0 for each in told.replicas)


def test_a_sidecars_image_is_no_version(new_world: NewWorld) -> None:
    world = new_world()
    world.rehearsal.enter("canary")
    before = compose(world.journal, "passed").replicas
    cluster = world.journal.outcome(ClusterOutcome)
    beside = [
        replace(each, images=each.images | {"proxyv2"} if each.images else each.images)
        for each in cluster.history
    ]
    world.journal.keep(replace(cluster, history=beside))
    assert compose(world.journal, "passed").replicas == before
    assert {each.version for each in before} == {"1", "2"}


def test_a_failure_and_its_rollback_are_told(new_world: NewWorld) -> None:
    world = new_world()
    check(world, "baseline")
    found = Finding("Exits", "it exits with code 3", where="pod a", likely="the image", next="look")
    world.context.transitions = NoCanary(world.context, FoundError([found], after=1.8))
    check(world, "canary")
    check(world, "rollback", "automatic_rollback")

    told = compose(world.journal, "failed", stopped_by="")

    assert told.failures.first
    assert told.failures.first.sentence == "it exits with code 3"
    assert told.failures.first.stage == "canary"
    assert told.failures.second is None
    assert told.failures.rolled_back is True
    assert told.failures.rollback.startswith("3/3 of release 1")
    first = told.findings[0]
    assert (first.code, first.stage, first.after_apply) == ("Exits", "canary", 1.8)
    assert f"findings/{told.run}/1/describe.txt" in first.files
    by_name = {each.name: each.result for each in told.stages}
    assert (by_name["canary"], by_name["rollback"]) == ("failed", "passed")


def test_a_failure_that_is_no_finding_is_told_as_one(new_world: NewWorld) -> None:
    world = new_world()
    check(world, "baseline")
    world.rehearsal.enter("canary")
    world.app.faults = [app.only("canary", app.fails)]
    check(world, "canary")
    told = compose(world.journal, "failed")
    api = next(each for each in told.findings if "PUT /person of pod" in each.sentence)
    assert api.code == "Api"
    assert "search_name does not exist" in api.evidence
    assert "files " not in api.evidence


def test_no_secret_is_told_whoever_has_said_it(new_world: NewWorld) -> None:
    world = new_world(environment={"PORT": "3000", "API_TOKEN": 'a"sécret', "TOKEN_TTL": "3600"})
    check(world, "baseline")
    secret = world.context.release.parameters["DB_PASSWORD"]
    error = FoundError([Finding("Says", f"it says {secret}", evidence='and a"sécret')])
    failure = world.rehearsal.keep_evidence("baseline", error)
    assert (failure.sentence, failure.evidence) == ("it says ********", "and ********")
    assert secret in error.sentence, "an error is never changed"
    world.journal.note("baseline", f'{secret} and a"sécret, for 3600 s')
    told = compose(world.journal, "failed").text
    assert secret not in told
    assert "********" in told
    assert "sécret" not in told
    kept = [path.read_text() for path in (world.folder / "canary-report").rglob("*.txt")]
    world.rehearsal.keep_evidence("baseline", AssertionError(f"assert 'x' in '{secret}'"))
    kept += [path.read_text() for path in (world.folder / "canary-report").rglob("*.txt")]
    assert not [text for text in kept if secret in text or "sécret" in text]


def test_a_secret_that_is_a_word_of_ours_takes_no_word_of_ours_with_it(
    new_world: NewWorld,
) -> None:
    words = {"SORT_KEY": "upgrade", "LAST_TOKEN": "passed", "CACHE_KEY_PREFIX": "canary"}
    world = new_world(environment={"PORT": "3000"} | words)
    check(world, "baseline")
    world.journal.note("baseline", "the canary passed its upgrade")
    world.rehearsal.keep_evidence("canary", FoundError([Finding("canary", "a canary fell", "a")]))
    promotion = Promotion(True, "it passed", Revision("canary", (), "git"))
    told = compose(world.journal, "passed", promotion)
    assert document.Report.model_validate_json(told.text) == told
    assert (told.scenario, told.result) == ("upgrade", "passed")
    assert [stage.name for stage in told.stages] == [*STAGES]
    assert {stage.result for stage in told.stages} == {"passed", "skipped"}
    notes = next(stage.notes for stage in told.stages if stage.name == "baseline")
    assert notes[-1] == "the ******** ******** its ********"
    (found,) = told.findings
    assert (found.code, found.stage, found.sentence) == ("canary", "canary", "a ******** fell")
    assert told.promotion
    assert told.promotion.branch == "canary"
    assert told.promotion.sentence.endswith(": it ********")


def test_findings_that_fail_nothing_come_after_those_that_do(new_world: NewWorld) -> None:
    off = {"level": "off", "why": "it is ours"}
    levels = {"latest-image": off, "pull-policy": off}
    world = new_world(empty=True, findings=levels)
    world.journal.tell("preflight", [Finding("latest-image", "it may be another tomorrow")])
    world.journal.note("migration", "0001 -> 0002")
    world.journal.tell("migration", [Finding("table-rewrite", "it rewrites person")])
    error = FoundError([Finding("PingFails", "it exits with 1")])
    world.rehearsal.keep_evidence("migration", error)

    told = compose(world.journal, "failed")

    assert [(each.code, each.stage, each.level, each.why) for each in told.findings] == [
        ("PingFails", "migration", "error", ""),
        ("latest-image", "preflight", "off", "it is ours"),
        ("table-rewrite", "migration", "warning", ""),
    ]
    assert [each.code for each in told.of_level("off")] == ["latest-image"]
    assert [(each.rule, each.level, each.found) for each in told.levels] == [
        ("latest-image", "off", 1),
        ("pull-policy", "off", 0),
    ]
    notes = {each.name: each.notes for each in told.stages}
    assert notes["migration"] == ("0001 -> 0002", "1 warning: table-rewrite")
    assert notes["preflight"] == ()


def test_half_an_emoji_is_told_as_python_escapes_it(new_world: NewWorld) -> None:
    """JSON has it as `\\ud83d`, where an app has cut a text after so many letters."""

    def cut(asked: Asked, reply: Reply) -> Reply:
        return Reply(200, reply.body | {"firstName": "half \ud83d"}, reply.headers)

    world = new_world()
    check(world, "baseline")
    world.app.faults = [app.only("canary", app.refuses_to("PUT", cut))]
    check(world, "canary")
    world.journal.versions["candidate"] = "2 \ud83d"
    world.journal.note("canary", "half of \ud83d")
    told = compose(world.journal, "failed")
    assert document.Report.model_validate_json(told.text) == told
    assert html(told, Drawer().draw)
    found = next(each for each in told.findings if "half" in each.sentence)
    assert "stored half \\ud83d Canary, not " in found.sentence
    (finding, *_) = found.files
    kept = world.folder / "canary-report" / finding
    assert "stored half \\ud83d Canary, not " in kept.read_text()
    assert told.versions.candidate
    assert told.versions.candidate.version == "2 \\ud83d"
    assert "half of \\ud83d" in told.text.replace("\\\\", "\\")


def test_a_version_that_is_no_utf_8_is_told(new_world: NewWorld) -> None:
    world = new_world(**LOADED)
    world.app.faults = [app.says("1-\xfc")]
    world.rehearsal.enter("baseline")
    traffic = world.context.app.traffic
    until(lambda: "1-\\xfc" in traffic.summary().versions)
    assert "1-\\xfc" in traffic.summary().versions
    told = compose(world.journal, "failed")
    assert document.Report.model_validate_json(told.text) == told
    assert "1-\\xfc" in html(told, undrawn)


def undrawn(_: object) -> NoReturn:
    """Spares the seconds that pictures take, whose data are in the page all the same."""
    raise CommandError("they are not drawn")


def test_a_walk_that_never_began_is_told(new_world: NewWorld) -> None:
    never_began = Journal(new_world().rehearsal.plan, "c7f2a1")
    told = compose(never_began, "stopped", stopped_by="SIGTERM")
    assert (told.result, told.stopped_by) == ("stopped", "SIGTERM")
    assert {each.result for each in told.stages} == {"skipped"}
    assert (told.traffic, told.database, told.verdict, told.share) == (None, None, None, None)


def raise_(error: Exception) -> None:
    raise error
