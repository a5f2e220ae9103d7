"""What applies a faulty candidate: the bundled script, or Helm, of one and the same manifests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Deliver = Callable[[Path, str, str], dict[str, Any]]
"""Writes a Deployment's template and a Service into a folder; what `[manifests]` says of them."""

# What the bundled template leaves to apply.sh, by what a walk sets in a chart.
VARIABLES = {
    "$deployment": "{{ .Values.name }}",
    "$replicas": "{{ .Values.replicas }}",
    "$img": "{{ .Values.image }}",
    "$PORT": "3000",
}
SET = {
    "name": "{name}",
    "replicas": "{replicas}",
    "image": "{image}",
    "service": "{stable}",
}


def by_script(folder: Path, deployment: str, service: str) -> dict[str, Any]:
    """As the bundled project has it."""
    files = {"deployment": deployment, "service": service}
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)
    return {name: str(folder / f"{name}.yml") for name in files}


def by_chart(folder: Path, deployment: str, service: str) -> dict[str, Any]:
    """As a chart that is installed for each track.

    Of one that has both tracks in one release, what is wrong with the candidate's templates reaches
    the live version's Deployment at once.
    """
    chart = folder / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: addressbook\nversion: 1.0.0\n")
    for variable, value in VARIABLES.items():
        deployment = deployment.replace(variable, value)
    (chart / "templates" / "deployment.yaml").write_text(deployment)
    text = f"{{{{- if .Values.service }}}}\n{service}{{{{- end }}}}\n"
    (chart / "templates" / "service.yaml").write_text(text)
    return {"path": str(chart), "releases": 2, "set": SET}
