"""The last good version, promoted again by the stable pipeline, as far as its file allows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_canary.core.errors import FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.delivery.deployed import Deployed
from pytest_canary.delivery.project_pipelines import ProjectPipelines
from pytest_canary.delivery.role_pipelines import BY_HAND
from pytest_canary.delivery.standing import Standing
from pytest_canary.k8s.objects import images
from pytest_canary.manifests.version import STABLE
from pytest_canary.release.transitions import Again
from pytest_canary.rendering.version import Version


class PromotedAgain:
    """Promotes a version again that was live before the candidate.

    Args:
        pipelines: the project's.
        standing: the Deployments that they leave.
        deployed: learns what they call the version's image.
        promote: promotes it where they can't.
    """

    def __init__(
        self,
        pipelines: ProjectPipelines,
        standing: Standing,
        deployed: Deployed,
        promote: Callable[[Version], None],
    ) -> None:
        self._pipelines = pipelines
        self._standing = standing
        self._deployed = deployed
        self._promote = promote

    def promote(self, version: Version, promoted: str) -> Again:
        """Run the stable pipeline for the workflow that has released it; or do it here.

        Args:
            version: the one that is to be live again.
            promoted: the name by which the stable pipeline has deployed the candidate.

        Raises:
            FoundError: the version does not come up.
        """
        recalled = self._pipelines.recall(version.image, promoted)
        file, why = self._pipelines.file("stable"), recalled.why
        if recalled.workflow:
            run = self._pipelines.start("stable", BY_HAND, recalled.workflow)
            result = run.finish(self._pipelines.answer)
            try:
                self._pipelines.keep_end("stable", result)
            except FoundError as error:
                self._promote(version)
                return Again("the rehearsal", (_unrepeatable(error, file),))
            stable = self._standing.deployment(STABLE)
            named = [*images(stable["spec"]["template"])] if stable else []
            if recalled.image in named:
                known = self._deployed.learn(version, recalled.image)
                self._standing.wait_until_settled(STABLE, known)
                self._deployed.expect_pulled(STABLE)
                return Again(file)
            why = f"{file} deploys {' and '.join(named) or 'nothing'} for it"
        self._promote(version)
        return Again(f"the rehearsal, as {why}")


def _unrepeatable(error: FoundError, file: str) -> Finding:
    first = error.findings[0]
    return replace(
        first,
        code="unrepeatable-promotion",
        sentence=f"for the last good version, once there is no canary, {first.sentence}",
        where=first.where or file,
        next=first.next or "let it pass whatever it finds: kubectl delete --ignore-not-found",
    )
