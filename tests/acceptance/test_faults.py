"""Every fault of `fixtures/faults/`, one after the other on one real cluster.

Each is the healthy candidate with one thing wrong. What is asserted is what its developer gets to
read: the stage that stops, the finding and its words, and that the baseline serves again. How long
it took from the apply to the finding is measured and printed, and nothing depends on it.
"""

from __future__ import annotations

import contextlib
import copy
import os
import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from acceptance import faults
from acceptance.faults import Fault
from acceptance.projects import KUBECONFIG, ROOT, needed

from pytest_canary import stages
from pytest_canary.cluster.engine import Engine
from pytest_canary.cluster.run import Run
from pytest_canary.cluster.teardown import tear_down
from pytest_canary.config import settings_file
from pytest_canary.config.options import Options
from pytest_canary.config.plan import plan
from pytest_canary.config.settings import Settings
from pytest_canary.context.context import Memory
from pytest_canary.core.errors import CanaryError, FoundError, ReleaseError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.preflight.inspection import inspect
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import canary
from pytest_canary.traffic import Traffic

FAULTS = faults.load(ROOT / "fixtures" / "faults")

# Whom the bundled image runs as.
USER = "10001:10001"

# Of these two, 300 connections take seconds; the healthy release has them, and what they would
# tell of a fault, its own pods tell as well.
SAMPLES = (canary.both_answer, canary.share_is_fair)

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
        total: with the way there and back.
    """

    stage: str
    error: CanaryError
    seconds: float
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

    walk: Walk
    folder: Path
    images: dict[str, str]
    memory: Memory
    told: dict[str, Told] = field(default_factory=dict)

    def prepare(self, fault: Fault) -> None:
        """Stand at the end of the baseline again, with a candidate that has this fault."""
        walk = self.walk
        entered = ("preflight", "cluster", "baseline")
        walk._entered = {name: walk._entered[name] for name in entered}
        walk.memory, walk.notes = copy.deepcopy(self.memory), {}
        walk.api.writes = walk.memory.writes
        folder = self.folder / fault.name
        folder.mkdir()
        files = {}
        for name in ("deployment", "service"):
            files[name] = folder / f"{name}.yml"
            text = (ROOT / "manifests" / f"{name}.yml").read_text()
            files[name].write_text(faults.patched(text, getattr(fault, name)))
        table = faults.merged(TABLE(), fault.settings)
        found = settings_file.check(table, ROOT, fault.name)
        self.change(found.model_copy(update={"files": replace(found.files, **files)}))
        image = self.images.get(fault.name, self.images[""])
        walk.provisioned.candidate = replace(walk.candidate, image=image, **files)
        if walk.plan.traffic:
            walk._traffic = Traffic(walk.api, walk.settings.traffic).start()

    def change(self, found: Settings) -> None:
        """Let everybody go by these settings."""
        walk = self.walk
        walk.plan = replace(walk.plan, settings=found)
        walk.settings = walk.release.settings = walk.api.settings = found
        walk.release.pods.deadline = found.deadlines.command
        walk.release.environment["ROLLOUT_TIMEOUT"] = f"{found.deadlines.rollout:g}s"

    def rehearse(self, until: str, *, samples: bool = False) -> Told | None:
        """Walk on as a session does, until an assertion fails or the stage is done."""
        walk = self.walk
        for stage in walk.plan.stages[walk.plan.stages.index("canary") :]:
            began = walk.timeline.now()
            for assertion in stages.suite(stage):
                if not assertion.when(walk.plan) or (assertion.check in SAMPLES and not samples):
                    continue
                try:
                    assertion.check(walk)
                except CanaryError as error:
                    after = error.after if isinstance(error, FoundError) else None
                    seconds = walk.timeline.now() - began if after is None else after
                    walk.witness(stage, error)
                    return Told(stage, error, seconds)
            if stage == until:
                return None
        raise AssertionError(f"there is no stage {until}")

    def roll_back(self) -> str:
        """Roll back as a session does; the first sentence that does not hold, empty for none."""
        # A short deadline is there for what never comes, and not for what takes its time.
        patient = self.walk.settings.deadlines.model_copy(update={"rollout": 120})
        self.change(self.walk.settings.model_copy(update={"deadlines": patient}))
        failed = ""
        for assertion in stages.suite("automatic_rollback"):
            if assertion.when(self.walk.plan):
                try:
                    assertion.check(self.walk)
                except CanaryError as error:
                    self.walk.witness("rollback", error)
                    failed = failed or error.sentence
        return failed

    def leave(self) -> None:
        """End the traffic, where there is any."""
        if self.walk._traffic:
            self.walk._traffic.stop()
            self.walk._traffic = None

    def kubectl(self, *commands: str) -> None:
        """Run commands as they stand in a fault's file."""
        for command in commands:
            words = shlex.split(command.format(namespace=self.walk.namespace.name))[1:]
            self.walk.release.kubectl(*words)

    def meddle(self, fault: Fault) -> None:
        """Do what somebody else does, as soon as the canary has a pod."""
        name = f"{self.walk.settings.deployment_name('canary')}-"

        def look() -> Seen[None]:
            pods = [each["metadata"]["name"] for each in self.walk.namespace.objects("Pod")]
            return Seen(", ".join(pods), any(pod.startswith(name) for pod in pods), None)

        Waiter().until("the canary's first pod", look, timeout=60)
        # The finding may end the deploy, and with it every command, before this one is over.
        with contextlib.suppress(ReleaseError):
            self.kubectl(*fault.meanwhile)

    def restore(self) -> None:
        """Give the database what it had at the end of the baseline, and expect no more of it."""
        self.walk.memory.writes = self.walk.api.writes = copy.deepcopy(self.memory.writes)
        self.walk.database.script(RESTORE, timeout=60)


def TABLE() -> dict[str, object]:  # noqa: N802
    """The healthy release's settings."""
    return {
        "commands": {
            "ping": ["python", "-m", "addressbook", "ping"],
            "migrate": ["python", "-m", "addressbook", "migrate"],
        },
        "database": {"image": needed("POSTGRES_IMAGE")},
        "traffic": {"rate": 0},
    }


@pytest.fixture(scope="module")
def bench(
    releases: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Bench]:
    """The cluster with release 1 live, and every faulty image on its node."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "kubeconfig").write_text(KUBECONFIG)
    chosen = Options(
        image=releases["2"],
        baseline=releases["1"],
        node_image=needed("NODE_IMAGE") or None,
        report=folder / "report",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(folder / "kubeconfig"))
        patch.chdir(folder)
        # In the usual state folder: where this process is killed, the next run removes its cluster.
        run = Run.start(folder)
        walk = Walk(plan(settings_file.check(TABLE(), ROOT, "a test"), chosen), run)
        try:
            for stage in ("preflight", "cluster", "baseline"):
                for assertion in stages.suite(stage):
                    if assertion.when(walk.plan):
                        assertion.check(walk)
            walk.database.script(
                DUMP.format(user=walk.settings.database.user, name=walk.settings.database.name),
                timeout=60,
            )
            # Of those that -k has left.
            left = {item.name for item in request.session.items}
            wanted = [fault for fault in FAULTS if any(f"[{fault.name}]" in name for name in left)]
            images = {"": walk.candidate.image} | load_images(walk, wanted, releases["2"], folder)
            bench = Bench(walk, folder, images, copy.deepcopy(walk.memory))
            yield bench
        finally:
            if walk._observer:
                walk._observer.stop()
            tear_down(run, Engine())
    tell(request.config, bench.told)


def load_images(walk: Walk, chosen: list[Fault], candidate: str, folder: Path) -> dict[str, str]:
    """Build the faulty images and load them, as the provision does; by fault, their names."""
    engine, run, loaded = Engine(), walk.run, {}
    for fault in chosen:
        if fault.image is None:
            continue
        context = folder / f"{fault.name}-image"
        for name, text in fault.image.files.items():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            (context / name).write_text(text)
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(fault.image.dockerfile(candidate, USER))
        tag, iid = f"pytest-canary/faults:{fault.name}", folder / "iid"
        built = engine.build(context, context / "Dockerfile", {}, tag, iid, 120)
        image = engine.named(built, "addressbook", run.record.run)
        run.made_image(image.ref)
        engine.tag(image)
        engine.untag(tag)
        engine.load(image, walk.cluster.node, 120)
        loaded[fault.name] = image.ref
    return loaded


def table(told: dict[str, Told]) -> str:
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
    path.write_text(table(told), encoding="utf-8")
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


def test_the_healthy_release_passes_and_rolls_back(bench: Bench) -> None:
    """Or else a fault would prove nothing."""
    healthy = Fault("healthy", "nothing is wrong", faults.Expect("migration", "", ()))
    bench.prepare(healthy)

    told = bench.rehearse("migration", samples=True)

    assert told is None, str(told and told.error)
    assert bench.roll_back() == ""
    bench.restore()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_told_and_the_baseline_serves_again(bench: Bench, fault: Fault) -> None:
    walk, expect = bench.walk, fault.expect
    began = walk.timeline.now()
    bench.prepare(fault)
    try:
        looked = walk.timeline.now()
        found = inspect(walk.plan, ROOT).findings
        told = None
        if expect.stage == "preflight":
            told = Told("preflight", FoundError(found), walk.timeline.now() - looked)
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
    finally:
        bench.leave()
    assert told, f"nothing is told by the end of stage {expect.stage}"
    told.total = walk.timeline.now() - began
    bench.told[fault.name] = told
    print(told.stage, told.code, f"{told.seconds:.1f} s of {told.total:.1f} s")
    print(told.error)
    assert (told.stage, told.code) == (expect.stage, expect.code), str(told.error)
    assert expect.missing(told.error.sentence) == "", told.error.sentence
