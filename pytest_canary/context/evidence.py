"""The evidence of what went wrong, kept in the report's folder: a numbered folder a failure."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.core.masking import Redactor
from pytest_canary.release.release import Diagnostics

FINDINGS = "findings"


@dataclass(frozen=True)
class Failure:
    """One thing that failed, and what was there at that moment.

    Attributes:
        stage: where the walk stood.
        error: what was raised.
        folder: the evidence's, as the user finds it; None where none could be kept.
        files: the names of what is in it.
    """

    stage: str
    error: BaseException
    folder: Path | None = None
    files: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, relative to the report's folder."""
        number = self.folder.name if self.folder else ""
        return tuple(f"{FINDINGS}/{number}/{name}" for name in self.files)

    @property
    def line(self) -> str:
        """Where the evidence is, as an error's last line."""
        told = [Path(name).stem for name in self.files if name.endswith(".txt")]
        logs = ["previous log" if ".previous." in n else "log" for n in self.files if ".log" in n]
        return f"{'files':<8}{self.folder}/ ({', '.join([*told, *sorted(set(logs))])})"


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
        secrets: Iterable[str] = (),
    ) -> Failure:
        """Write down what there is of a failure.

        Args:
            stage: where it failed.
            error: what was raised; its text is kept too.
            diagnostics: what the cluster says; None where there is none yet.
            secrets: words to mask in all of it.

        Raises:
            OSError: the folder can't be written to.
        """
        self._number += 1
        redactor = Redactor(secrets)
        where = Path(FINDINGS) / str(self._number)
        texts = {"finding.txt": f"stage {stage}: {error}\n"}
        if diagnostics:
            texts |= {
                "describe.txt": diagnostics.describe,
                "events.txt": diagnostics.events,
                "objects.txt": diagnostics.objects,
                **diagnostics.logs,
            }
        folder = self.prepare() / where
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / name).write_text(redactor.redact(text), encoding="utf-8")
        return Failure(stage, error, self.shown / where, tuple(texts))
