"""A walk that stands at the end of the stage `baseline`, for one faulty candidate after another."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from acceptance import faults
from acceptance.deliveries import Deliver, by_script
from acceptance.faults import Fault
from acceptance.projects import addressbook_tables
from acceptance.rehearsals import (
    Place,
    adapted,
    check,
    obey,
)
from fakes.folders import ROOT

from pytest_canary import stages
from pytest_canary.context.following import QUIET, follows, wait_for_kube_proxy
from pytest_canary.context.inspecting import inspection_of
from pytest_canary.context.journal import Journal
from pytest_canary.context.outcomes import VerdictOutcome
from pytest_canary.core.errors import CanaryError, FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.manifests.version import STABLE
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.rendering.renderers import renderer_of
from pytest_canary.rendering.version import Version
from pytest_canary.stages import automatic_rollback, canary

# Of these, 300 connections take seconds. What they would tell of a fault, its own pods tell too;
# the walks of test_walk.py have them, and so has the rollback of a fault with traffic.
SAMPLES = (canary.both_answer, canary.share_is_fair, automatic_rollback.baseline_answers)

# A rollback waits for the canary's end, and a canary's deploy for the end of one of the baseline's
# pods. Where no traffic runs, these need not serve on before that.
ENDS_AT_ONCE = {
    "spec.template.spec.containers[addressbook].env[+]": {"name": "SHUTDOWN_DELAY", "value": "0"}
}

# Who acts while the candidate is rolled out must not come too late, however busy the machine is.
IS_READY_LATE = {"spec.template.spec.containers[addressbook].readinessProbe.initialDelaySeconds": 8}

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


@dataclass(frozen=True)
class Outcome:
    """All that came of a fault, and of the way back.

    Attributes:
        found: the rules by which the static check knows it.
        told: None where nothing was told.
        failed: the first sentence of the rollback that does not hold; empty for none.
        again: the same, once more, after what the fault destroyed was put back.
        journal: its walk's.
        folder: its walk's.
    """

    found: tuple[str, ...]
    told: Told | None
    failed: str
    again: str
    journal: Journal
    folder: Path


@dataclass
class Bench:
    """One walk that stands at the end of its stage `baseline`, and goes back there.

    Attributes:
        images: what the node calls each fault's; the healthy candidate's is that of "".
        place: that end.
        deliver: writes a candidate's manifests.
        ends_at_once: whether the live version's pods do; faults with traffic need the script.
    """

    walk: Rehearsal
    folder: Path
    images: dict[str, str]
    place: Place
    deliver: Deliver = by_script
    ends_at_once: bool = True

    def outcome(self, fault: Fault) -> Outcome:
        """Rehearse a candidate with this fault, and stand where it began."""
        expect, began = fault.expect, time.monotonic()
        self.prepare(fault)
        walk, failed, again = self.walk, "", ""
        try:
            looked = time.monotonic()
            findings = inspection_of(walk.plan, ROOT, walk.workspace.processes).findings
            told = None
            if expect.stage == "preflight":
                told = self.told_beforehand(findings, looked)
            else:
                self.kubectl(*fault.before)
                try:
                    with ThreadPoolExecutor(1) as meanwhile:
                        acted = meanwhile.submit(self.meddle, fault) if fault.meanwhile else None
                        told = self.rehearse(expect.stage)
                        if acted:
                            acted.result()
                    failed = self.roll_back()
                    if failed or expect.stage != "canary":
                        self.restore()
                    if failed:
                        again = self.roll_back()
                finally:
                    self.kubectl(*fault.after)
        finally:
            walk.context.app.stop()
        if told:
            told.total = time.monotonic() - began
        codes = tuple(each.code for each in findings)
        return Outcome(codes, told, failed, again, walk.journal, self.folder)

    def told_beforehand(self, findings: Sequence[Finding], began: float) -> Told | None:
        """What the stage `preflight` stops by."""
        try:
            self.walk.journal.tell("preflight", findings)
        except FoundError as error:
            return Told("preflight", error, time.monotonic() - began)
        return None

    def prepare(self, fault: Fault) -> None:
        """Stand at the end of the baseline again, with a candidate that has this fault."""
        folder = self.folder / fault.name
        folder.mkdir()
        wanted = faults.merged(table(), fault.settings)
        ends_at_once = not check(wanted, fault.name).traffic.rate
        deployment = manifest("deployment", ends_at_once=ends_at_once)
        if fault.meanwhile:
            deployment = faults.patched(deployment, IS_READY_LATE)
        deployment = faults.patched(deployment, fault.deployment)
        service = faults.patched(manifest("service", ends_at_once=ends_at_once), fault.service)
        made = {"manifests": self.deliver(folder, deployment, service)}
        found = check(wanted | made, fault.name)
        candidate = Version(
            "candidate",
            self.images.get(fault.name, self.images[""]),
            renderer_of(replace(self.walk.plan, settings=found), found.root),
        )
        baseline = self.live(ends_at_once=ends_at_once)
        self.walk = self.place.go_back(self.walk, found, candidate, baseline)

    def live(self, *, ends_at_once: bool) -> Version:
        """The baseline, deployed anew where it ends otherwise."""
        context = self.walk.context
        if ends_at_once == self.ends_at_once:
            return context.baseline
        self.ends_at_once = ends_at_once
        file = self.folder / f"baseline-{ends_at_once}.yml"
        file.write_text(manifest("deployment", ends_at_once=ends_at_once))
        files = replace(context.settings.files, deployment=file)
        renderer = renderer_of(context.plan, context.settings.root, files)
        version = replace(context.baseline, renderer=renderer)
        replicas = context.settings.replicas.stable
        context.release.deploy(STABLE, replicas, version)
        context.release.rollouts.wait_until_settled(STABLE, replicas, version)
        self.wait_until_led_to_no_old_pod()
        return version

    def wait_until_led_to_no_old_pod(self) -> None:
        """Traffic comes next, and pods that end at once answer nobody who is still led to them."""
        context = self.walk.context
        context.release.wait_until_ended()
        service = context.release.service

        def look() -> Seen[None]:
            quiet = service.quiet_for()
            led = quiet >= QUIET and follows(context)
            return Seen(f"endpoints unchanged for {quiet:.1f} s", led, None)

        context.waiter.until("nobody to be led to old pods", look, timeout=60)

    def rehearse(self, until: str, *, samples: bool = False) -> Told | None:
        """Walk on as a session does, until a check fails or the stage is done."""
        walk, now = self.walk, self.walk.journal.timeline.now
        for name in walk.plan.stages[walk.plan.stages.index("canary") :]:
            began, stage = now(), stages.load(name)
            for each in stage.checks_for(walk.plan):
                if each.function in SAMPLES and not samples:
                    wait_for_kube_proxy(self.walk.context)
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
        for each in stage.checks_for(walk.plan):
            if each.function in SAMPLES and not walk.plan.traffic:
                wait_for_kube_proxy(self.walk.context)
                continue
            try:
                walk.check(each, stage)
            except CanaryError as error:
                walk.keep_evidence("rollback", error)
                failed = failed or error.sentence
        return failed

    def kubectl(self, *commands: str) -> None:
        """Run commands as they stand in a fault's file."""
        namespace = self.walk.context.namespace.name
        for command in commands:
            words = shlex.split(command.format(namespace=namespace))[1:]
            manage(self.walk, f"--namespace={namespace}", *words)

    def wait_for_first_pod(self) -> None:
        """Wait until the canary has one."""
        name = f"{self.walk.plan.settings.deployment_name('canary')}-"

        def look() -> Seen[None]:
            pods = [each["metadata"]["name"] for each in self.walk.context.namespace.objects("Pod")]
            return Seen(", ".join(pods), any(pod.startswith(name) for pod in pods), None)

        Waiter().until("the canary's first pod", look, timeout=60)

    def meddle(self, fault: Fault) -> None:
        """Do what somebody else does, as soon as the canary has a pod."""
        self.wait_for_first_pod()
        # What it means may be gone by then.
        with contextlib.suppress(subprocess.CalledProcessError):
            self.kubectl(*fault.meanwhile)

    def restore(self) -> None:
        """Give the database what it had at the end of the baseline, and expect no more of it."""
        self.place.forget_rows(self.walk)
        self.walk.context.database.script(RESTORE, timeout=60)


def assert_said_and_kept(outcome: Outcome, told: Told) -> None:
    """What the stages' lines and the report's folder have of it, once it is rolled back."""
    notes = {stage: "; ".join(each) for stage, each in outcome.journal.notes.items()}
    for words in ("rolled back: 3/3 of release 1", "the API answers", "nothing lost"):
        assert words in notes["rollback"]
    assert told.kept, "the evidence is kept"
    finding = (outcome.folder / told.kept / "finding.txt").read_text()
    assert finding == f"stage {told.stage}: {told.error}\n"
    # A promotion deletes the canary.
    track = "stable" if told.stage == "stable" else "canary"
    # Of one that somebody deletes, events alone are sure to be left.
    name = "events.txt" if told.code == "DeploymentDeleted" else "describe.txt"
    assert f"addressbook-{track}" in (outcome.folder / told.kept / name).read_text()
    if told.stage == "verdict":
        assert "no-go: " in notes["verdict"]
        verdict = outcome.journal.outcome(VerdictOutcome).verdict
        assert verdict, "there is one"
        assert verdict.looks <= 24, "not after the whole window"
        (effect,) = (
            each.effect for each in verdict.comparisons if each.metric == "latency of reads"
        )
        assert effect == pytest.approx(0.1, abs=0.05)


def table() -> dict[str, Any]:
    """The healthy release's settings."""
    return addressbook_tables() | {"traffic": {"rate": 0}}


def manifest(name: str, *, ends_at_once: bool) -> str:
    """One of the bundled manifests."""
    text = (ROOT / "manifests" / f"{name}.yml").read_text()
    return faults.patched(text, ENDS_AT_ONCE if ends_at_once and name == "deployment" else {})


def makers_kubeconfig(walk: Rehearsal) -> Path:
    """That of who made the cluster."""
    assert walk.workspace.cluster_run, "the cluster is reused"
    return walk.workspace.cluster_run.folder / "kubeconfig"


def manage(walk: Rehearsal, *words: str) -> str:
    """Run kubectl as who made the cluster, and return what it says."""
    argv = ["kubectl", f"--kubeconfig={makers_kubeconfig(walk)}", *words]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
