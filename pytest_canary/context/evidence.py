"""The evidence of what went wrong, kept in the report's folder: a numbered one a failure."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary.context.report_folder import FINDINGS, ReportFolder
from pytest_canary.core import files
from pytest_canary.core.errors import CanaryError, FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import encodable

if TYPE_CHECKING:
    from pytest_canary.release.diagnostics import Diagnostics


@dataclass(frozen=True)
class Failure:
    """One thing that failed, and what was there at that moment.

    Attributes:
        stage: where the walk stood.
        error: what was raised, as it was raised.
        sentence: what failed, in one line, without secrets.
        evidence: what shows it, without secrets.
        folder: the evidence's, as the user finds it; None where none could be kept.
        files: the names of what is in it.
        lost: why none could be kept.
        also: what has happened to what the release stands on, and may be the cause.
    """

    stage: str
    error: BaseException
    sentence: str = ""
    evidence: str = ""
    folder: Path | None = None
    files: tuple[str, ...] = ()
    lost: str = ""
    also: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, as it was raised; any other error is one finding, without secrets."""
        if isinstance(self.error, FoundError):
            return self.error.findings
        code = type(self.error).__name__.removesuffix("Error")
        return (Finding(code, self.sentence or code, evidence=self.evidence),)

    @property
    def also_text(self) -> str:
        """The same in words, some lines each."""
        told = (f"{'also':<8}{each.sentence}\n{each.details}".rstrip() for each in self.also)
        return "".join(f"{text}\n" for text in told)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, relative to the report's folder."""
        # findings/RUN/NUMBER, whatever the user calls the report's own folder.
        where = "/".join(self.folder.parts[-3:]) if self.folder else ""
        return tuple(f"{where}/{name}" for name in self.files)

    @property
    def line(self) -> str:
        """Where the evidence is, as an error's last line."""
        texts = [Path(name).stem for name in self.files if name.endswith(".txt")]
        logs = ["previous log" if ".previous." in n else "log" for n in self.files if ".log" in n]
        return f"{'files':<8}{self.folder}/ ({', '.join([*texts, *sorted(set(logs))])})"


class Evidence:
    """Writes one run's failures down, in folders that it numbers.

    Args:
        folder: the report's.
    """

    def __init__(self, folder: ReportFolder) -> None:
        self._folder = folder
        self._number = 0

    def keep(
        self,
        stage: str,
        error: BaseException,
        diagnostics: Diagnostics | None,
        redact: Callable[[str], str] = str,
        also: Iterable[Finding] = (),
    ) -> Failure:
        """Write down what there is of a failure.

        Args:
            stage: where it failed.
            error: what was raised; its text is kept too.
            diagnostics: what the cluster says; None where there is none yet.
            redact: takes the secrets out of a text.
            also: what has happened to what the release stands on.

        Returns:
            The failure; without a folder where that can't be written to.
        """
        self._number += 1
        number = str(self._number)
        failure = failure_of(stage, error, redact, also)
        texts = {"finding.txt": f"stage {stage}: {text_of(error)}\n{failure.also_text}"}
        if diagnostics:
            texts |= {
                "describe.txt": diagnostics.describe,
                "events.txt": diagnostics.events,
                "objects.txt": diagnostics.objects,
                **diagnostics.logs,
            }
        try:
            folder = self._folder.prepare_findings() / number
            folder.mkdir()
            for name, text in texts.items():
                files.put(folder / name, redact(text))
        except (CanaryError, OSError) as trouble:
            # It must not hide what failed.
            return replace(failure, lost=str(trouble))
        shown = self._folder.shown / FINDINGS / self._folder.run / number
        return replace(failure, folder=shown, files=tuple(texts))

    def keep_traceback(self, error: Exception, redact: Callable[[str], str]) -> str:
        """Keep where something went wrong that must not end the run, and tell it in one line.

        Args:
            error: an error in this package.
            redact: takes the secrets out of a text.
        """
        name = type(error).__name__
        told = f"{name}: {redact(sentence_of(error))}"
        shown = self._folder.shown / FINDINGS / self._folder.run / f"{name}.txt"
        try:
            text = redact("".join(traceback.format_exception(error)))
            files.put(self._folder.prepare_findings() / shown.name, text)
        except (CanaryError, OSError) as trouble:
            return f"{told}; its traceback can't be kept: {trouble}"
        return f"{told}; its traceback is in {shown}"


def failure_of(
    stage: str,
    error: BaseException,
    redact: Callable[[str], str] = str,
    also: Iterable[Finding] = (),
) -> Failure:
    """A failure in words, of which no files are kept."""
    evidence = redact(error.evidence) if isinstance(error, CanaryError) else ""
    found = tuple(each.changed(redact) for each in also)
    return Failure(stage, error, redact(sentence_of(error)), evidence, also=found)


def sentence_of(error: BaseException) -> str:
    """What an error says, in one line."""
    if isinstance(error, CanaryError):
        return error.sentence
    return text_of(error).splitlines()[0]


def text_of(error: BaseException) -> str:
    """What an error says; its name where that is nothing, or where it fails to say anything."""
    try:
        text = encodable(str(error)).strip("\n")
    except Exception:  # a team's own error may do anything
        text = ""
    return text or type(error).__name__
