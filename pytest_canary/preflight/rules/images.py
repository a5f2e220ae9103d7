"""Rules about the containers' images: whether they can be found, and which they are tomorrow."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.k8s.image_names import tag
from pytest_canary.manifests.documents import Fault
from pytest_canary.preflight.groups import FIXED_IMAGES, PULL_POLICY
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject


@rule(
    "pull-policy",
    "a pull policy with which the image is not found",
    PULL_POLICY,
    advice="write `imagePullPolicy: IfNotPresent`",
)
def pull_policy(subject: Subject) -> Iterator[Fault]:
    """Where the image is loaded, it is not pulled; where it is pushed, it is."""
    for workload in subject.pods():
        for place, container in workload.all_containers():
            ours = container.get("image") == workload.given.image
            policy = container.get("imagePullPolicy")
            wrong = ""
            if subject.kind_cluster and ours and policy == "Always":
                wrong = "asks a registry for the image, which is only loaded into the kind node"
                fix = "write imagePullPolicy: IfNotPresent"
            elif policy == "Never" and not ours:
                wrong = f"is never pulled, and nothing loads {container.get('image')} into a node"
                fix = "write imagePullPolicy: IfNotPresent"
            elif policy == "Never" and not subject.kind_cluster:
                wrong = "is never pulled, and the image is in a registry only"
                fix = "write imagePullPolicy: IfNotPresent"
            if wrong:
                sentence = f"container {container.get('name')} {wrong}"
                spot = (*place, "imagePullPolicy")
                yield workload.deployment.fault(spot, sentence, fix)


@rule(
    "latest-image",
    "an image without a fixed tag",
    FIXED_IMAGES,
    level="warning",
    advice="write a tag that stays, or a digest",
)
def latest_image(subject: Subject) -> Iterator[Fault]:
    """An image that stands in the template stands for one content."""
    for workload in subject.pods():
        for place, container in workload.all_containers():
            image = container.get("image")
            if not isinstance(image, str) or image == workload.given.image or "@" in image:
                continue
            if tag(image) in ("", "latest"):
                yield workload.deployment.fault(
                    (*place, "image"),
                    f"container {container.get('name')} runs {image}, which may be another image "
                    "tomorrow",
                    "write a tag that stays, or a digest",
                )
