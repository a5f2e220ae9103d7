"""Walks side by side in one cluster, each with one fault at a time in a namespace of its own.

Most of the time a fault waits for a kubelet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import pytest
from acceptance import faults
from acceptance.bench import DUMP, Bench, Outcome, makers_kubeconfig, manage, manifest, table
from acceptance.deliveries import Deliver, by_script
from acceptance.faults import Fault
from acceptance.projects import Project
from acceptance.rehearsals import Place, build, hold, load, rehearsal
from fakes.folders import FIXTURES

from pytest_canary.cluster.run import RUN_LABEL
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.rehearsal.rehearsal import Rehearsal

FAULTS = faults.load(FIXTURES / "faults")

# Whom the bundled image runs as.
USER = "10001:10001"


class Lanes:
    """Benches side by side, each with one fault at a time.

    A fault with traffic has the cluster to itself, as others would count in its latencies.

    Args:
        benches: at least one.
        chosen: the faults that will be asked for, in that order.
        walks: end what the benches stand on.
    """

    def __init__(self, benches: Sequence[Bench], chosen: Iterable[Fault], walks: ExitStack) -> None:
        self.benches = benches
        self._walks = walks
        self._free: SimpleQueue[Bench] = SimpleQueue()
        for bench in benches:
            self._free.put(bench)
        self._pool = ThreadPoolExecutor(len(benches), thread_name_prefix="lane")
        self._outcomes: dict[str, Future[Outcome]] = {
            fault.name: self._pool.submit(self._rehearse, fault)
            for fault in chosen
            if not fault.has_traffic
        }

    def outcome(self, fault: Fault) -> Outcome:
        """What comes of a fault, as soon as it is known."""
        if fault.name in self._outcomes:
            return self._outcomes[fault.name].result()
        return self.alone().outcome(fault)

    def alone(self) -> Bench:
        """A bench beside which there is no other any more."""
        wait(self._outcomes.values())
        first, *others = self.benches
        self.benches = (first,)
        for bench in others:
            leave(bench.walk)
        return first

    def close(self) -> None:
        """Begin no other fault, and remove all that is theirs, their namespaces at once."""
        self._pool.shutdown(cancel_futures=True)
        benches, self.benches = self.benches, ()
        for bench in benches:
            leave(bench.walk)
        self._walks.close()

    def _rehearse(self, fault: Fault) -> Outcome:
        bench = self._free.get()
        try:
            return bench.outcome(fault)
        finally:
            self._free.put(bench)


def share(walk: Rehearsal) -> None:
    """Let another walk of the same project come into the cluster, and leave this one its things."""
    assert walk.workspace.cluster_run, "the cluster is reused"
    # Each has it to itself otherwise, and removes the namespaces of others as a killed run's.
    namespace = walk.context.namespace.name
    manage(walk, "label", "--overwrite", "namespace", namespace, f"{RUN_LABEL}=beside-others")
    # Its commands make nothing of the cluster any more, and would look as if they did.
    walk.context.cluster.processes = walk.workspace.processes
    walk.workspace.cluster_run.release()


def leave(walk: Rehearsal) -> None:
    """Remove what a walk has in the cluster that it shares, and don't wait until that is gone."""
    walk.workspace.stop_background()
    name = walk.context.namespace.name
    manage(walk, "label", "--overwrite", "namespace", name, f"{RUN_LABEL}={walk.workspace.run.id}")
    Namespace(makers_kubeconfig(walk), name).delete()


def open_lanes(
    shared: Project,
    folder: Path,
    releases: Mapping[str, str],
    chosen: Sequence[Fault],
    number: int = 3,
    deliver: Deliver = by_script,
) -> Lanes:
    """Walks with release 1 live, and every faulty image on their node; for the caller to close.

    Args:
        shared: the project whose runs share the cluster.
        folder: a fresh one.
        releases: the names of the images, by release.
        chosen: the faults that will be asked for.
        number: how many.
        deliver: writes the manifests.
    """
    texts = [manifest(each, ends_at_once=True) for each in ("deployment", "service")]
    settings = table() | {"manifests": deliver(folder, *texts)}
    with ExitStack() as stack:
        walks = []
        for at in range(number):
            own = folder / f"lane-{at}"
            own.mkdir()
            walk = stack.enter_context(rehearsal(shared, own, releases, settings))
            hold(walk, "preflight", "cluster")
            share(walk)
            walks.append(walk)
        first = walks[0]
        with ThreadPoolExecutor(number + 1) as pool:
            held = [pool.submit(hold, walk, "baseline") for walk in walks]
            faulty = build(first, write_contexts(chosen, releases["2"], folder))
            if faulty:
                load(first, faulty.values())
            for baseline in held:
                baseline.result()
        images, benches = {"": first.context.candidate.image} | faulty, []
        for at, walk in enumerate(walks):
            database = walk.plan.settings.database
            dump = DUMP.format(user=database.user, name=database.name)
            walk.context.database.script(dump, timeout=60)
            benches.append(Bench(walk, folder / f"lane-{at}", images, Place.of(walk), deliver))
        return Lanes(benches, chosen, stack.pop_all())


def write_contexts(chosen: Iterable[Fault], candidate: str, folder: Path) -> dict[str, Path]:
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


def faults_left(session: pytest.Session, what: str = "") -> list[Fault]:
    """The faults that -k and -m have left.

    Args:
        what: stands before their names, where that is not the bundled script's.
    """
    left = {item.name for item in session.items}
    return [fault for fault in FAULTS if any(f"[{what}{fault.name}]" in name for name in left)]
