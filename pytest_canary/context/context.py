"""What a walk stands on, and what its stages look at: the cluster, the app, the rows."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pytest_canary.analysis.statistics import Share
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.api.client import Api
from pytest_canary.api.read_back import ReadBack, read_back
from pytest_canary.api.writes import Writes
from pytest_canary.cluster.engine import full_name
from pytest_canary.cluster.provision import Provisioned
from pytest_canary.cluster.run import Run
from pytest_canary.cluster.teardown import Trail
from pytest_canary.config.plan import Plan
from pytest_canary.context.evidence import Evidence, Failure
from pytest_canary.context.expectations import complete, known
from pytest_canary.context.timeline import Timeline
from pytest_canary.core.errors import (
    ApiError,
    ClusterError,
    DatabaseError,
    FoundError,
    ImageError,
    ReleaseError,
    TrafficError,
    WaitTimeoutError,
)
from pytest_canary.core.waiting import Listener, Seen, Waiter
from pytest_canary.database.backup import Backup
from pytest_canary.database.database import Database
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.rollout import Rollout, misdirected
from pytest_canary.manifests.references import pull_secrets
from pytest_canary.release.migration import Migrated
from pytest_canary.release.release import Diagnostics, Release, Version
from pytest_canary.traffic import Traffic
from pytest_canary.traffic.losses import request_findings

if TYPE_CHECKING:
    from pytest_canary.cluster.kind import Cluster
    from pytest_canary.k8s.namespace import Namespace

# At a share of 1/3, the interval of `analysis.share` is then 9 points wide to either side.
CONNECTIONS = 300

# Seconds in which kube-proxy surely follows the endpoints, and seconds for which they must not
# have changed: its minSyncPeriod is 1 s, and a count in between would mix two states.
KUBE_PROXY = 15.0

# Stages in which the canary is on trial: how often it fails is for the verdict to weigh.
JUDGED = ("canary", "migration", "verdict")

# Requests after which an app is known to answer again; each has its own deadline.
ANSWERS = 10
QUIET = 2.0


@dataclass(frozen=True)
class Checked:
    """How one check ended.

    Attributes:
        sentence: what was to hold; a team's own test is called by its node ID.
        result: how.
        ended: seconds since the walk began; `seconds` before that, it started.
        message, evidence: why it failed, or was skipped.
        rescues: whether it belongs to the rollback after a failure.
    """

    stage: str
    sentence: str
    result: Literal["passed", "failed", "skipped"]
    seconds: float
    ended: float
    message: str = ""
    evidence: str = ""
    rescues: bool = False


@dataclass
class Memory:
    """What happened on the way, for the stages to judge."""

    writes: Writes = field(default_factory=Writes)
    migrations: dict[str, Migrated] = field(default_factory=dict)
    backup: Backup | DatabaseError | FoundError | None = None
    not_undone: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    sample: Counter[str] = field(default_factory=Counter)
    promotion: list[Rollout] = field(default_factory=list)
    diagnostics: Diagnostics | None = None
    share: Share | None = None
    connections: int = 0
    verdict: Verdict | None = None
    read_back: ReadBack | None = None
    environment: dict[str, str] = field(default_factory=dict)
    checked: list[Checked] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    left: dict[str, tuple[object, ...]] = field(default_factory=dict)


class Ground:
    """What there is once the cluster is up; `Walk` moves on it."""

    release: Release
    database: Database
    api: Api

    def __init__(self, plan: Plan, run: Run, listener: Listener | None = None) -> None:
        self.plan = plan
        self.settings = plan.settings
        self.run = run
        self.waiter = Waiter(listener=listener) if listener else Waiter()
        self.memory = Memory()
        report = plan.options.report
        self.evidence = Evidence(report.absolute(), report)
        self._provisioned: Provisioned | None = None
        self._trail: Trail | None = None
        self._observer: Observer | None = None
        self._traffic: Traffic | None = None
        self.timeline = Timeline()

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
    def traffic(self) -> Traffic:
        """The load that runs from the baseline to the rollback.

        Raises:
            TrafficError: it doesn't.
        """
        if self._traffic is None:
            why = (
                "it starts at the end of the stage `baseline`, or of `migration` in a first release"
            )
            if not self.plan.traffic:
                why = "as traffic.rate is 0"
            raise TrafficError(f"there is no traffic: {why}")
        return self._traffic

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
        return self.api.at(*self.namespace.proxy(pod, self.container_port(pod)), f"pod {pod}")

    def container_port(self, pod: str) -> int:
        """The port of a pod that the Service sends connections on to.

        Versions may listen on different ones under the same name.
        """
        for item in self.observer.snapshot().endpoint_slices.values():
            labels = item["metadata"].get("labels", {})
            if labels.get("kubernetes.io/service-name") != self.settings.service_name:
                continue
            names = {each.get("targetRef", {}).get("name") for each in item.get("endpoints") or []}
            for port in item.get("ports") or [] if pod in names else []:
                return int(port["port"])
        raise ReleaseError(
            f"Service {self.settings.service_name} sends nothing to pod {pod}; "
            "compare its selector with the pod's labels"
        )

    def write_and_read(self, api: Api) -> None:
        """Write a row one way, and read it back the same way.

        Raises:
            ApiError: the write is not acknowledged, or the row is not there.
        """
        wrong = read_back(api, Writes([api.write()])).wrong
        if wrong:
            raise ApiError(
                f"what {api.where} acknowledged can't be read back from it: {wrong[0]}; "
                "see whether it writes to and reads from the same table"
            )

    def write_and_read_elsewhere(self, api: Api, elsewhere: Api) -> None:
        """Write a row one way, and read it another way.

        Raises:
            ApiError: the write is not acknowledged, or the row is not there.
        """
        wrong = read_back(elsewhere, Writes([api.write()])).wrong
        if wrong:
            raise ApiError(
                f"what {api.where} acknowledged can't be read from {elsewhere.where}: "
                f"{wrong[0]}; see that both versions read and write the same columns"
            )

    def find_every_row(self, api: Api) -> None:
        """Look for every row that was ever acknowledged, one way: the checks' and the traffic's.

        Raises:
            ReleaseError: some are missing or doubled, or none was ever written.
        """
        self.memory.read_back = found = read_back(api, self.memory.writes)
        complete(found.wrong, found.acknowledged, api.where)
        known(found.findings)

    def no_request_is_lost(self, stage: str) -> str:
        """Look whether any of the traffic's requests was lost so far.

        What the canary itself has answered before it was judged is left to the verdict.

        Returns:
            How many there were in a stage: "1,204 requests, 0 lost".

        Raises:
            FoundError: some were.
        """
        told = self.memory.versions.get("candidate") if self.plan.judges else None
        lost = [
            each
            for each in self.traffic.losses()
            if not (told and each.version == told and each.stage in JUDGED)
        ]
        known(request_findings(self.traffic.sent, lost))
        seen = self.traffic.of(stage=stage)
        return f"{seen.sent:,} requests, {seen.lost:,} lost"

    def no_request_is_lost_any_more(self) -> None:
        """Look whether requests are lost from now on, for a moment.

        Raises:
            FoundError: some are.
            WaitTimeoutError: none is answered.
        """
        began = self.traffic.now()

        def look() -> Seen[None]:
            now = self.traffic.since(began)
            answered = now.sent - now.in_flight
            return Seen(f"{answered} of {now.sent} answered", answered >= ANSWERS, None)

        self.waiter.until(
            "requests after the rollback",
            look,
            timeout=self.settings.deadlines.request
            + ANSWERS * max(1.0, 1 / self.settings.traffic.rate),
        )
        late = [each for each in self.traffic.losses() if each.due >= began]
        known(request_findings(self.traffic.since(began).sent, late))

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
            FoundError: it never will, and why is known.
            WaitTimeoutError: it never did; with what is different.
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
            if wrong:
                for track in tracks:
                    self.release.check_service(track)
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
            quiet = self.observer.quiet_for("EndpointSlice")
            text = f"answers by {', '.join(answered)}, endpoints unchanged for {quiet:.1f} s"
            return Seen(text, set(answered) == expected and quiet >= QUIET, None)

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

    def address(self) -> str:
        """The Service's URL, as a client outside the cluster has it."""
        name = self.settings.service_name

        def look() -> Seen[str]:
            found = [s for s in self.namespace.objects("Service") if s["metadata"]["name"] == name]
            if not found:
                raise ReleaseError(
                    f"{self.settings.files.service.name} made no Service {name}; "
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
