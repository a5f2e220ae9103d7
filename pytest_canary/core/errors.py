"""Everything that pytest-canary raises.

    CanaryError
    ├── SettingsError     the settings or options are wrong; nothing was started
    ├── CommandError      an external command failed
    ├── WaitTimeoutError  something awaited did not come about in time
    ├── ClusterError      the cluster can't be had, reached or trusted
    ├── ImageError        an image can't be found, built or loaded
    ├── ReleaseError      a transition of the release failed
    │   └── FoundError    … and why is known
    ├── ApiError          the app did not answer as promised
    ├── TrafficError      the traffic did not run, so that nothing can be said of it
    └── DatabaseError     the database did not answer as promised
    NotApplicable         a check does not apply; no error

An error's text is one sentence that says what failed, where, what was seen and what to do next;
the evidence follows in `evidence`, on lines of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_canary.core.wording import encodable, last_line

if TYPE_CHECKING:
    from pytest_canary.core.findings import Finding


class CanaryError(Exception):
    """One sentence for a person, then the evidence.

    Attributes:
        sentence: what failed, where, what was seen, what to do next.
        evidence: output, logs or objects that show it; empty where the sentence says it all.
    """

    def __init__(self, sentence: str, evidence: str = "") -> None:
        self.sentence = encodable(sentence)
        self.evidence = encodable(evidence).strip("\n")
        super().__init__(self.sentence)

    def __str__(self) -> str:
        if not self.evidence:
            return self.sentence
        indented = "\n".join(f"    {line}" for line in self.evidence.splitlines())
        return f"{self.sentence}\n{indented}"


class SettingsError(CanaryError):
    """The settings or options are wrong: every mistake at once, one a line."""


class CommandError(CanaryError):
    """An external command failed, hung or could not be started.

    The evidence is the command, so that it can be pasted, and its output.

    Attributes:
        code: its exit code; None where it was stopped at its deadline or never ran.
        output: what it had written, standard output and error together.
        last_words: the last line of its standard error; where that is empty, of its output; where
            both are, the sentence. Of the two pipes nobody knows which was written to last.
    """

    def __init__(
        self,
        sentence: str,
        output: str = "",
        code: int | None = None,
        *,
        command: str = "",
        stderr: str = "",
    ) -> None:
        super().__init__(sentence, f"$ {command}\n{output}" if command else output)
        self.code = code
        self.output = output
        self.last_words = last_line(stderr) or last_line(output) or self.sentence


class WaitTimeoutError(CanaryError):
    """A deadline passed; the sentence says what was awaited and what was seen last."""


class ClusterError(CanaryError):
    """The cluster can't be had, reached or trusted."""


class ImageError(CanaryError):
    """An image can't be found, built or loaded."""


class ReleaseError(CanaryError):
    """A transition of the release failed."""


class FoundError(ReleaseError):
    """A transition failed, and why is known.

    Args:
        findings: what was found, the one that is told first at the head.
        more: what else was seen, after the findings.
        after: seconds from the transition to the findings, where that was measured.
    """

    def __init__(
        self, findings: Sequence[Finding], more: str = "", after: float | None = None
    ) -> None:
        first, *others = findings
        told = [first.details, *(f"{each.sentence}\n{each.details}" for each in others), more]
        super().__init__(first.sentence, "\n".join(text for text in told if text))
        self.findings = tuple(findings)
        self.after = after


class ApiError(CanaryError):
    """The app did not answer as promised."""


class TrafficError(CanaryError):
    """The traffic did not run as it should, so that it says nothing of the app."""


class DatabaseError(CanaryError):
    """The database did not answer as promised."""


class NotApplicable(Exception):  # noqa: N818 (it is no error: its check is skipped)
    """Raised by a check that does not apply, with why; it is skipped."""
