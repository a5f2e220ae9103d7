"""The folder of a project's reports: it carries a mark of ours, or nothing is written there.

    CACHEDIR.TAG    the mark
    .gitignore      where the folder was not there before
    report.html     of the run that ended last, and so is report.json
    findings/RUN/   a run's evidence, locked as long as its process lives

Several runs may write to it at the same time.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
from pathlib import Path

from pytest_canary.core import files
from pytest_canary.core.errors import CanaryError

FINDINGS = "findings"

MARK = "CACHEDIR.TAG"
SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55\n# pytest --canary keeps its reports here"
MARK_TEXT = f"""{SIGNATURE}: the last run's
# report.html and report.json, and in findings/ a folder for each run. A later run replaces them.
# By this file, programs that make backups can leave them out: https://bford.info/cachedir/
"""
IGNORE_TEXT = "# Made by pytest --canary.\n*\n"

# Of what is there, so much is named.
FEW = 3


class ReportFolder:
    """Where one run's report and evidence go. It is made when there is something to put into it.

    Args:
        shown: what the user calls it, such as a path that starts where pytest was started.
        run: the run's id.
    """

    def __init__(self, shown: Path, run: str) -> None:
        self.shown = shown
        self.path = shown.absolute()
        self.run = run
        self._begun = False
        self._lock: int | None = None

    def prepare(self) -> Path:
        """Make the folder and mark it, or see that it is still ours.

        Raises:
            CanaryError: it isn't.
            OSError: it can't be made.
        """
        wrong = obstacle(self.path)
        if wrong:
            raise CanaryError(f"nothing is written to {self.shown}, as it {wrong}")
        made = not self.path.exists()
        if made:
            self.path.mkdir(parents=True, exist_ok=True)
        if not _is_marked(self.path):
            files.put(self.path / MARK, MARK_TEXT)
            if made:
                # Git is to leave it alone, as it does pytest's cache.
                files.put(self.path / ".gitignore", IGNORE_TEXT)
        return self.path

    def prepare_findings(self) -> Path:
        """Make this run's folder in `findings/`, which other runs leave alone until `release`.

        Raises:
            CanaryError: the report's folder isn't ours.
            OSError: it can't be made.
        """
        own = self.prepare() / FINDINGS / self.run
        if not self._begun:
            # Locked before it has a name by which another run would take it for a dead one's.
            hidden = own.with_name(f".{self.run}")
            hidden.mkdir(parents=True)
            self._lock = _lock(hidden)
            hidden.rename(own)
            self._begun = True
        return own

    def clear(self) -> None:
        """Remove the findings of other runs that are gone; nothing else that is in the folder."""
        findings = self.path / FINDINGS
        if obstacle(self.path) or not findings.is_dir():
            return
        for each in findings.iterdir():
            ours = re.fullmatch("[0-9a-f]{6,}", each.name) and each.name != self.run
            lock = _lock(each) if ours else None
            if lock is not None:
                shutil.rmtree(each, ignore_errors=True)
                os.close(lock)

    def release(self) -> None:
        """Leave this run's findings to a later one."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def obstacle(path: Path) -> str:
    """Why nothing may be written to a folder, and what to do; empty where it is ours or will be.

    One is ours that has our mark, or nothing at all, or isn't there. No link is followed.
    """
    try:
        return _obstacle(path)
    except OSError as error:
        return f"can't be looked at: {error.strerror}; name another folder"


def _obstacle(path: Path) -> str:
    kind = _kind(path)
    if not kind:
        return ""
    if stat.S_ISLNK(kind):
        return f"is a link to {path.readlink()}; name the folder itself"
    if not stat.S_ISDIR(kind):
        return "is a file; name a folder"
    if _kind(path / ".git"):
        return "is the top of a git repository; name a folder in it that is not there yet"
    findings = _kind(path / FINDINGS)
    if _is_marked(path):
        if findings and not stat.S_ISDIR(findings):
            return f"has a {FINDINGS} that is no folder; remove that, or name another folder"
        return ""
    # What a run that was killed has left of its mark is nobody's.
    names = sorted(each.name for each in path.iterdir() if not each.name.startswith(f".{MARK}."))
    if not names:
        return ""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return (
        f"has no {MARK} of pytest --canary's, so {', '.join(names[:FEW])}{more} may be somebody's; "
        "name a folder that is empty or not there yet, or remove this one"
    )


def _is_marked(path: Path) -> bool:
    mark = path / MARK
    if not stat.S_ISREG(_kind(mark)):
        return False
    with mark.open("rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE.encode()


def _kind(path: Path) -> int:
    """What is there, as `stat` tells it; 0 for nothing."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def _lock(folder: Path) -> int | None:
    """A folder's lock; None where a living process has it, or it is no folder."""
    try:
        found = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(found)
        return None
    return found
