"""Manifests that change between two versions."""

from fakes.preflight import healthy
from fakes.repository import own_git as own_git

# The words.

JOB = """---
apiVersion: batch/v1
kind: Job
metadata: {name: extras}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: $img, args: [migrate]}]
"""
# Of an image of its own, so that it is no migration.
REPORT = JOB.replace("$img", "shop:1").replace("migrate", "report")
QUEUE = """---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue}
spec:
  serviceName: queue
  selector: {matchLabels: {app: queue}}
  template:
    metadata: {labels: {app: queue}}
    spec: {containers: [{name: queue, image: "queue:1"}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
CLAIM = """---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
MAP = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: extras}
data: {banner: "on"}
"""
SERVICE = """---
apiVersion: v1
kind: Service
metadata: {name: shop-admin}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: http}]}
"""
ENVIRONMENT = "          envFrom: [{secretRef: {name: db-params}}]\n"


def edited(kind: str, *edits: tuple[str, str], more: str = "") -> dict[str, str]:
    """The healthy manifest of a kind with edits, and what is put behind it."""
    text = healthy(kind)
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return {kind: text + more}


def env(*entries: str) -> tuple[str, str]:
    """The edit that gives the container these variables too."""
    return ENVIRONMENT, f"{ENVIRONMENT}          env: [{', '.join(entries)}]\n"


def queue(*edits: tuple[str, str]) -> dict[str, str]:
    text = QUEUE
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return edited("deployment", more=text)
