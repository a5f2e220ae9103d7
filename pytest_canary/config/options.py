"""What the command line asks for, as the plan takes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

STAGES = (
    "preflight",
    "cluster",
    "baseline",
    "canary",
    "migration",
    "verdict",
    "stable",
    "rollback",
    "cleanup",
)

Keep = Literal["never", "on-failure", "always"]

# The same, for who has to list them.
KEEP: tuple[Keep, ...] = get_args(Keep)


@dataclass(frozen=True)
class Options:
    """What the command line asks for; see the help of each option.

    Attributes:
        registry: PUSH=PULL where nodes know it by another name than this machine; one name, where
            both do.
    """

    image: str | None = None
    baseline: str | None = None
    pipeline: str | None = None
    until: str = STAGES[-1]
    check: bool = False
    keep: Keep = "never"
    reuse: bool = False
    context: str | None = None
    registry: str | None = None
    namespace: str | None = None
    confirm: str | None = None
    cluster_name: str | None = None
    kubeconfig: str | None = None
    node_image: str | None = None
    kind: Path | None = None
    kubectl: Path | None = None
    report: Path = Path("canary-report")

    @property
    def push_registry(self) -> str | None:
        """The registry as this machine reaches it."""
        return self.registry.partition("=")[0] if self.registry else None

    @property
    def pull_registry(self) -> str | None:
        """The registry as the nodes reach it, and manifests name it."""
        return self.registry.rpartition("=")[2] if self.registry else None
