"""The namespace as it is now, and as it was: kept up to date by watches, never by sleeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence

from pytest_canary.core.errors import ClusterError
from pytest_canary.k8s.history import Ending, History, Moment
from pytest_canary.k8s.led import Led, Stay
from pytest_canary.k8s.namespace_api import Listing
from pytest_canary.k8s.news import LIMITS, Limits, News
from pytest_canary.k8s.objects import Object, Snapshot
from pytest_canary.k8s.reflector import Reflector
from pytest_canary.k8s.rollout import Rollout
from pytest_canary.k8s.terminations import Killed

KINDS = ("Deployment", "ReplicaSet", "Pod", "EndpointSlice", "Service", "Event")


class Observer:
    """Watches a namespace in the background, one thread a kind.

    Args:
        namespace: what is watched.
        limits: how old the news of it may be.

    Attributes:
        began: when it started, by `time.monotonic`, to compare with other clocks.
    """

    def __init__(self, namespace: Listing, limits: Limits = LIMITS) -> None:
        self.namespace = namespace
        self.began = time.monotonic()
        self._limits = limits
        self._history = History()
        self._led = Led()
        self._news = News(limits)
        self._changed_at = dict.fromkeys(KINDS, 0.0)
        # Never changed, but replaced: whoever has a snapshot keeps it.
        self._objects: dict[str, Mapping[str, Object]] = {kind: {} for kind in KINDS}
        self._changed = threading.Condition()
        self._version = 0
        # Each thread's own: what one has seen, another may still wait for.
        self._seen = threading.local()
        self._watching = False
        self._doubted_until: float | None = None
        self._reflectors = [
            Reflector(
                namespace,
                kind,
                limits,
                listed=self._replace,
                changed=self._take,
                failed=self._fail,
            )
            for kind in KINDS
        ]

    def start(self) -> Observer:
        """Start watching; the first snapshot has everything that is there already.

        Raises:
            ClusterError: a kind can't be listed; what isn't seen would be taken for not there.
        """
        for reflector in self._reflectors:
            reflector.start()
        with self._changed:
            self._changed.wait_for(lambda: all(map(self._news.has, KINDS)), timeout=30)
            blind = [kind for kind in KINDS if not self._news.has(kind)]
            why = next(filter(None, map(self._news.trouble, blind)), "no answer within 30 s")
        if blind:
            self.stop()
            raise ClusterError(
                f"can't watch {', '.join(blind)} in namespace {self.namespace.name}: "
                f"{why}; see whether your role may list them"
            )
        self._watching = True
        return self

    def stop(self) -> None:
        """Stop watching and let the threads end."""
        for reflector in self._reflectors:
            reflector.stop()
        for reflector in self._reflectors:
            reflector.join()

    # As it is.

    def snapshot(self) -> Snapshot:
        """The objects as the watches have last told them.

        Raises:
            ClusterError: that is too long ago to go by, or may not be asked for any more.
        """
        self._expect_news()
        return self.last_snapshot()

    def last_snapshot(self) -> Snapshot:
        """The same, however long ago that is: to show what is wrong, and not to decide by."""
        with self._changed:
            self._seen.version = self._version
            return Snapshot(*(self._objects[kind] for kind in KINDS))

    def change(self, seconds: float) -> None:
        """Block until anything changes after this thread's last snapshot, at most the seconds.

        Raises:
            ClusterError: as `snapshot`; whoever waits would wait for what nobody sees.
        """
        self._expect_news()
        with self._changed:
            seen = getattr(self._seen, "version", -1)
            self._changed.wait_for(lambda: self._version != seen, timeout=seconds)

    def wake(self) -> None:
        """Let `change` return: something else than an object has changed."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def now(self) -> float:
        """Seconds since the observer started, as `history` has them."""
        return time.monotonic() - self.began

    def quiet_for(self, kind: str) -> float:
        """Seconds since any object of a kind last changed."""
        return self.now() - self._changed_at[kind]

    # As it was.

    @property
    def history(self) -> Sequence[Moment]:
        """What the Deployments' replicas went through, oldest first; it grows as they go on."""
        return self._history.moments

    @property
    def endings(self) -> Sequence[Ending]:
        """The pods that were told to stop so far, oldest first."""
        return self._history.endings

    def stays(self, service: str) -> Sequence[Stay]:
        """From when and until when the cluster led a Service's connections to which pods.

        Moments are seconds since the observer started.
        """
        return self._led.stays(service)

    def rollouts(self, deployment: str, since: float = 0) -> list[Rollout]:
        """What a Deployment's replicas went through since a moment, without repetitions.

        Args:
            deployment: its name.
            since: seconds since the observer started.

        Returns:
            First how it stood at that moment, then every change. All counts are 0 where there is
            no such Deployment.
        """
        return self._history.rollouts(deployment, since)

    def readiness_lost(self, pods: Iterable[str], since: float = 0) -> int:
        """How often pods have lost their readiness since a moment, all of them together.

        What was lost and regained between two looks counts once; what pods lose as they end does
        not count.

        Args:
            pods: their names.
            since: seconds since the observer started.
        """
        return self._history.readiness_lost(pods, since)

    def killed_containers(self) -> list[Killed]:
        """The containers so far that did not end when their pods were deleted, and were killed."""
        return list(self._history.killed)

    # What the watches tell.

    def _expect_news(self) -> None:
        """Return unless what is known is too old to go by."""
        if not self._watching:
            return

        def complaint() -> str:
            return self._news.complaint(self.namespace.name, self.now())

        with self._changed:
            why = complaint()
            if why:
                # Whoever else reads meanwhile waits as long, and nobody twice.
                if self._doubted_until is None:
                    self._doubted_until = self.now() + self._limits.grace
                left = max(self._doubted_until - self.now(), 0)
                self._changed.wait_for(lambda: not complaint(), timeout=left)
                why = complaint()
            if why:
                raise ClusterError(why)
            self._doubted_until = None

    def _replace(self, kind: str, found: Mapping[str, Object]) -> None:
        """Take a list."""
        with self._changed:
            now = self.now()
            found = with_known(found, self._objects[kind])
            if found != self._objects[kind]:
                self._put(kind, found, now, listed=True)
            self._news.hear(kind, f"a list of {len(found)}", now)
            # Where nothing has changed, somebody may wait for news.
            self._changed.notify_all()

    def _take(self, kind: str, event: str, item: Object) -> None:
        """Take an event: "ADDED", "MODIFIED" or "DELETED", and the object."""
        name = item["metadata"]["name"]
        with self._changed:
            now = self.now()
            found = dict(self._objects[kind])
            if event == "DELETED":
                found.pop(name, None)
            else:
                found[name] = item
            self._put(kind, found, now)
            self._news.hear(kind, f"{name} {event}", now)

    def _fail(self, kind: str, why: str, *, refused: bool) -> None:
        with self._changed:
            self._news.note_failure(kind, why, self.now(), refused=refused)

    def _put(
        self, kind: str, found: Mapping[str, Object], now: float, *, listed: bool = False
    ) -> None:
        objects = self._objects | {kind: found}
        if kind in ("Deployment", "Pod"):
            self._history.record(objects["Deployment"], objects["Pod"], now)
        if kind == "EndpointSlice":
            self._led.record(found.values(), now, listed=listed)
        # Only now: what could not be recorded is still news when it is listed again.
        self._objects = objects
        self._changed_at[kind] = now
        self._version += 1
        self._changed.notify_all()


def with_known(found: Mapping[str, Object], known: Mapping[str, Object]) -> dict[str, Object]:
    """The objects of a list, each as it is known already where that is the same version of it.

    A list leaves out what kind its objects are, and a watch does not.
    """
    return {
        name: known[name] if name in known and is_same(item, known[name]) else item
        for name, item in found.items()
    }


def is_same(one: Object, other: Object) -> bool:
    """Whether both are the same version of an object, by what the API server calls it."""
    version = one["metadata"].get("resourceVersion")
    return bool(version) and version == other["metadata"].get("resourceVersion")
