"""What `--canary-check` brings to the stage `preflight`: files, and nothing that is started."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.config.plan import Plan
from pytest_canary.preflight.inspection import Inspection, inspect


class ManifestCheck:
    """The manifests as the stage `preflight` looks at them; it has no other stage.

    Args:
        plan: what would be rehearsed.
        root: the folder that paths are told from.
    """

    inspection: Inspection

    def __init__(self, plan: Plan, root: Path) -> None:
        self.plan = plan
        self.root = root
        self.notes: dict[str, list[str]] = {}
        self._entered: set[str] = set()

    def enter(self, stage: str) -> None:
        """Inspect the manifests, once."""
        if stage not in self._entered:
            self.inspection = inspect(self.plan, self.root)
            self._entered.add(stage)

    def entered(self, stage: str) -> bool:
        """Whether they are inspected."""
        return stage in self._entered

    def note(self, stage: str, text: str) -> None:
        """A figure that is worth a place on the stage's line."""
        self.notes.setdefault(stage, []).append(text)

    def mask(self, error: BaseException) -> None:
        """No secret is made up, and none is read."""

    def witness(self, stage: str, error: BaseException) -> None:
        """A finding is its own evidence."""
