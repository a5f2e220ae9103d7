"""Every fault of `fixtures/faults/`, one after the other on one real cluster.

Each is the healthy candidate with one thing wrong. What is asserted is what its developer gets to
read: the stage that stops, the finding and its words, and that the baseline serves again. How long
it took from the apply to the finding is measured and printed, and nothing depends on it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from acceptance import faults
from acceptance.faults import Fault
from acceptance.projects import ROOT, Project, addressbook_tables
from acceptance.rehearsals import (
    Place,
    adapted,
    build,
    check,
    hold,
    load,
    obey,
    rehearsal,
)

from pytest_canary import stages
from pytest_canary.context.context import QUIET
from pytest_canary.context.journal import VerdictOutcome
from pytest_canary.core.errors import CanaryError, FoundError, ReleaseError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.manifests.version import STABLE, Version
from pytest_canary.preflight.inspection import inspect
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.stages import automatic_rollback, canary

FAULTS = faults.load(ROOT / "fixtures" / "faults")

# Whom the bundled image runs as.
USER = "10001:10001"

# Of these, 300 connections take seconds. What they would tell of a fault, its own pods tell too;
# the walks of test_walk.py have them, and so has the rollback of a fault with traffic.
SAMPLES = (canary.both_answer, canary.share_is_fair, automatic_rollback.baseline_answers)

# A rollback waits for the canary's end, and a canary's deploy for the end of one of the baseline's
# pods. Where no traffic runs, these need not serve on before that.
ENDS_AT_ONCE = {
    "spec.template.spec.containers[addressbook].env[+]": {"name": "SHUTDOWN_DELAY", "value": "0"}
}

DUMP = r"\! pg_dump -U {user} -d {name} -f /tmp/baseline.sql"
# A session of a migration may live on after its pod, and its locks with it.
RESTORE = r"""
select pg_terminate_backend(pid) from pg_stat_activity where application_name like '% migrate';
begin;
select format('drop table %I cascade', tablename) from pg_tables where schemaname = 'public' \gexec
\i /tmp/baseline.sql
commit;
"""


@dataclass
class Told:
    """What came of a fault.

    Attributes:
        stage: where it was told.
        error: what was raised.
        seconds: from the apply to the finding, or from the stage's first command.
        kept: the folder with its evidence; None where there is no cluster yet.
        total: with the way there and back.
    """

    stage: str
    error: CanaryError
    seconds: float
    kept: Path | None = None
    total: float = 0

    @property
    def code(self) -> str:
        """The finding's, or the error's class."""
        if isinstance(self.error, FoundError):
            return self.error.findings[0].code
        return type(self.error).__name__


@dataclass
class Bench:
    """One walk that stands at the end of its stage `baseline`, and goes back there."""

    walk: Rehearsal
    folder: Path
    images: dict[str, str]
    place: Place
    told: dict[str, Told] = field(default_factory=dict)

    def prepare(self, fault: Fault) -> None:
        """Stand at the end of the baseline again, with a candidate that has this fault."""
        folder = self.folder / fault.name
        folder.mkdir()
        found = check(faults.merged(table(), fault.settings), fault.name)
        files = {name: folder / f"{name}.yml" for name in ("deployment", "service")}
        for name, file in files.items():
            text = manifest(name, ends_at_once=not found.traffic.rate)
            file.write_text(faults.patched(text, getattr(fault, name)))
        found = found.model_copy(update={"files": replace(found.files, **files)})
        candidate = {"image": self.images.get(fault.name, self.images[""]), **files}
        baseline = self.live(ends_at_once=not found.traffic.rate)
        self.walk = self.place.go_back(self.walk, found, candidate, baseline)

    def live(self, *, ends_at_once: bool) -> Version:
        """The baseline, deployed anew where it ends otherwise."""
        context = self.walk.context
        text = manifest("deployment", ends_at_once=ends_at_once)
        if context.baseline.deployment.read_text() == text:
            return context.baseline
        file = self.folder / f"baseline-{ends_at_once}.yml"
        file.write_text(text)
        version = replace(context.baseline, deployment=file)
        replicas = context.settings.replicas.stable
        context.release.deploy(STABLE, replicas, version)
        context.release.wait_until_settled(STABLE, replicas, version)
        return version

    def rehearse(self, until: str, *, samples: bool = False) -> Told | None:
        """Walk on as a session does, until a check fails or the stage is done."""
        walk, now = self.walk, self.walk.journal.timeline.now
        for name in walk.plan.stages[walk.plan.stages.index("canary") :]:
            began, stage = now(), stages.load(name)
            for each in stage.applying(walk.plan):
                if each.function in SAMPLES and not samples:
                    self.follow()
                    continue
                try:
                    walk.check(each, stage)
                except CanaryError as error:
                    after = error.after if isinstance(error, FoundError) else None
                    seconds = now() - began if after is None else after
                    kept = walk.keep_evidence(name, error).folder
                    return Told(name, error, seconds, kept)
            if name == until:
                return None
        raise AssertionError(f"there is no stage {until}")

    def roll_back(self) -> str:
        """Roll back as a session does; the first sentence that does not hold, empty for none."""
        # A short deadline is there for what never comes, and not for what takes its time.
        walk, stage = self.walk, stages.load("automatic_rollback")
        obey(walk, adapted(walk.plan.settings, deadlines={"rollout": 120}))
        failed = ""
        for each in stage.applying(walk.plan):
            if each.function in SAMPLES and not walk.plan.traffic:
                self.follow()
                continue
            try:
                walk.check(each, stage)
            except CanaryError as error:
                walk.keep_evidence("rollback", error)
                failed = failed or error.sentence
        return failed

    def follow(self) -> None:
        """Wait until kube-proxy has followed, as a sample does, and count no connections."""
        observer = self.walk.context.observer

        def look() -> Seen[None]:
            quiet = observer.quiet_for("EndpointSlice")
            return Seen(f"endpoints unchanged for {quiet:.1f} s", quiet >= QUIET, None)

        Waiter().until("kube-proxy to follow", look, timeout=60)

    def kubectl(self, *commands: str) -> None:
        """Run commands as they stand in a fault's file."""
        for command in commands:
            words = shlex.split(command.format(namespace=self.walk.context.namespace.name))[1:]
            self.walk.context.release.kubectl(*words)

    def meddle(self, fault: Fault) -> None:
        """Do what somebody else does, as soon as the canary has a pod."""
        name = f"{self.walk.plan.settings.deployment_name('canary')}-"

        def look() -> Seen[None]:
            pods = [each["metadata"]["name"] for each in self.walk.context.namespace.objects("Pod")]
            return Seen(", ".join(pods), any(pod.startswith(name) for pod in pods), None)

        Waiter().until("the canary's first pod", look, timeout=60)
        # The finding may end the deploy, and with it every command, before this one is over.
        with contextlib.suppress(ReleaseError):
            self.kubectl(*fault.meanwhile)

    def restore(self) -> None:
        """Give the database what it had at the end of the baseline, and expect no more of it."""
        self.place.forget_rows(self.walk)
        self.walk.context.database.script(RESTORE, timeout=60)


def table() -> dict[str, Any]:
    """The healthy release's settings."""
    return addressbook_tables() | {"traffic": {"rate": 0}}


def manifest(name: str, *, ends_at_once: bool) -> str:
    """One of the bundled manifests."""
    text = (ROOT / "manifests" / f"{name}.yml").read_text()
    return faults.patched(text, ENDS_AT_ONCE if ends_at_once and name == "deployment" else {})


@pytest.fixture(scope="module")
def bench(
    shared: Project,
    releases: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Bench]:
    """A walk with release 1 live, and every faulty image on its node."""
    folder = tmp_path_factory.mktemp("faults")
    live = folder / "baseline.yml"
    live.write_text(manifest("deployment", ends_at_once=True))
    files = {"manifests": {"deployment": str(live)}}
    with rehearsal(shared, folder, releases, table() | files) as walk:
        hold(walk, "preflight", "cluster", "baseline")
        database = walk.plan.settings.database
        dump = DUMP.format(user=database.user, name=database.name)
        walk.context.database.script(dump, timeout=60)
        # Of those that -k has left.
        left = {item.name for item in request.session.items}
        wanted = [fault for fault in FAULTS if any(f"[{fault.name}]" in name for name in left)]
        faulty = build(walk, write_contexts(wanted, releases["2"], folder))
        if faulty:
            load(walk, faulty.values())
        bench = Bench(walk, folder, {"": walk.context.candidate.image} | faulty, Place.of(walk))
        yield bench
    tell(request.config, bench.told)


def write_contexts(chosen: list[Fault], candidate: str, folder: Path) -> dict[str, Path]:
    """Write what the faulty images are built from; by fault, the folder."""
    contexts = {}
    for fault in chosen:
        if fault.image is None:
            continue
        contexts[fault.name] = context = folder / f"{fault.name}-image"
        for name, text in fault.image.files.items():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            (context / name).write_text(text)
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(fault.image.dockerfile(candidate, USER))
    return contexts


def report(told: dict[str, Told]) -> str:
    """What was told, as a Markdown table."""
    by_name = {fault.name: fault for fault in FAULTS}
    lines = ["| fault | stage | finding | seconds |", "|---|---|---|---:|"]
    for name, each in told.items():
        sentence = each.error.sentence.replace("|", "\\|")
        lines.append(
            f"| {by_name[name].told} | {each.stage} | {each.code}: {sentence} "
            f"| {each.seconds:.1f} |"
        )
    return "\n".join([*lines, ""])


def tell(config: pytest.Config, told: dict[str, Told]) -> None:
    """Print the table, and write it where CANARY_FAULTS says, or to the report's folder."""
    path = Path(os.environ.get("CANARY_FAULTS", ROOT / "canary-report" / "faults.md"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report(told), encoding="utf-8")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None:
        return
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        reporter.ensure_newline()
        for name, each in told.items():
            reporter.write_line(
                f"{name:<26}{each.stage:<11}{each.code:<27}{each.seconds:5.1f} s"
                f"{each.total:7.1f} s in all"
            )
            reporter.write_line(f"    {each.error.sentence}")


@pytest.mark.soak
def test_the_healthy_release_passes_and_rolls_back(bench: Bench) -> None:
    """Or else a fault would prove nothing; the last fault stops as late as in `stable`."""
    healthy = Fault("healthy", "nothing is wrong", faults.Expect("migration", "", ()))
    bench.prepare(healthy)

    told = bench.rehearse("migration", samples=True)

    assert told is None, str(told and told.error)
    assert bench.roll_back() == ""
    bench.restore()


def assert_said_and_kept(bench: Bench, fault: Fault, told: Told | None) -> None:
    """What the stages' lines and the report's folder have of it, once it is rolled back."""
    notes = {stage: "; ".join(each) for stage, each in bench.walk.journal.notes.items()}
    for words in ("rolled back: 3/3 of release 1", "the API answers", "nothing lost"):
        assert words in notes["rollback"]
    assert told, f"nothing is told by the end of stage {fault.expect.stage}"
    assert told.kept, "the evidence is kept"
    finding = (bench.folder / told.kept / "finding.txt").read_text()
    assert finding == f"stage {told.stage}: {told.error}\n"
    # A promotion deletes the canary.
    track = "stable" if told.stage == "stable" else "canary"
    assert f"addressbook-{track}" in (bench.folder / told.kept / "describe.txt").read_text()
    if told.stage == "verdict":
        assert "no-go: " in notes["verdict"]
        verdict = bench.walk.journal.outcome(VerdictOutcome).verdict
        assert verdict, "there is one"
        assert verdict.looks <= 5, "not after the whole window"
        (effect,) = (each.effect for each in verdict.comparisons if each.metric == "latency")
        assert effect == pytest.approx(0.1, abs=0.05)


# One of a kind is rehearsed each time, as many as there are in `make soak`.
CASES = [
    pytest.param(fault, id=fault.name, marks=[pytest.mark.soak] if fault.like else [])
    for fault in FAULTS
]


@pytest.mark.parametrize("fault", CASES)
def test_a_fault_is_told_and_the_baseline_serves_again(bench: Bench, fault: Fault) -> None:
    expect, began = fault.expect, time.monotonic()
    bench.prepare(fault)
    walk = bench.walk
    try:
        looked = time.monotonic()
        found = inspect(walk.plan, ROOT).findings
        told = None
        if expect.stage == "preflight":
            told = Told("preflight", FoundError(found), time.monotonic() - looked)
        else:
            assert tuple(each.code for each in found) == expect.preflight
            bench.kubectl(*fault.before)
            try:
                with ThreadPoolExecutor(1) as meanwhile:
                    acted = meanwhile.submit(bench.meddle, fault) if fault.meanwhile else None
                    told = bench.rehearse(expect.stage)
                    if acted:
                        acted.result()
                failed = bench.roll_back()
                again = ""
                if failed or expect.stage != "canary":
                    bench.restore()
                if failed:
                    again = bench.roll_back()
            finally:
                bench.kubectl(*fault.after)
            assert (failed == "") == (not expect.rollback), failed
            for word in expect.rollback:
                assert word in failed
            assert again == "", "what the fault destroyed was put back"
            assert_said_and_kept(bench, fault, told)
    finally:
        walk.context.app.stop()
    assert told, f"nothing is told by the end of stage {expect.stage}"
    told.total = time.monotonic() - began
    bench.told[fault.name] = told
    print(told.stage, told.code, f"{told.seconds:.1f} s of {told.total:.1f} s")
    print(told.error)
    assert (told.stage, told.code) == (expect.stage, expect.code), str(told.error)
    assert expect.missing(told.error.sentence, str(told.error)) == "", str(told.error)
