"""What is told of a finding beside a line of code, whoever shows it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pytest_canary.core.wording import encodable, steady

if TYPE_CHECKING:
    from pytest_canary.context.journal import Journal
    from pytest_canary.core.findings import Finding


@dataclass(frozen=True)
class Notice:
    """One finding, as it is shown where code is reviewed: without secrets, and harmless.

    Attributes:
        rule: the finding's code.
        level: an error has failed a check; a warning fails nothing.
        sentence: what is wrong.
        details: what follows it, some lines.
        next: what to do; empty for nothing that is known.
        file: its path from the repository's top, with slashes; empty for none.
        line: counted from 1; 0 for no line in particular.
    """

    rule: str
    level: Literal["error", "warning"]
    sentence: str
    details: str = ""
    next: str = ""
    file: str = ""
    line: int = 0

    @property
    def text(self) -> str:
        """All that is told of it: the sentence, then the details."""
        return "\n".join(filter(None, [self.sentence, self.details]))


def notices(journal: Journal, project: Path) -> list[Notice]:
    """What a session has found, each thing once, errors first; what is off is not among it.

    Args:
        journal: of a walk, or of a check.
        project: the folder that is rehearsed.
    """
    top = repository_top(project)

    def show(text: str) -> str:
        return encodable(journal.redactor.redact(text))

    found = [
        _notice(finding, "error", top, show)
        for failure in journal.failures
        for finding in failure.findings
    ]
    found += [_notice(told.finding, "warning", top, show) for told in journal.warnings]
    return list(dict.fromkeys(found))


def _notice(
    finding: Finding, level: Literal["error", "warning"], top: Path, shown: Callable[[str], str]
) -> Notice:
    told = finding.changed(shown)
    file = _path_within(finding.file, top)
    return Notice(
        rule=told.code,
        level=level,
        sentence=told.sentence,
        details=told.details,
        next=told.next,
        file=file,
        line=finding.line if file else 0,
    )


def repository_top(project: Path) -> Path:
    """The folder that code hosts tell paths from: the nearest with a `.git`, or the project."""
    whole = project.absolute()
    return next((each for each in (whole, *whole.parents) if (each / ".git").exists()), whole)


def _path_within(file: Path | None, top: Path) -> str:
    """A file's path from a folder on; empty for none, and for one that is outside."""
    if file is None:
        return ""
    path = Path(os.path.relpath(file, top))
    return "" if path.parts[:1] == ("..",) else encodable(path.as_posix())


def home_of(file: Path, project: Path) -> str:
    """What stands for a file of the project where it is outside of the repository too."""
    return _path_within(file, repository_top(project)) or file.name


def anchor(found: Iterable[Notice], file: str) -> Iterator[Notice]:
    """The same, each in a file, for forms that show nothing else.

    Args:
        found: what is told.
        file: stands for what is in none, such as what a cluster says.
    """
    for each in found:
        yield each if each.file else replace(each, file=file)


def fingerprints(found: Iterable[Notice]) -> list[str]:
    """What each is known by from one run to the next, whatever its line is by then; none twice."""
    seen: dict[str, int] = {}
    made = []
    for each in found:
        own = "\0".join([each.rule, each.file, steady(each.sentence)])
        seen[own] = seen.get(own, 0) + 1
        made.append(hashlib.sha256(f"{own}\0{seen[own]}".encode()).hexdigest())
    return made
