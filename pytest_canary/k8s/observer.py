"""The namespace as it is now, and as it was: kept up to date by watches, never by sleeping."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_canary.core.errors import ClusterError
from pytest_canary.k8s.connection import API_TIMEOUT
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.objects import Object, Snapshot
from pytest_canary.k8s.rollout import Rollout, rollout

KINDS = ("Deployment", "ReplicaSet", "Pod", "EndpointSlice", "Service", "Event")

# Seconds after which the API server ends a watch; one that is dead ends half a minute later.
WATCH = 300

# What the API server says to who may not, or is not known any more.
REFUSED = (401, 403)

# Seconds for which it may say so: while it starts, it does not know yet who may do what.
PATIENCE = 30


@dataclass(frozen=True)
class Moment:
    """A Deployment's replicas at one moment.

    Attributes:
        at: seconds since the observer started.
        rollout: the counts; all of them 0 once it is deleted.
        image: of its newest template.
    """

    at: float
    rollout: Rollout
    image: str = ""


class Observer:
    """Watches a namespace in the background, one thread a kind.

    Args:
        namespace: what is watched.
        patience: seconds for which lists may be refused.

    Attributes:
        began: when it started, by `time.monotonic`, to compare with other clocks.
        history: what the Deployments' replicas went through, oldest first.
    """

    def __init__(self, namespace: Namespace, patience: float = PATIENCE) -> None:
        self.namespace = namespace
        self._patience = patience
        self.history: list[Moment] = []
        self.began = time.monotonic()
        self._changed_at = dict.fromkeys(KINDS, 0.0)
        self._objects: dict[str, dict[str, Object]] = {kind: {} for kind in KINDS}
        self._last: dict[str, Rollout] = {}
        self._changed = threading.Condition()
        self._version = 0
        # Each thread's own: what one has seen, another may still wait for.
        self._seen = threading.local()
        self._stopped = threading.Event()
        self._listed: set[str] = set()
        self._trouble = ""
        self._refused: dict[str, float] = {}
        self._watches: dict[str, object] = {}
        self._answers: dict[str, object] = {}
        self._threads = [
            threading.Thread(target=self._follow, args=(kind,), name=f"watch-{kind}", daemon=True)
            for kind in KINDS
        ]

    def start(self) -> Observer:
        """Start watching; the first snapshot has everything that is there already.

        Raises:
            ClusterError: a kind can't be listed; what isn't seen would be taken for not there.
        """
        for thread in self._threads:
            thread.start()
        with self._changed:
            self._changed.wait_for(lambda: len(self._listed) == len(KINDS), timeout=30)
        blind = [kind for kind in KINDS if kind not in self._listed]
        if blind:
            self.stop()
            raise ClusterError(
                f"can't watch {', '.join(blind)} in namespace {self.namespace.name}: "
                f"{self._trouble or 'no answer within 30 s'}; see whether your role may list them"
            )
        return self

    def stop(self) -> None:
        """Stop watching and let the threads end."""
        self._stopped.set()
        for watch in list(self._watches.values()):
            watch.stop()  # type: ignore[attr-defined]
        for answer in list(self._answers.values()):
            _shut(answer)
        for thread in self._threads:
            thread.join(timeout=5)

    def snapshot(self) -> Snapshot:
        """The objects as the watches have last told them."""
        with self._changed:
            self._seen.version = self._version
            return Snapshot(*(dict(self._objects[kind]) for kind in KINDS))

    def change(self, seconds: float) -> None:
        """Block until anything changes after this thread's last snapshot, at most the seconds.

        Raises:
            ClusterError: the API server refuses to tell of a kind, and goes on to do so; whoever
                waits would wait for what nobody sees.
        """
        with self._changed:
            blind = [at for at in self._refused.values() if self.now() - at > self._patience]
            if blind:
                raise ClusterError(
                    f"the API server has refused to list {', '.join(sorted(self._refused))} in "
                    f"namespace {self.namespace.name} for {self.now() - min(blind):.0f} s: "
                    f"{self._trouble}; see who has changed the walk's Role or its account"
                )
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

    def rollouts(self, deployment: str, since: float = 0) -> list[Rollout]:
        """What a Deployment's replicas went through since a moment, without repetitions."""
        rollouts: list[Rollout] = []
        for moment in list(self.history):
            mine = moment.rollout.name == deployment and moment.at >= since
            if mine and (not rollouts or rollouts[-1] != moment.rollout):
                rollouts.append(moment.rollout)
        return rollouts

    def _follow(self, kind: str) -> None:
        from kubernetes.client import ApiException
        from kubernetes.watch import Watch
        from urllib3.exceptions import HTTPError

        lister = self.namespace.lister(kind)

        def ask(*args: object, **options: object) -> object:
            answer = self._answers[kind] = lister(*args, **options)
            if self._stopped.is_set():
                # stop() may have looked for it before it was there.
                _shut(answer)
            return answer

        while not self._stopped.is_set():
            # "object": as they are, not made into the client's models.
            watch, listed = Watch("object"), False
            self._watches[kind] = watch
            try:
                version, listed = self._list(kind, lister), True
                if self._stopped.is_set():
                    return
                for event in watch.stream(
                    ask,
                    self.namespace.name,
                    resource_version=version,
                    timeout_seconds=WATCH,
                    _request_timeout=(10, WATCH + 30),
                ):
                    self._take(kind, *_read(event))
            except (
                ApiException,
                HTTPError,
                OSError,
                KeyError,
                ValueError,
                AttributeError,
            ) as error:
                self._trouble = str(getattr(error, "reason", None) or error)
                refused = getattr(error, "status", None) in REFUSED
                with self._changed:
                    if refused and not listed:
                        self._refused.setdefault(kind, self.now())
                # An expired version, a restarting API server, a socket shut by stop(): list anew.
                # KeyError and AttributeError are what Watch itself makes of an odd error event.
                # Where lists are granted and watches are not, lists have to do.
                self._stopped.wait(1.0 if refused else 0.2)

    def _list(self, kind: str, lister: object) -> str:
        response = lister(  # type: ignore[operator]
            self.namespace.name, _preload_content=False, _request_timeout=API_TIMEOUT
        )
        listed = json.loads(response.data)
        items: Iterable[Object] = listed["items"]
        found = {item["metadata"]["name"]: item for item in items}
        with self._changed:
            self._refused.pop(kind, None)
            if kind not in self._listed or found != self._objects[kind]:
                self._objects[kind] = found
                self._listed.add(kind)
                self._notify(kind)
        return str(listed["metadata"]["resourceVersion"])

    def _take(self, kind: str, event: str, item: Object) -> None:
        if event not in ("ADDED", "MODIFIED", "DELETED"):
            return
        with self._changed:
            name = item["metadata"]["name"]
            if event == "DELETED":
                self._objects[kind].pop(name, None)
            else:
                self._objects[kind][name] = item
            self._notify(kind)

    def _notify(self, kind: str) -> None:
        self._changed_at[kind] = self.now()
        pods = self._objects["Pod"].values()
        there = self._objects["Deployment"]
        for name, deployment in there.items():
            now = rollout(deployment, pods)
            if self._last.get(name) != now:
                self._last[name] = now
                image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
                self.history.append(Moment(self.now(), now, image))
        for name in [name for name in self._last if name not in there]:
            last = self._last.pop(name)
            gone = Rollout(name, 0, 0, 0, 0, 0, 0, last.observed, 0)
            self.history.append(Moment(self.now(), gone))
        self._version += 1
        self._changed.notify_all()


def _read(event: dict[str, Any] | None) -> tuple[str, Object]:
    """What a watch tells: of what kind it is, and the object as it is now."""
    if event is None:
        # What Watch makes of a line that is no JSON: whatever it was to tell is listed anew.
        raise ValueError("a watch has told what is no JSON")
    return event["type"], event["object"]


def _shut(answer: object) -> None:
    """Let whoever reads an answer come to its end; Watch itself does so since kubernetes 36."""
    connection = getattr(answer, "connection", None)
    used = getattr(connection, "sock", None)
    if used:
        with contextlib.suppress(OSError):
            used.shutdown(socket.SHUT_RDWR)
