"""Whose a pipeline's file is, as its service finds it: by where it lies, and how it is called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

Kind = Literal["Semaphore", "GitHub", "GitLab"]

_GITHUB = re.compile(r"(^|/)\.github/workflows/[^/]+\.ya?ml")
_GITLAB = re.compile(r"(^|/)([^/]*\.)?gitlab-ci\.ya?ml")


def kind_of(path: Path) -> Kind:
    """Whose it is; Semaphore's where it has no other's place or name."""
    whole = path.as_posix()
    if _GITHUB.search(whole):
        return "GitHub"
    return "GitLab" if _GITLAB.search(whole) else "Semaphore"
