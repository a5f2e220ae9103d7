"""What a pipeline has deployed: by which name it calls the candidate, and why that fails."""

from __future__ import annotations

from collections.abc import Callable

from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.delivery.pushed_images import PushedImages
from pytest_canary.delivery.role_pipelines import CALLED
from pytest_canary.k8s.objects import Object, images
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.pipelines.roles import Role
from pytest_canary.release.release import Release
from pytest_canary.rendering.version import Version


class Deployed:
    """Looks at the Deployments that pipelines make.

    Args:
        release: knows them.
        pushed: the images that jobs have pushed.
        learn: told what a version's image is called; the version by that.
    """

    def __init__(
        self, release: Release, pushed: PushedImages, learn: Callable[[Version, str], Version]
    ) -> None:
        self._release = release
        self._pushed = pushed
        self.learn = learn

    def version(self, deployment: Object, version: Version, role: Role) -> Version:
        """The candidate, by the name that a Deployment has for its image.

        Raises:
            ReleaseError: it runs nothing that the first pipeline has built.
        """
        named = [*images(deployment["spec"]["template"])]
        own = [each for each in named if self._pushed.has_built(each)]
        if version.image in named or own:
            return self.learn(version, version.image if version.image in named else own[0])
        raise ReleaseError(
            f"{CALLED[role]} deploys {', '.join(named)}, and that is not what "
            f"{CALLED['build']} has built; let it push and deploy the image of its own workflow"
        )

    def explain(self, track: str, version: Version, error: FoundError) -> FoundError:
        """The error to raise where a pipeline fails: why, too, if the cluster tells."""
        deployed = self._release.namespace.deployment(self._release.name(track))
        if deployed is None or (
            track == STABLE and version.image not in images(deployed["spec"]["template"])
        ):
            return error
        if track == CANARY:
            try:
                version = self.version(deployed, version, "canary")
            except ReleaseError as foreign:
                beside = Finding("ReleaseError", foreign.sentence)
                return FoundError([*error.findings, beside])
        cause = self._release.rollouts.find_cause(track, version, error)
        if not isinstance(cause, FoundError) or cause is error:
            return error
        return FoundError([*error.findings, *cause.findings], after=cause.after)
