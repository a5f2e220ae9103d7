"""Projects whose objects stand in plain YAML, and what a walk makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan, plan
from pytest_canary.config.settings_file import check
from pytest_canary.manifests.documents import Document
from pytest_canary.rendering.naming import with_names

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 5
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
    spec:
      initContainers:
        - name: migrate
          image: team/shop:1.3
      containers:
        - name: shop
          image: team/shop:1.4
          ports: [{containerPort: 80}]
          readinessProbe: {httpGet: {path: /, port: 80}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  type: LoadBalancer
  selector:
    app: shop
  ports: [{port: 80}]
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  template:
    spec:
      restartPolicy: Never
      imagePullSecrets: [{name: registry}]
      containers:
        - name: migrate
          image: team/shop:1.4
          command: [app, migrate]
"""
WITHOUT_INIT = DEPLOYMENT.replace(
    """      initContainers:
        - name: migrate
          image: team/shop:1.3
""",
    "",
)


def project(root: Path, *texts: str, **files: str) -> Path:
    """A project whose folder k8s holds these texts in one file, or each in one of its own."""
    root.mkdir(exist_ok=True)
    (root / "Dockerfile").touch()
    if texts or files:
        (root / "k8s").mkdir(exist_ok=True)
    if texts:
        (root / "k8s" / "all.yml").write_text("---\n".join(texts))
    for name, text in files.items():
        (root / "k8s" / f"{name}.yml").write_text(text)
    return root


def planned(root: Path, *, options: Options | None = None, **table: Any) -> Plan:
    """What its settings make, with the names that its manifests say."""
    return plan(with_names(check(table, root, "canary.toml")), options or Options(check=True))


def one(documents: list[Document], kind: str) -> Document:
    """The only object of a kind."""
    (found,) = (each for each in documents if each.kind == kind)
    return found
