"""The walk: from stage to stage, each entered once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pytest_canary.api import read_back
from pytest_canary.api.factory import client_for
from pytest_canary.cluster.engine import Engine
from pytest_canary.cluster.provision import Provision
from pytest_canary.cluster.run import Run
from pytest_canary.cluster.teardown import (
    KUBECONFIG,
    RUN_LABEL,
    Belongings,
    Trail,
    delete_namespace,
    tear_down,
)
from pytest_canary.config.plan import Plan
from pytest_canary.context import system_info
from pytest_canary.context.context import Ground
from pytest_canary.context.evidence import Failure
from pytest_canary.context.measurement import Window
from pytest_canary.context.timeline import TRANSITIONS
from pytest_canary.core import processes
from pytest_canary.core.errors import (
    CanaryError,
    DatabaseError,
    FoundError,
    ReleaseError,
    TrafficError,
)
from pytest_canary.core.waiting import Listener, Seen
from pytest_canary.database import database as db
from pytest_canary.database.backup import back_up
from pytest_canary.database.database import Database
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.rollout import images
from pytest_canary.manifests.references import pull_secret
from pytest_canary.preflight.inspection import Inspection, inspect
from pytest_canary.release.migration import left_behind, migrate, take_down
from pytest_canary.release.release import CANARY, STABLE, Release, secrets_of
from pytest_canary.traffic import Traffic


class Walk(Ground):
    """One rehearsal. `enter` moves it on; a stage that is entered twice is entered once."""

    inspection: Inspection

    def __init__(self, plan: Plan, run: Run, listener: Listener | None = None) -> None:
        super().__init__(plan, run, listener)
        self.home = run
        self.notes: dict[str, list[str]] = {}
        self._entered: dict[str, CanaryError | None] = {}
        self.memory.environment |= system_info.local(plan)

    # Where the walk stands.

    def enter(self, stage: str) -> None:
        """Make the transitions up to a stage, the earlier stages' first.

        Raises:
            CanaryError: one of them failed; the same error again, every time.
        """
        if stage == "cleanup":
            self.enter_cleanup_now()
            return
        if stage not in self.plan.stages:
            raise ReleaseError(
                f"the walk ends before stage {stage}, at {self.plan.options.until}; "
                "see --canary-until"
            )
        for each in self.plan.stages:
            self.once(each, getattr(self, f"_enter_{each}"), each, TRANSITIONS.get(each, ""))
            if each == stage:
                return

    def once(
        self, name: str, transition: Callable[[], None], stage: str = "", called: str = ""
    ) -> None:
        """Make a transition the first time it is asked for.

        Args:
            name: under which it is known whether it was made.
            transition: makes it.
            stage: the stage that it leads to, or belongs to.
            called: what the traffic and the report call it.
        """
        if name not in self._entered:
            try:
                with self._passing(stage, called):
                    transition()
                self._entered[name] = None
            except CanaryError as error:
                self._entered[name] = error
        failure = self._entered[name]
        if failure:
            raise failure

    @contextlib.contextmanager
    def _passing(self, stage: str, transition: str) -> Iterator[None]:
        """Let the timeline and the traffic know where the walk stands."""
        self._stand(stage, transition)
        try:
            with self.timeline.passing(transition, stage):
                yield
        finally:
            self._stand(stage, "")

    def _stand(self, stage: str, transition: str) -> None:
        if self._traffic and stage:
            self._traffic.stand(stage, transition)

    def note(self, stage: str, text: str) -> None:
        """A figure that is worth a place on the stage's line."""
        self.notes.setdefault(stage, []).append(text)

    @property
    def secrets(self) -> list[str]:
        """The words that no screen, log or report may show."""
        if hasattr(self, "release"):
            return self.release.secrets
        return secrets_of(self.settings.environment)

    def mask(self, error: CanaryError) -> None:
        """Take the secrets out of what an error shows: an app may have answered with them."""
        error.sentence = processes.masked(error.sentence, self.secrets)
        error.evidence = processes.masked(error.evidence, self.secrets)

    def witness(self, stage: str, error: BaseException) -> None:
        """Keep the evidence of a failure, before anything else changes.

        An error of ours then ends with where it is.
        """
        if any(each.error is error for each in self.memory.failures):
            return
        up = hasattr(self, "release") and stage != "cleanup"
        diagnostics = self.release.diagnostics() if up else None
        if isinstance(error, CanaryError):
            self.mask(error)
        try:
            failure = self.evidence.keep(stage, error, diagnostics, self.secrets)
        except OSError as trouble:
            # It must not hide what failed.
            self.note(stage, f"its evidence can't be kept: {trouble}")
            failure = Failure(stage, error)
        self.memory.failures.append(failure)
        self.memory.diagnostics = diagnostics
        if isinstance(error, CanaryError) and failure.files:
            error.evidence = "\n".join(filter(None, [error.evidence, failure.line]))

    # The transitions.

    def _enter_preflight(self) -> None:
        self.inspection = inspect(self.plan, Path(self.run.record.project))

    def _enter_cluster(self) -> None:
        engine = Engine()
        options = self.plan.options
        if options.reuse:
            self.home = Run.reusable(Path(self.run.record.project))
        self._trail = Trail(self.run, engine)
        provision = Provision(self.plan, self.run, self.home, engine, self.waiter)
        if options.reuse or options.context:
            self.run.made(namespace=provision.namespace_name)
        self._provisioned = up = provision.bring_up()
        if options.reuse:
            # This run has the cluster to itself: what else is in it was left by a killed one.
            for name in up.namespace.others(RUN_LABEL):
                delete_namespace(self.kubeconfig, name, name.removeprefix("canary-"))
        up.namespace.create({RUN_LABEL: self.run.record.run})
        self._wait_for_service_account()
        self._observer = Observer(up.namespace).start()
        parameters = db.parameters(self.settings.database) if up.database else {}
        self.release = Release(
            up.namespace,
            self._observer,
            self.settings,
            parameters,
            up.kubectl,
            self.waiter,
            up.cluster.images if up.cluster else None,
        )
        self.database = Database(up.namespace, self._observer, self.settings.database, self.waiter)
        for name in self.registry_secrets():
            up.namespace.apply(pull_secret(name, options.registry))
        if up.database:
            up.namespace.apply(
                db.secret(parameters), *db.manifests(self.settings.database, up.database.ref)
            )
            self.database.wait_until_ready(self.settings.deadlines.rollout)
        if up.cluster:
            up.cluster.wait_until_ready(self.waiter, up.namespace, self.settings.deadlines.cluster)
        self._trail.namespace = up.namespace
        self._trail.look()
        self.memory.environment |= system_info.remote(up, engine)

    def _wait_for_service_account(self) -> None:
        """A pod that comes before its namespace's default ServiceAccount is refused."""

        def look() -> Seen[None]:
            return Seen("not there yet", bool(self.namespace.objects("ServiceAccount")), None)

        self.waiter.until("the namespace's ServiceAccount", look, timeout=60)

    def _enter_baseline(self) -> None:
        replicas = self.settings.replicas.stable
        if not self.plan.upgrade:
            self.release.apply_service(self.candidate)
            return
        self.release.apply_service(self.baseline)
        self.release.deploy(STABLE, replicas, self.baseline)
        if self.plan.migrates:
            self._migrate("baseline", STABLE, fresh=False)
        self._reach()
        self._learn_version("baseline", STABLE)

    def _enter_canary(self) -> None:
        self.release.canary(self.candidate)
        if self.plan.upgrade:
            self._learn_version("candidate", CANARY)

    def _enter_migration(self) -> None:
        if self.plan.migrates and self.plan.upgrade:
            with ThreadPoolExecutor(1, thread_name_prefix="backup") as pool:
                backed_up = pool.submit(self._back_up)
                self._migrate("candidate", CANARY, fresh=True, ready=backed_up.result)
        elif self.plan.migrates:
            self._migrate("candidate", CANARY, fresh=False)
        if not self.plan.upgrade:
            self._reach()
            self._learn_version("candidate", CANARY)

    def _enter_verdict(self) -> None:
        if self.plan.judges:
            window = Window(
                self.release,
                self.traffic,
                self.settings,
                self.memory.versions,
                self.container_port,
            )
            self.memory.verdict = window.judge()

    def _enter_stable(self) -> None:
        began = self.observer.now()
        self.release.promote(self.candidate)
        self.release.wait_until_gone(CANARY)
        self.memory.promotion = self.observer.rollouts(self.release.name(STABLE), began)

    def _enter_rollback(self) -> None:
        self.release.canary(self.candidate)
        self.release.wait_until_settled(
            STABLE, self.settings.replicas.stable_during_canary, self.candidate
        )
        self.memory.diagnostics = self.release.roll_back()

    def promote_last_good(self) -> None:
        """The book's way back after a promotion: promote the last good image again."""
        self.enter("rollback")

        def promote() -> None:
            self.release.wait_until_gone(CANARY)
            self.release.promote(self.baseline)

        self.once("last good", promote, "rollback", "promote the last good")

    def what_is_left(self) -> str:
        """What rolling back has not undone in the database, as it was before anything else did.

        The report has it whole, in `memory.not_undone`.
        """

        def look() -> None:
            now = self.database.schema()
            noted = self.database.ledger(now)
            self.memory.not_undone = left_behind(self.memory.migrations, now, noted)

        self.once("what is left", look)
        first, *others = self.memory.not_undone or ["nothing"]
        return f"not undone: {first}" + (f", and {len(others)} more" if others else "")

    def take_down(self) -> None:
        """Take the migration back, once the baseline serves on what it has made."""
        self.promote_last_good()
        self.what_is_left()

        def take() -> None:
            pod = self.memory.migrations["candidate"].pod
            self.memory.migrations["down"] = take_down(self.release, self.database, pod)

        self.once("down", take, "rollback", "take the migration back")

    def roll_back_by_itself(self) -> None:
        """The book's rollback, after a failure between canary and stable.

        The last good version serves again, or none where none was live.

        Raises:
            CanaryError: it failed too; the same error again, every time.
        """
        self.once("automatic rollback", self._roll_back_by_itself, "rollback", "roll back")

    def _roll_back_by_itself(self) -> None:
        self.memory.diagnostics = self.release.roll_back(self.memory.diagnostics)
        self.release.wait_until_gone(CANARY)
        if not self.plan.upgrade:
            # There is no last good version to promote: no version is live, as before.
            self.release.delete(STABLE)
            self.release.wait_until_gone(STABLE)
            return
        stable = self.namespace.deployment(self.release.name(STABLE))
        kept = stable and self.baseline.image in images(stable["spec"]["template"])
        if not kept or self.tried("stable"):
            # It failed half-way through a promotion, which may have changed more than the image;
            # or someone has deleted it.
            self.release.deploy(STABLE, self.settings.replicas.stable, self.baseline)
        if self.baseline.service.read_bytes() != self.candidate.service.read_bytes():
            self.release.apply_service(self.baseline)
        self.release.wait_until_settled(STABLE, self.settings.replicas.stable, self.baseline)

    def _enter_cleanup(self) -> None:
        self.clean_up()

    # Their parts.

    def _reach(self) -> None:
        """Find the Service's address, and wait until something answers there."""
        self.api = client_for(self.address(), self.settings, self.memory.writes)
        self.api.wait_until_reachable(self.waiter, self.settings.deadlines.rollout)
        if self.plan.traffic and self._traffic is None:
            # Another cluster's Service has an address of its own; kind's is on loopback.
            elsewhere = self.provisioned.cluster is None
            traffic = Traffic(self.api, self.settings.traffic, anywhere=elsewhere)
            self._traffic = traffic.start()

    def _learn_version(self, title: str, track: str) -> None:
        if self.settings.api.version_header:
            self.memory.versions[title] = self.pod_api(track).version()

    def _back_up(self) -> None:
        """Back the live database up, and try the backup; what came of it is for a check to say."""
        deadline = self.settings.deadlines.command
        try:
            self.memory.backup = back_up(self.database, self.database.schema(), deadline)
        except (FoundError, DatabaseError) as error:
            self.memory.backup = error

    def _migrate(
        self, title: str, track: str, *, fresh: bool, ready: Callable[[], object] = lambda: None
    ) -> None:
        done = migrate(self.release, self.database, track, fresh=fresh, ready=ready)
        self.memory.migrations[title] = done

    # The end.

    def entered(self, stage: str) -> bool:
        """Whether the transition to a stage was tried, and did not fail."""
        return stage in self._entered and self._entered[stage] is None

    def tried(self, stage: str) -> bool:
        """Whether the transition to a stage was tried, however it ended."""
        return stage in self._entered

    @property
    def begun(self) -> bool:
        """Whether anything was made yet."""
        return self._trail is not None

    @property
    def kubeconfig(self) -> Path:
        """The run's own kubeconfig."""
        return self.run.folder / KUBECONFIG

    def _fall_silent(self) -> None:
        """End what runs in the background: the traffic first, as it asks the app."""
        if self._traffic:
            self._traffic.stop()
        if self._observer:
            self._observer.stop()

    def keep(self) -> None:
        """Leave everything in place, for a look or for `--canary-reap`."""
        self._fall_silent()
        self.run.made(kept=True)
        if self.home is not self.run:
            self.home.release()

    def enter_cleanup_now(self) -> None:
        """Clean up without walking the stages before."""
        self.once("cleanup", self._enter_cleanup)

    def summary(self) -> str:
        """What was walked, in one line."""
        told = self.memory.versions
        versions = [told[title] for title in ("baseline", "candidate") if title in told]
        until = self.plan.options.until
        reached = "every stage" if until == "cleanup" else f"every stage until {until}"
        passed = f"{' '.join([self.settings.name, ' -> '.join(versions)]).strip()} passed {reached}"
        parts = [passed]
        with contextlib.suppress(TrafficError):
            parts.append(f"{self.traffic.sent:,} requests, {self.traffic.lost:,} lost")
        writes = read_back.summary(self.memory.writes, self.memory.read_back)
        parts += [writes] if writes else []
        if self.plan.upgrade and not self.plan.judges:
            why = "api.version-header is not set" if self.plan.traffic else "there is no traffic"
            parts.append(f"no verdict, as {why}")
        return "; ".join(parts)

    def clean_up(self) -> None:
        """Delete everything that the run made, and note what is left all the same.

        Raises:
            CanaryError: something could not be deleted.
        """
        self._fall_silent()
        if self._trail is None:
            self.run.remove()
            return
        before = Belongings()
        try:
            # As late as this, so that nothing of the run came after the look.
            before = self._trail.look()
        finally:
            try:
                tear_down(self.run, self._trail.engine)
            finally:
                if self.home is not self.run:
                    self.home.release()
        self.memory.left = self._trail.look().left_by(before)
