"""The evidence of what went wrong, kept in the report's folder: a numbered folder a failure."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary.core.errors import CanaryError

if TYPE_CHECKING:
    from pytest_canary.release.diagnostics import Diagnostics

FINDINGS = "findings"


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
    """

    stage: str
    error: BaseException
    sentence: str = ""
    evidence: str = ""
    folder: Path | None = None
    files: tuple[str, ...] = ()
    lost: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, relative to the report's folder."""
        number = self.folder.name if self.folder else ""
        return tuple(f"{FINDINGS}/{number}/{name}" for name in self.files)

    @property
    def line(self) -> str:
        """Where the evidence is, as an error's last line."""
        texts = [Path(name).stem for name in self.files if name.endswith(".txt")]
        logs = ["previous log" if ".previous." in n else "log" for n in self.files if ".log" in n]
        return f"{'files':<8}{self.folder}/ ({', '.join([*texts, *sorted(set(logs))])})"


class Evidence:
    """Writes to the report's folder, which is made when there is something to put into it.

    Args:
        folder: the report's.
        shown: what the user calls it, such as a path that starts where pytest was started.
    """

    def __init__(self, folder: Path, shown: Path) -> None:
        self.folder = folder
        self.shown = shown
        self._number = 0

    def clear(self) -> None:
        """Remove what an earlier run has found; nothing else that is in the folder."""
        shutil.rmtree(self.folder / FINDINGS, ignore_errors=True)

    def prepare(self) -> Path:
        """Make the folder, which git is to leave alone as it does pytest's cache."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("# Made by pytest --canary.\n*\n", encoding="utf-8")
        return self.folder

    def keep(
        self,
        stage: str,
        error: BaseException,
        diagnostics: Diagnostics | None,
        redact: Callable[[str], str] = str,
    ) -> Failure:
        """Write down what there is of a failure.

        Args:
            stage: where it failed.
            error: what was raised; its text is kept too.
            diagnostics: what the cluster says; None where there is none yet.
            redact: takes the secrets out of a text.

        Returns:
            The failure; without a folder where that can't be written to.
        """
        self._number += 1
        where = Path(FINDINGS) / str(self._number)
        texts = {"finding.txt": f"stage {stage}: {error}\n"}
        if diagnostics:
            texts |= {
                "describe.txt": diagnostics.describe,
                "events.txt": diagnostics.events,
                "objects.txt": diagnostics.objects,
                **diagnostics.logs,
            }
        failure = failure_of(stage, error, redact)
        try:
            folder = self.prepare() / where
            folder.mkdir(parents=True)
            for name, text in texts.items():
                (folder / name).write_text(redact(text), encoding="utf-8")
        except OSError as trouble:
            # It must not hide what failed.
            return replace(failure, lost=str(trouble))
        return replace(failure, folder=self.shown / where, files=tuple(texts))


def failure_of(stage: str, error: BaseException, redact: Callable[[str], str] = str) -> Failure:
    """A failure in words, of which no files are kept."""
    evidence = redact(getattr(error, "evidence", ""))
    return Failure(stage, error, redact(sentence_of(error)), evidence)


def sentence_of(error: BaseException) -> str:
    """What an error says, in one line."""
    if isinstance(error, CanaryError):
        return error.sentence
    return (str(error) or type(error).__name__).splitlines()[0]
