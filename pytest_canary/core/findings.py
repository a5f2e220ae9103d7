"""A finding: one thing that is wrong with a release, its evidence, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Level = Literal["error", "warning", "off"]
"""How a finding is taken: it fails a check; it is told, and fails nothing; it is reported alone."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: stable name of the kind of finding, by which it is looked up: the rule that has found
            it ("missing-secret"), or the reason that Kubernetes itself gives where it has one
            ("ImagePullBackOff").
        sentence: what is wrong and with what, in one sentence.
        where: the object, container or file and line: "pod web-1, container web".
        seen: how it showed itself, beside the place: "restarted once"; empty for nothing more.
        evidence: messages, log lines or events that show it, a line each.
        likely: the likely cause; empty where the sentence says it.
        next: what to do next, or where to look.
        doomed: whether waiting can't mend it. What is not doomed is told at the deadline only.
        level: how it is taken; a project may set that of a rule.
        why: why the project has set it; empty where it has not, or does not say.
        file: the file that mends it, where `where` names one; None for what is in none.
        line: of that file, counted from 1; 0 for no line in particular.
    """

    code: str
    sentence: str
    where: str = ""
    seen: str = ""
    evidence: str = ""
    likely: str = ""
    next: str = ""
    doomed: bool = True
    level: Level = "error"
    why: str = ""
    file: Path | None = None
    line: int = 0

    @property
    def details(self) -> str:
        """What follows the sentence: a labelled line each for what is known, then the evidence."""
        seen = ", ".join(part for part in (self.where, self.seen) if part)
        labelled = (
            ("seen", seen),
            ("likely", self.likely),
            ("next", self.next),
            ("why", self.why and f"level {self.level}: {self.why}"),
        )
        lines = [f"{label:<8}{text}" for label, text in labelled if text]
        return "\n".join([*lines, *self.evidence.splitlines()])

    def changed(self, change: Callable[[str], str]) -> Finding:
        """The same with every text of it changed, as where secrets are taken out."""
        return replace(
            self,
            sentence=change(self.sentence),
            where=change(self.where),
            seen=change(self.seen),
            evidence=change(self.evidence),
            likely=change(self.likely),
            next=change(self.next),
            why=change(self.why),
        )
