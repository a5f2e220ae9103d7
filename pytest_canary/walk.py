"""The walk: from stage to stage, each entered once, with everything that the stages look at."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary import database as db
from pytest_canary.addressbook import Addressbook
from pytest_canary.api import Api, Row
from pytest_canary.checks import complete
from pytest_canary.cleanup import KUBECONFIG, Belongings, Trail, delete_namespace, tear_down
from pytest_canary.database import Database
from pytest_canary.errors import (
    ApiError,
    CanaryError,
    ClusterError,
    ImageError,
    ReleaseError,
    WaitTimeoutError,
)
from pytest_canary.image import Engine, full_name
from pytest_canary.migration import Migrated, fresh_schema
from pytest_canary.observer import Observer
from pytest_canary.ownership import Run
from pytest_canary.plan import Plan
from pytest_canary.provision import Provision, Provisioned
from pytest_canary.registry import pull_secret, pull_secrets
from pytest_canary.release import CANARY, STABLE, Diagnostics, Release, Version
from pytest_canary.rollout import Rollout, misdirected
from pytest_canary.waiting import Listener, Seen, Waiter

if TYPE_CHECKING:
    from pytest_canary.cluster import Cluster
    from pytest_canary.kube import Namespace

# At a share of 1/3, the interval of `analysis.share` is then 9 points wide to either side.
CONNECTIONS = 300

# Seconds in which kube-proxy surely follows the endpoints; its minSyncPeriod is 1 s.
KUBE_PROXY = 15.0

LABEL = "pytest-canary/run"


@dataclass
class Memory:
    """What happened on the way, for the stages to judge."""

    rows: list[Row] = field(default_factory=list)
    migrations: dict[str, Migrated] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    sample: Counter[str] = field(default_factory=Counter)
    promotion: list[Rollout] = field(default_factory=list)
    diagnostics: Diagnostics | None = None
    left: dict[str, tuple[object, ...]] = field(default_factory=dict)


class Walk:
    """One rehearsal. `enter` moves it on; a stage that is entered twice is entered once."""

    def __init__(self, plan: Plan, run: Run, listener: Listener | None = None) -> None:
        self.plan = plan
        self.settings = plan.settings
        self.run = run
        self.home = run
        self.waiter = Waiter(listener=listener) if listener else Waiter()
        self.memory = Memory()
        self.notes: dict[str, list[str]] = {}
        self.seconds: dict[str, float] = {}
        self._entered: dict[str, CanaryError | None] = {}
        self._provisioned: Provisioned | None = None
        self._trail: Trail | None = None
        self._observer: Observer | None = None

    # Where the walk stands.

    def enter(self, stage: str) -> None:
        """Make the transitions up to a stage, the earlier stages' first.

        Raises:
            CanaryError: one of them failed; the same error again, every time.
        """
        if stage == "cleanup":
            self.enter_cleanup_now()
            return
        for each in self.plan.stages:
            self.once(each, getattr(self, f"_enter_{each}"))
            if each == stage:
                return

    def once(self, name: str, transition: Callable[[], None]) -> None:
        """Make a transition the first time it is asked for."""
        if name not in self._entered:
            began = time.monotonic()
            try:
                transition()
                self._entered[name] = None
            except CanaryError as error:
                self._entered[name] = error
            self.seconds[name] = time.monotonic() - began
        failure = self._entered[name]
        if failure:
            raise failure

    def note(self, stage: str, text: str) -> None:
        """A figure that is worth a place on the stage's line."""
        self.notes.setdefault(stage, []).append(text)

    # What the stages look at; each is there once the cluster is.

    @property
    def provisioned(self) -> Provisioned:
        """The cluster and the images."""
        if self._provisioned is None:
            raise ClusterError("there is no cluster yet; the stage `cluster` makes it")
        return self._provisioned

    @property
    def namespace(self) -> Namespace:
        """The run's namespace."""
        return self.provisioned.namespace

    @property
    def cluster(self) -> Cluster:
        """The kind cluster."""
        if self.provisioned.cluster is None:
            raise ClusterError("the walk is in a cluster that it did not make")
        return self.provisioned.cluster

    @property
    def observer(self) -> Observer:
        """The watches on the run's namespace."""
        if self._observer is None:
            raise ClusterError("nothing is watched yet; the stage `cluster` starts it")
        return self._observer

    @property
    def candidate(self) -> Version:
        """The version under test."""
        return self.provisioned.candidate

    @property
    def baseline(self) -> Version:
        """The version that is live."""
        if self.provisioned.baseline is None:
            raise ReleaseError("a first release has no baseline")
        return self.provisioned.baseline

    def pod_api(self, track: str) -> Api:
        """The API of one ready pod of a track, past the Service."""
        pod = self.release.ready_pod(track)["metadata"]["name"]
        return self.api.at(*self.namespace.proxy(pod, self.container_port()), f"pod {pod}")

    def container_port(self) -> int:
        """The port that the Service sends connections on to."""
        for item in self.observer.snapshot().endpoint_slices.values():
            labels = item["metadata"].get("labels", {})
            if labels.get("kubernetes.io/service-name") == self.settings.service_name:
                for port in item.get("ports") or []:
                    return int(port["port"])
        raise ReleaseError(
            f"Service {self.settings.service_name} has no endpoint: its selector matches no pod"
        )

    def write_and_read(self, api: Api) -> None:
        """Write a row one way, remember it, and read it back the same way.

        Raises:
            ApiError: the write is not acknowledged, or the row is not there.
        """
        row = api.write()
        self.memory.rows.append(row)
        missing = api.missing([row])
        if missing:
            raise ApiError(
                f"what {api.where} acknowledged can't be read back from it: {missing[0]}; "
                "see whether it writes to and reads from the same table"
            )

    def find_every_row(self, api: Api) -> None:
        """Look for every row that was ever acknowledged, one way.

        Raises:
            ReleaseError: some are missing, or none was ever written.
        """
        complete(api.missing(self.memory.rows), len(self.memory.rows), api.where)

    def other_requests(self, api: Api) -> None:
        """Send the requests that the settings name under api.checks.

        Raises:
            ApiError: one does not answer as promised.
        """
        for request in self.settings.api.checks:
            api.expect(request)

    def look_for(self, version: Version) -> None:
        """Look whether pods find a version's image without asking a registry that hasn't it.

        Raises:
            ImageError: no node has it.
        """
        held = self.cluster.images()
        if full_name(version.image) not in held:
            raise ImageError(
                f"{version.image}, the {version.title}'s image, is not on {self.cluster.node}, "
                "so its pods would have to pull it",
                "\n".join(held),
            )

    def registry_secrets(self) -> set[str]:
        """The imagePullSecrets that the versions' templates name."""
        up = self.provisioned
        templates = {v.deployment for v in (up.candidate, up.baseline) if v}
        return {name for template in templates for name in pull_secrets(template.read_text())}

    def wait_until_connected(self, tracks: Sequence[str]) -> None:
        """Return when the Service sends connections to the tracks' ready pods and no other.

        Raises:
            WaitTimeout: it never did; with what is different.
        """
        names = [self.release.name(track) for track in tracks]

        def look() -> Seen[None]:
            now = self.observer.snapshot()
            wrong = misdirected(
                now.endpoint_slices.values(),
                now.pods.values(),
                self.settings.service_name,
                names,
            )
            return Seen(wrong or "", wrong is None, None)

        self.waiter.until(
            f"Service {self.settings.service_name} to send connections to "
            f"{' and '.join(names)} only",
            look,
            timeout=self.settings.deadlines.rollout,
            change=self.observer.change,
        )

    def sample(self, *titles: str) -> Counter[str]:
        """How many of 300 new connections each version answers, once kube-proxy has followed.

        Args:
            titles: who should answer: "baseline", "candidate" or both. They are waited for a
                little; whoever answers then is counted.

        Raises:
            ApiError: a connection failed, or its answer was not as promised.
        """
        expected = {self.memory.versions[title] for title in titles}

        def look() -> Seen[None]:
            try:
                answered = self.api.sample(20)
            except ApiError as error:
                return Seen(error.sentence, False, None)
            return Seen(f"answers by {', '.join(answered)}", set(answered) == expected, None)

        with contextlib.suppress(WaitTimeoutError):
            self.waiter.until(
                "kube-proxy to follow",
                look,
                timeout=KUBE_PROXY,
                change=lambda seconds: self.waiter.clock.sleep(min(seconds, 0.5)),
            )
        return self.api.sample(CONNECTIONS)

    def version_name(self, title: str) -> str:
        """What a version calls itself, or what it is to us."""
        told = self.memory.versions.get(title)
        return f"release {told}" if told else f"the {title}"

    # The transitions.

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
            for name in up.namespace.others(LABEL):
                delete_namespace(self.kubeconfig, name)
        up.namespace.create({LABEL: self.run.record.run})
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
        if self.plan.migrates:
            self._migrate("candidate", CANARY, fresh=self.plan.upgrade)
        if not self.plan.upgrade:
            self._reach()
            self._learn_version("candidate", CANARY)

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

        self.once("last good", promote)

    def _enter_cleanup(self) -> None:
        self.clean_up()

    # Their parts.

    def _reach(self) -> None:
        """Find the Service's address, and wait until something answers there."""
        client = Addressbook if self.settings.is_addressbook else Api
        self.api = client(self.address(), self.settings)
        self.api.wait_until_reachable(self.waiter, self.settings.deadlines.rollout)

    def address(self) -> str:
        """The Service's URL, as a client outside the cluster has it."""
        name = self.settings.service_name

        def look() -> Seen[str]:
            found = [s for s in self.namespace.objects("Service") if s["metadata"]["name"] == name]
            if not found:
                raise ReleaseError(
                    f"{self.settings.service.name} made no Service {name}; "
                    "set name so that the Service is NAME-lb"
                )
            port = found[0]["spec"]["ports"][0]
            if self.provisioned.cluster:
                if "nodePort" not in port:
                    raise ReleaseError(
                        f"Service {name} is of type {found[0]['spec']['type']}, which can't be "
                        "reached from outside; make it a LoadBalancer"
                    )
                assert self._trail  # noqa: S101 (made with the cluster)
                host = self.cluster.host_port(self._trail.engine, port["nodePort"])
                return Seen("", True, f"http://127.0.0.1:{host}")
            given = found[0].get("status", {}).get("loadBalancer", {}).get("ingress", [])
            where = (given[0].get("ip") or given[0].get("hostname")) if given else ""
            return Seen(f"{name} has no address yet", bool(where), f"http://{where}:{port['port']}")

        return self.waiter.until(
            f"an address for {name}", look, timeout=self.settings.deadlines.rollout
        )

    def _learn_version(self, title: str, track: str) -> None:
        if self.settings.version_header:
            self.memory.versions[title] = self.pod_api(track).version()

    def _migrate(self, title: str, track: str, *, fresh: bool) -> None:
        run = self.settings.commands
        before = self.database.schema()
        expected = fresh_schema(self.release, self.database) if fresh else None
        ping = self.release.exec(track, run.ping) if run.ping else None
        migrate = self.release.exec(track, run.migrate)
        after = self.database.schema()
        self.memory.migrations[title] = Migrated(ping, migrate, before, after, expected)

    # The end.

    def entered(self, stage: str) -> bool:
        """Whether the transition to a stage was tried, and did not fail."""
        return stage in self._entered and self._entered[stage] is None

    @property
    def begun(self) -> bool:
        """Whether anything was made yet."""
        return self._trail is not None

    @property
    def kubeconfig(self) -> Path:
        """The run's own kubeconfig."""
        return self.run.folder / KUBECONFIG

    def keep(self) -> None:
        """Leave everything in place, for a look or for `--canary-reap`."""
        if self._observer:
            self._observer.stop()
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
        rows = len(self.memory.rows)
        return (
            f"{' '.join([self.settings.name, ' -> '.join(versions)]).strip()} passed {reached}; "
            f"{rows} writes, all read back"
        )

    def clean_up(self) -> None:
        """Delete everything that the run made, and note what is left all the same.

        Raises:
            CanaryError: something could not be deleted.
        """
        if self._observer:
            self._observer.stop()
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
