"""Charts, and a program in Helm's place that tells what it was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

# As Helm tells where each object comes from; what a template makes twice, it makes in one go.
MADE = """---
# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: front
  namespace: canary-is-not-known-yet
spec:
  type: LoadBalancer
  selector:
    app: shop
  ports: [{port: 80}]
"""
DEPLOYMENT = """---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-TRACK
spec:
  replicas: REPLICAS
  selector:
    matchLabels: {app: shop, track: TRACK}
  template:
    metadata:
      labels: {app: shop, track: TRACK}
    spec:
      imagePullSecrets: [{name: registry}]
      containers:
        - name: shop
          image: IMAGE
          readinessProbe: {httpGet: {path: /, port: 80}}
"""
HOOK = """---
# Source: shop/templates/migrate.yaml
apiVersion: batch/v1
kind: Job
metadata:
  name: NAME
  annotations: {helm.sh/hook: PHASES}
spec:
  template:
    metadata:
      labels: {app: shop-migrate}
    spec:
      restartPolicy: Never
      containers:
        - name: migrate
          image: IMAGE
          command: [app, COMMAND]
"""
TEMPLATE = """{{- if .replicas }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-{{ .track }}
spec:
  replicas: {{ .replicas }}
"""

# What of the values is set, is filled in, as the chart's templates would.
SCRIPT = r"""#!/bin/sh
echo "$*" >>{folder}/asked
[ "$1" = template ] || exec {folder}/answer "$@"
for track in stable canary; do
  replicas=$(echo "$*" | sed -n "s/.*$track\.replicas=\([0-9]*\).*/\1/p")
  image=$(echo "$*" | sed -n "s/.*$track\.image=\"\([^\"]*\)\".*/\1/p")
  [ "${replicas:-0}" = 0 ] ||
    sed "s|TRACK|$track|g; s|REPLICAS|$replicas|; s|IMAGE|$image|" {folder}/made
done
cat {folder}/around
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a chart, and nothing on the PATH but its Helm and the machine's tools."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    return chart(tmp_path)


def chart(root: Path) -> Path:
    """A project with a chart, and Helm in `root/bin`."""
    templates = root / "chart" / "templates"
    templates.mkdir(parents=True)
    (root / "Dockerfile").touch()
    (root / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    (templates / "web.yaml").write_text(TEMPLATE)
    (templates / "service.yaml").write_text("kind: Service\nspec:\n  type: {{ .type }}\n")
    put_helm(root / "bin")
    answer(root, "")
    return root


def put_helm(folder: Path) -> Path:
    """A folder with a program in Helm's place, that knows of one chart."""
    folder.mkdir()
    helm = folder / "helm"
    helm.write_text(SCRIPT.replace("{folder}", str(folder)))
    helm.chmod(0o755)
    (folder / "made").write_text(DEPLOYMENT)
    (folder / "around").write_text(MADE)
    return folder


def put_hook(
    root: Path,
    name: str = "shop-migrate",
    phases: str = '"pre-install,pre-upgrade"',
    command: str = "migrate",
) -> None:
    """Let the chart have a hook; each beside those that it has already."""
    text = HOOK.replace("NAME", name).replace("PHASES", phases).replace("COMMAND", command)
    with (root / "bin" / "made").open("a") as made:
        made.write(text)


def answer(root: Path, script: str) -> None:
    """What Helm says, but for `helm template`."""
    path = root / "bin" / "answer"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def asked(root: Path) -> list[str]:
    """What Helm was told."""
    path = root / "bin" / "asked"
    return path.read_text().splitlines() if path.exists() else []
