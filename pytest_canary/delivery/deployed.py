"""What a pipeline has deployed: what it calls the candidate, what it runs, why that fails."""

from __future__ import annotations

from collections.abc import Callable

from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.delivery.project_pipelines import ProjectPipelines
from pytest_canary.delivery.role_pipelines import CALLED
from pytest_canary.delivery.standing import Standing
from pytest_canary.k8s.objects import Object, images
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.pipelines.roles import Role
from pytest_canary.rendering.version import Version


class Deployed:
    """Looks at the Deployments that pipelines make.

    Args:
        standing: knows them.
        pipelines: the project's.
        learn: told what a version's image is called; the version by that.
    """

    def __init__(
        self,
        standing: Standing,
        pipelines: ProjectPipelines,
        learn: Callable[[Version, str], Version],
    ) -> None:
        self._standing = standing
        self._pipelines = pipelines
        self.learn = learn

    def version(self, deployment: Object, version: Version, role: Role) -> Version:
        """The candidate, by the name that a Deployment has for its image.

        Raises:
            ReleaseError: it runs nothing that the first pipeline has built.
        """
        named = [*images(deployment["spec"]["template"])]
        own = [each for each in named if self._pipelines.images.has_built(each)]
        if version.image in named or own:
            return self.learn(version, version.image if version.image in named else own[0])
        raise ReleaseError(
            f"{CALLED[role]} deploys {', '.join(named)}, and that is not what "
            f"{CALLED['build']} has built; let it push and deploy the image of its own workflow"
        )

    def explain(self, track: str, version: Version, error: FoundError) -> FoundError:
        """The error to raise where a pipeline fails: why, too, if the cluster tells."""
        deployed = self._standing.deployment(track)
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
        return self._standing.explain(track, version, error)

    def expect_pulled(self, track: str) -> None:
        """Return where a track's pods run what was pushed under their image's name.

        Raises:
            FoundError: one runs something else.
        """
        if self._pipelines.registry:
            found = self._pipelines.registry.find_moved(self._standing.pods(track))
            if found:
                raise FoundError(found)
