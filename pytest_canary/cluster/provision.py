"""What a walk needs before it starts: images built and loaded while the cluster comes up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from pytest_canary.cluster.container_engine import ContainerEngine, Image
from pytest_canary.cluster.creation import Creation
from pytest_canary.cluster.early_dns import GRACE
from pytest_canary.cluster.engine_address import is_here
from pytest_canary.cluster.kind import Cluster
from pytest_canary.cluster.loads import Loads
from pytest_canary.cluster.lodging import look_around, settle
from pytest_canary.cluster.prerequisite_images import PrerequisiteImages
from pytest_canary.cluster.provisioned import Provisioned
from pytest_canary.cluster.run import Run
from pytest_canary.cluster.versions import Versions
from pytest_canary.cluster.way_in import WayIn
from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace import Namespace

PREREQUISITE = "prerequisite"


class Provision:
    """Brings up the cluster and the images, side by side.

    Args:
        plan: what is needed.
        run: the run that owns what is made; everything is in its record before it is made.
        cluster_run: has the cluster's own files; the run itself, unless the cluster outlives it.
        engine: the container engine.
        waiter: waits, and tells how far things are.
        processes: those that provision and no others, the engine's among them; what still runs of
            them is killed once it is over.
        names: what is going to be made in the namespace, as kubectl takes it: "Service/shop-lb".
        build: builds the candidate's image; None for what the settings say.
        stop_build: ends that, where it has not ended.
        build_seconds: how long that may take, where it has a limit of its own.
        first: the objects that are put into the namespace as soon as the cluster has the database's
            image, given that: they start while the versions are loaded.
        dns_grace: seconds after kind's own end in which CoreDNS can still be changed.
    """

    def __init__(
        self,
        plan: Plan,
        run: Run,
        cluster_run: Run,
        engine: ContainerEngine,
        waiter: Waiter,
        processes: Processes,
        names: Sequence[str] = (),
        build: Callable[[], Image] | None = None,
        stop_build: Callable[[], object] = lambda: None,
        build_seconds: float = 0.0,
        first: Callable[[Image], Sequence[dict[str, Any]]] = lambda _: (),
        dns_grace: float = GRACE,
    ) -> None:
        self.plan = plan
        self.names = names
        self.settings = plan.settings
        self.run = run
        self.cluster_run = cluster_run
        self.engine = engine
        self.waiter = waiter
        self.processes = processes
        self.builds_itself = build is not None
        self.versions = Versions(plan, run.folder, engine, processes, build)
        self.stop_build = stop_build
        settings = plan.settings
        self.prerequisites = PrerequisiteImages(
            settings.files.prerequisites, settings.root, settings.deadlines.image, engine
        )
        self.build_seconds = build_seconds
        self.first = first
        self.dns_grace = dns_grace
        self.seconds: dict[str, float] = {}
        self.progress: dict[str, str] = {}
        self.notes: list[str] = []
        self._given_up = threading.Event()
        self._starting, self._ours = threading.Lock(), threading.Event()
        self._loads = Loads(engine, self.settings.deadlines.image, self._step)

    def bring_up(self) -> Provisioned:
        """Do it all; raises the first error, and leaves what is half made to the run's cleanup."""
        options = self.plan.options
        cluster = None if options.context else self._cluster()
        way_in = WayIn(self.plan, self.run, self.processes, cluster)
        owner = None
        if not cluster:
            # What may not be done is told before anything is pushed or made.
            owner = way_in.owner()
            look_around(self.plan, owner, self.names, way_in.kubectl(), self.processes)
        # The database first, as it takes no building, and starts while the versions are loaded.
        # They wait for that only where it need not be pulled.
        jobs: dict[str, Any] = {}
        if self.plan.has_database:
            jobs["database"] = self._database
            self._loads.wait_for_first = bool(self.engine.find(self.settings.database.image))
        jobs["candidate"] = self.versions.candidate
        if self.plan.upgrade:
            jobs["baseline"] = self.versions.baseline
        presupposed = {
            f"{PREREQUISITE} {each}": each
            for each in self.prerequisites.provided_names(whole=cluster is not None)
        }
        jobs |= {name: partial(self.prerequisites.pull, each) for name, each in presupposed.items()}
        pool = ThreadPoolExecutor(max_workers=len(jobs) + 2, thread_name_prefix="canary")
        works: dict[str, Future[Any]] = {}
        try:
            images = {
                name: pool.submit(self._image, name, job, cluster) for name, job in jobs.items()
            }
            created = {"cluster": pool.submit(self._create, cluster)} if cluster else {}
            works |= {**created, **images}
            # What is somebody else's is written to last; and a project's own pipeline that builds
            # the candidate is to find a cluster never, and not by chance.
            early = cluster is not None and not self.builds_itself
            before = [*created.values(), *([] if early else images.values())]
            place = pool.submit(self._place, way_in, owner, before, images.get("database"))
            works["namespace"] = place
            self._wait(works)
        finally:
            # After an error what still runs need not finish: its commands are killed until it ends.
            self._given_up.set()
            self.stop_build()
            pool.shutdown(wait=False, cancel_futures=True)
            for work in works.values():
                self.processes.kill_until_done(work)
            self.processes.kill_all()
            pool.shutdown()
        found = {name: future.result() for name, future in images.items()}
        owner, namespace = place.result()
        return Provisioned(
            namespace=namespace,
            owner=owner,
            home=way_in.home(),
            cluster=cluster,
            kubectl=way_in.kubectl(),
            candidate=found["candidate"],
            baseline=found.get("baseline"),
            database=found.get("database"),
            seconds=self.seconds,
            notes=[*self.versions.notes, *self.notes],
            prerequisites={each: found[name].ref for name, each in presupposed.items()},
        )

    def _cluster(self) -> Cluster:
        options = self.plan.options
        name = options.cluster_name or f"canary-{self.cluster_run.id}"
        if not is_here(self.engine.endpoint):
            raise ClusterError(
                f"the container engine at {self.engine.endpoint} is on another machine, where "
                "nothing of the cluster can be reached; use one of this machine, or walk in a "
                "cluster that is there with --canary-context"
            )
        if options.cluster_name:
            self.cluster_run.claim(name)
        cluster = Cluster(
            name,
            self.cluster_run.folder,
            image=options.node_image,
            kind=options.kind,
            kubectl=options.kubectl,
            processes=self.processes.part(holding=self.cluster_run.work),
        )
        cluster.ensure_kind()
        cluster.ensure_kubectl()
        return cluster

    def _create(self, cluster: Cluster) -> None:
        creation = Creation(
            cluster,
            self.cluster_run,
            self.engine,
            self.processes,
            self._quiet(),
            self.dns_grace,
        )
        if creation.take_up():
            self.progress["cluster"] = "reused"
            self._ours.set()
            return
        began = time.monotonic()
        with self.waiter.measure("step", "cluster"):
            self.notes = creation.make(self.settings.deadlines.cluster, self._ours.set, self._hear)
        self.seconds["cluster"] = time.monotonic() - began

    def _hear(self, line: str) -> None:
        self.progress["cluster"] = line

    def _image(self, name: str, job: Any, cluster: Cluster | None) -> Any:
        began = time.monotonic()
        self.progress[name] = "building"
        with self.waiter.measure("step", f"{name} image"):
            image, wrap = job()
        self.seconds[f"{name} image"] = time.monotonic() - began
        own = repository = _repository(name, self.settings.name)
        if self.plan.options.push_registry:
            repository = f"{self.plan.options.push_registry}/{own}"
        image = self.engine.with_own_name(image, repository, self.run.id)
        self.run.note_image(image.ref)
        self._step()
        self.engine.tag(image)
        began = time.monotonic()
        self.progress[name] = "loading"
        if cluster:
            # Nothing is put into a node before it is known to be ours.
            while not self._ours.wait(0.2):
                self._step()
            # One asks for all: each question takes from the node what it is to start with.
            with self._starting:
                cluster.wait_for_containerd(self._quiet(), self.settings.deadlines.cluster)
            with self.waiter.measure("step", f"{name} load"):
                self._loads.load(image, cluster.node, first=name == "database")
        else:
            with self.waiter.measure("step", f"{name} push"):
                self.engine.push(image, self.settings.deadlines.image)
            image = self.engine.with_own_name(
                image, f"{self.plan.options.pull_registry}/{own}", self.run.id
            )
        self.seconds[f"{name} load"] = time.monotonic() - began
        self.progress[name] = "loaded"
        return wrap(image)

    def _quiet(self) -> Waiter:
        """Waits in the background, until another part has failed."""
        return Waiter(self.waiter.clock, self._check_not_abandoned, self.waiter.measure)

    def _check_not_abandoned(self, what: str, seen: str) -> None:
        """End a wait of a part whose outcome nobody waits for any more."""
        if self._given_up.is_set():
            raise ClusterError(f"gave up {what}: another part failed; last seen: {seen}")

    def _step(self) -> None:
        """Ends a job in the background between two of its steps, where another part has failed."""
        self._check_not_abandoned("another part", "it failed")

    def _wait(self, everything: dict[str, Future[Any]]) -> None:
        def look() -> Seen[None]:
            for future in everything.values():
                if future.done():
                    future.result()
            left = [name for name, future in everything.items() if not future.done()]
            stands = ((name, self.progress.get(name, "starting")) for name in left)
            told = ", ".join(f"{name}: {words}" for name, words in stands if words)
            return Seen(told, not left, None)

        deadlines = self.settings.deadlines
        timeout = deadlines.cluster + 2 * deadlines.image + self.build_seconds
        self.waiter.until("cluster and images", look, timeout=timeout)

    def _database(self) -> tuple[Image, Any]:
        return self.engine.pull(
            self.settings.database.image, self.settings.deadlines.image
        ), lambda loaded: loaded

    # The namespace.

    def _place(
        self,
        way_in: WayIn,
        owner: Namespace | None,
        before: Sequence[Future[Any]],
        database: Future[Image] | None,
    ) -> tuple[Namespace, Namespace]:
        """The run's namespace as its owner and as the account see it, with what comes first."""
        # What it waits for is told itself.
        self.progress["namespace"] = ""
        for each in before:
            each.result()
            self._step()
        self.progress["namespace"] = "being made"
        with self.waiter.measure("step", "reach the API server"):
            owner = owner or way_in.owner()
        namespace = settle(
            self.plan,
            self.run,
            owner,
            way_in.kubectl(),
            self._quiet(),
            self.processes,
            within=self.cluster_run.id if self.plan.options.reuse else None,
        )
        if database:
            self.progress["namespace"] = ""
            objects = self.first(database.result())
            self._step()
            self.progress["namespace"] = "the database's objects"
            namespace.add(*objects)
        return owner, namespace


def _repository(name: str, app: str) -> str:
    """Where an image is put, by the name of what brings it."""
    if name.startswith(f"{PREREQUISITE} "):
        return "canary-prerequisite"
    return "canary-db" if name == "database" else app
