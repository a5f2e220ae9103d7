"""The cleanup: nothing of the run is left."""

from __future__ import annotations

from pytest_canary.core.errors import ReleaseError
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import Suite

SUITE = Suite()


@SUITE.holds("everything that the run made is deleted")
def is_deleted(walk: Walk) -> None:
    walk.enter("cleanup")


def none_left(walk: Walk, kind: str) -> None:
    """Nothing of a kind is left; where there was none, that is known too."""
    left = walk.memory.left.get(kind)
    if left:
        listed = ", ".join(str(each) for each in left)
        raise ReleaseError(
            f"run {walk.run.record.run} left {kind}: {listed}; `pytest --canary-reap` removes them"
        )


@SUITE.holds("no Deployment, Pod, Service or Secret is left")
def no_object(walk: Walk) -> None:
    none_left(walk, "objects")


@SUITE.holds("no container is left")
def no_container(walk: Walk) -> None:
    none_left(walk, "containers")


@SUITE.holds("no volume is left")
def no_volume(walk: Walk) -> None:
    none_left(walk, "volumes")


@SUITE.holds("no network is left")
def no_network(walk: Walk) -> None:
    none_left(walk, "networks")


@SUITE.holds("no forwarded port is left")
def no_port(walk: Walk) -> None:
    none_left(walk, "ports")


@SUITE.holds("no process is left")
def no_process(walk: Walk) -> None:
    none_left(walk, "processes")


@SUITE.holds("no temporary file is left")
def no_file(walk: Walk) -> None:
    none_left(walk, "files")


@SUITE.holds("no kubeconfig entry is left")
def no_context(walk: Walk) -> None:
    none_left(walk, "contexts")


@SUITE.holds("no image name is left")
def no_image(walk: Walk) -> None:
    none_left(walk, "images")
    walk.note("cleanup", "nothing left")
