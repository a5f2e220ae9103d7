"""What a release presupposes, as a project's folder has it: a queue, and kinds of one's own."""

from __future__ import annotations

from pathlib import Path

from fakes.folders import FIXTURES

from pytest_canary.manifests.documents import Document
from pytest_canary.rendering.prerequisites import Prerequisites, read_prerequisites

QUEUE = FIXTURES / "prerequisites" / "queue.yml"

LANE = """\
apiVersion: example.invalid/v1
kind: Lane
metadata: {name: slow}
spec:
  depth: 1
"""

ROLES = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: queue}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {kind: ServiceAccount, name: queue, namespace: people}
  - {kind: ServiceAccount, name: elsewhere, namespace: others}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: queue, namespace: people}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: queue}
"""


def queue(root: Path, image: str = "team/queue:7", more: str = "") -> Path:
    """The file of prerequisites in a project's folder."""
    root.mkdir(exist_ok=True)
    file = root / "queue.yml"
    file.write_text(f"{QUEUE.read_text().replace('IMAGE', image)}{more and f'---{chr(10)}{more}'}")
    return file


def prerequisites(root: Path, more: str = "") -> Prerequisites:
    """What it says."""
    return read_prerequisites([queue(root, more=more)], root)


def named(documents: list[Document]) -> list[str]:
    """Kinds and names of objects, in their order."""
    return [f"{each.kind} {each.name}" for each in documents]
