"""A healthy world for a walk: everything real but the cluster and the engine, which are in memory.

The walk, its settings, transitions, waits, observer, API client and database client are the
packaged ones. They meet an API server in memory, whose Deployments roll out at once, scripts that
stand in for apply.sh, kubectl and kind, an addressbook on loopback, and a clock that nobody has to
wait for.
"""

import itertools
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakes import objects
from fakes.app_commands import AppCommands
from fakes.clock import Clock
from fakes.cluster import Namespace
from fakes.delivery import delivered
from fakes.engine import IMAGES, Engine
from fakes.folders import ROOT
from fakes.go import GO, GO_IN_TURN
from fakes.network import Network
from fakes.objects import Object
from fakes.provisioned import APPLY, KUBECTL, provisioned
from fakes.repository import manifests_of_two_versions
from fakes.traffic import patient, until
from fakes.watched import Watched
from fakes.world_settings import SETTINGS

from pytest_canary.analysis.verdict import Verdict
from pytest_canary.cluster.container_engine import node_name
from pytest_canary.cluster.run import Run
from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline, find_baseline
from pytest_canary.config.options import STAGES, Options
from pytest_canary.config.pipeline_file import find_pipeline, find_roles
from pytest_canary.config.plan import Plan
from pytest_canary.context import expect
from pytest_canary.context.builders import Builders, RunPipelines, bring_up
from pytest_canary.context.context import Context
from pytest_canary.context.journal import Journal
from pytest_canary.context.outcomes import CanaryOutcome
from pytest_canary.context.workspace import Workspace
from pytest_canary.core.errors import ReleaseError
from pytest_canary.core.waiting import Waiter
from pytest_canary.k8s.image_names import full_name
from pytest_canary.k8s.objects import pods_of
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.rendering.apply_script import ApplyScript
from pytest_canary.rendering.version import Version
from pytest_canary.sides.in_turn import InTurn
from pytest_canary.sides.measurement import Measurement
from pytest_canary.sides.sides import Sides


class World:
    """A walk in a healthy world, right after its transition to the stage `cluster`.

    Args:
        folder: the test's own.
        patch: puts the state folder, the current folder and PATH into it.
        upgrade: whether a baseline is live.
        empty: whether nothing is in the world yet, as somebody else rehearses in it.
        root: the project's folder.
        pipelines: makes what runs the project's pipelines for real; None for nothing.
        revision: whether the baseline is one of git's, with manifests of its own.
        table: settings beside the usual ones.

    Attributes:
        meanwhile: called before each wait for a change, for what happens in it.
        commands: what the app's do.
        network: where connections to its Services go.
        observer: what is known of its namespace, once there is one.
    """

    def __init__(
        self,
        folder: Path,
        patch: pytest.MonkeyPatch,
        *,
        upgrade: bool = True,
        empty: bool = False,
        root: Path = ROOT,
        pipelines: RunPipelines | None = None,
        revision: bool = False,
        **table: Any,
    ) -> None:
        self.folder, self.patch = folder, patch
        self.pipelines = pipelines
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setenv("KUBECONFIG", str(folder / "users-own"))
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        patch.chdir(folder)
        self.until_the_end = ExitStack()
        self.meanwhile: Callable[[], None] = lambda: None
        self.clock = Clock(step=0.001)
        if revision:
            root = manifests_of_two_versions(folder / "repository")
            table["baseline"] = "git:v1"
        self.settings = settings_file.check(SETTINGS | table, root, "canary.toml")
        self.upgrade = upgrade
        self.clock.real = 0.01 if self.settings.traffic.rate else 0.0
        self.namespace = Namespace(folder, folder / "deleted")
        self.held = [full_name(image) for image in IMAGES.values()]
        self.network = Network(self.namespace)
        self.app = self.network.app
        self.commands = AppCommands(self.settings, self.namespace, self.app)
        self.postgres = self.commands.postgres
        self.namespace.runs = self.commands.run
        self.namespace.controllers.one_off = self.commands.one_off
        self.namespace.controllers.starts = self.commands.starts
        self.until_the_end.callback(self.app.stop)
        self.namespace.proxied = f"http://127.0.0.1:{self.app.port}"
        options = Options(
            baseline=IMAGES["baseline"] if upgrade else "none", report=folder / "canary-report"
        )
        baseline = Baseline("image" if upgrade else "none", IMAGES["baseline"], "a test")
        if revision:
            baseline = find_baseline(self.settings, Options())
        self.kind = self.script("kind", "#!/bin/sh\n")
        self.kubectl = self.script("kubectl", KUBECTL.format(log=self.namespace.log))
        self.apply = self.script("apply.sh", APPLY.format(log=self.namespace.log))
        pipeline = find_pipeline(self.settings, options)
        roles = find_roles(self.settings, options, pipeline) if pipeline else None
        self.begin(Plan(self.settings, options, baseline, pipeline=pipeline, roles=roles))
        if not empty:
            cluster = self.rehearsal.load("cluster")
            self.rehearsal.make(cluster.entry, cluster)

    def begin(self, plan: Plan, waiter: Waiter | None = None, **builders: Any) -> None:
        """Begin a rehearsal, of a run of its own; what reaches out is in memory, or is given."""
        run = Run.start(self.folder)
        self.engine = Engine(node_name(f"canary-{run.id}"), self.namespace.deleted)
        self.rehearsal = Rehearsal(
            Workspace(
                plan,
                self.folder,
                run,
                waiter=waiter or Waiter(self.clock),
                builders=replace(self.builders, **builders),
            )
        )

    @property
    def builders(self) -> Builders:
        """What makes this world's parts, for whoever rehearses in it."""
        made: dict[str, Any] = {
            "engine": lambda _: self.engine,
            "bring_up": partial(provisioned, self),
            "observe": lambda _: self._observe(),
            # Half a minute of real requests would say the same; test_measurement.py has them.
            "judge": self._judge,
            # test_failing_apply.py has real scripts that fail, which would take time in each world.
            "refuse_apply": lambda *_: [],
            # tests/unit/delivery has real ones; what is told of them is told here too.
            "run_pipelines": self.pipelines or self._run_pipelines,
            "generate": patient,
            "side_by_side": partial(Sides, seconds=0.1, generate=patient),
            "ask_in_turn": partial(InTurn.of, period=0.3),
            "judge_in_turn": lambda _: GO_IN_TURN,
        }
        return Builders(**made)

    def _observe(self) -> Watched:
        self.observer = Watched(self.namespace, self.clock, lambda: self.meanwhile())
        return self.observer

    def _judge(self, _measurement: Measurement) -> Verdict:
        """A go, of a window in which both were asked, as they will be after it, in no time."""
        traffic = self.context.comparing.sides and self.context.comparing.sides.traffic
        if traffic:
            began = traffic.now()
            traffic.set_rate(100)
            until(lambda: all(each.due for each in traffic.columns(began, traffic.now()).values()))
        return GO

    @property
    def context(self) -> Context:
        """What there is once the cluster is up."""
        return self.rehearsal.context

    @property
    def journal(self) -> Journal:
        """What happened."""
        return self.rehearsal.journal

    @property
    def run(self) -> Run:
        """Owns what is made."""
        return self.rehearsal.workspace.run

    def _run_pipelines(self, plan: Plan, *given: Any) -> None:
        """Of each pipeline of the plan, an end without any fault, where it has such."""
        *_, keep = given
        for role in ("build", "canary", "stable", "rollback") if plan.roles else ():
            keep(delivered(role))

    def script(self, name: str, text: str) -> Path:
        """Write a program."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def version(self, title: str) -> Version:
        """One of the two versions, with the bundled manifests."""
        return Version(
            title,
            IMAGES[title],
            ApplyScript(
                self.settings.files.deployment,
                self.settings.files.service,
                self.apply,
                self.settings.root,
            ),
            self.settings.files.job,
        )

    # Where the walk stands.

    def enter(self, stage: str) -> "World":
        """Bring the walk to a stage, with a row written by then."""
        if stage == "automatic_rollback":
            self.before(stage)
            self.roll_back()
        else:
            self.rehearsal.enter(stage)
        self.await_trials()
        if (
            self.rehearsal.workspace.is_up
            and self.rehearsal.entered("baseline" if self.rehearsal.plan.upgrade else "migration")
            and not self.journal.writes.acknowledged
        ):
            expect.write_and_read(self.context)
        return self

    def before(self, stage: str) -> "World":
        """Bring the walk to the stage before; the cleanup may come after any."""
        if stage == "cleanup":
            self.rehearsal.enter("baseline")
        elif stage == "automatic_rollback":
            self.enter("canary").fail("canary")
        elif stage not in ("preflight", "cluster"):
            self.rehearsal.enter(STAGES[STAGES.index(stage) - 1])
        self.await_trials()
        return self

    def await_trials(self) -> None:
        """Let what is tried of the migration beside the checks see the world as it is now."""
        outcome = self.journal.find(CanaryOutcome)
        if outcome and outcome.trials:
            with suppress(Exception):
                outcome.trials.refused.wait(Waiter())

    def roll_back(self) -> None:
        """Roll back as after a failure, without its checks."""
        stage = self.rehearsal.load("automatic_rollback")
        self.rehearsal.make(stage.entry, stage)

    def fail(self, stage: str) -> None:
        """Let the walk fail where it stands, once."""
        if not self.journal.failures:
            self.rehearsal.keep_evidence(stage, ReleaseError("it broke in a test"))

    def check(self, stage: str, function: Callable[..., None]) -> None:
        """Come to a stage, and make the check that this function is."""
        found = self.rehearsal.load(stage)
        check = next(each for each in found.checks if each.function is function)
        self.rehearsal.check(check, found)

    def begin_again(
        self, plan: Plan | None = None, waiter: Waiter | None = None, **builders: Any
    ) -> None:
        """Begin another rehearsal, of the same plan unless another is given."""
        plan = plan or self.rehearsal.plan
        self.run.release()
        self.begin(plan, waiter, **builders)

    def without_cluster(self, **options: Any) -> None:
        """Begin a walk that has no cluster yet, provisions one, and waits as long as it takes."""
        plan = self.rehearsal.plan
        given = {"kind": self.kind, "kubectl": self.kubectl, **options}
        plan = replace(plan, options=Options(**vars(plan.options) | given))
        self.begin_again(plan, Waiter(), bring_up=bring_up)

    def stop(self) -> None:
        """Give back what the world holds."""
        self.rehearsal.workspace.stop_background()
        self.until_the_end.close()
        self.run.release()

    # What is in it.

    def pods(self, track: str) -> list[str]:
        """The names of a track's pods."""
        found = pods_of(self.namespace.objects("Pod"), self.settings.deployment_name(track))
        return [pod["metadata"]["name"] for pod in found]

    @property
    def names(self) -> dict[str, str]:
        """What has a name of its own in every world, for a sentence to be looked for."""
        run = self.run.id
        tracks = {track: self.pods(track) for track in ("canary", "stable")}
        first = {track: pods[0] for track, pods in tracks.items() if pods}
        return {"run": run, "folder": str(self.folder), "port": str(self.app.port)} | IMAGES | first

    def change_pod(self, track: str, change: Callable[[Object], Object | None]) -> None:
        """Change the track's first pod behind everyone's back."""
        self.namespace.edit("Pod", self.pods(track)[0], change)

    def leave_an_old_pod(self, title: str) -> None:
        """Leave a stable pod of a version behind, which is going and still gets a third of all."""
        deployed = self.namespace.deployment("addressbook-stable") or {}
        deployed["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGES[title]
        old = objects.terminating(objects.pod(deployed, 99))
        self.namespace.put(old)
        name = str(old["metadata"]["name"])
        self.app.balance = lambda pods, turn: [name, *pods[:2]][turn % 3]

    def act_after(self, waits: int, act: Callable[[], object]) -> None:
        """Act in the wait of this number from here on."""
        left = itertools.count(waits - 1, -1)

        def meanwhile() -> None:
            if next(left) == 0:
                act()

        self.meanwhile = meanwhile

    def select(self, **selector: str) -> None:
        """Let the Service select by these labels too."""
        self.namespace.edit(
            "Service", "addressbook-lb", lambda it: it["spec"]["selector"].update(selector)
        )


NewWorld = Callable[..., World]
"""Makes a world, of the settings that it is given beside the usual ones."""
