"""Objects as a real API server gave them; fixtures/objects/README.md says how they came about."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

OBJECTS = Path(__file__).parents[2] / "fixtures" / "objects"


@dataclass
class Objects:
    """A namespace at one moment; a test may change its copy."""

    deployments: dict[str, dict[str, Any]]
    pods: list[dict[str, Any]]
    slices: list[dict[str, Any]]

    def pod(self, prefix: str) -> dict[str, Any]:
        """The first pod whose name begins so."""
        return next(pod for pod in self.pods if pod["metadata"]["name"].startswith(prefix))


@pytest.fixture
def captured() -> Callable[[str], Objects]:
    """Reads fixtures/objects/NAME.json."""

    def read(name: str) -> Objects:
        items = json.loads((OBJECTS / f"{name}.json").read_text())["items"]

        def of(kind: str) -> list[dict[str, Any]]:
            return [item for item in items if item["kind"] == kind]

        deployments = {item["metadata"]["name"]: item for item in of("Deployment")}
        return Objects(deployments, of("Pod"), of("EndpointSlice"))

    return read
