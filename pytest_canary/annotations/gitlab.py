"""GitLab's code quality report, which is Code Climate's: a list, all of it in files."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pytest_canary.annotations.notice import Notice, fingerprints

# GitLab's five are info, minor, major, critical and blocker.
SEVERITY = {"error": "major", "warning": "minor"}


def code_quality(found: Sequence[Notice]) -> str:
    """The report.

    Args:
        found: each in a file; what is about no line is told at its first.
    """
    issues = [
        {
            "description": f"{each.sentence}; next: {each.next}" if each.next else each.sentence,
            "check_name": each.rule,
            "fingerprint": fingerprint,
            "severity": SEVERITY[each.level],
            "location": {"path": each.file, "lines": {"begin": each.line or 1}},
        }
        for each, fingerprint in zip(found, fingerprints(found), strict=True)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"
