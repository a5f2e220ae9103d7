"""SARIF 2.1.0: OASIS' format for what static analysis finds, which code hosts and editors read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pytest_canary.annotations.notice import Notice, fingerprints

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

# What paths are relative to; the name is GitHub's, and other readers know it.
TOP = "%SRCROOT%"

# By this, readers know a finding again. A later way to make it gets another number.
FINGERPRINT = "canaryFinding/v1"


def sarif(found: Sequence[Notice], rules: Mapping[str, str], version: str) -> str:
    """The log of one run.

    Args:
        found: each in a file, as GitHub refuses a log with a result that is in none.
        rules: what each rule finds, by its name; what is in none of them has its name alone.
        version: pytest-canary's.
    """
    names = list(dict.fromkeys(each.rule for each in found))
    results = [
        {
            "ruleId": each.rule,
            "ruleIndex": names.index(each.rule),
            "level": each.level,
            "message": {"text": each.text},
            "locations": [{"physicalLocation": _location(each)}],
            "partialFingerprints": {FINGERPRINT: fingerprint},
        }
        for each, fingerprint in zip(found, fingerprints(found), strict=True)
    ]
    driver = {
        "name": "pytest-canary",
        "semanticVersion": version,
        "rules": [
            {"id": each, "shortDescription": {"text": rules.get(each, each)}} for each in names
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {TOP: {"description": {"text": "the repository's top"}}},
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _location(each: Notice) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(each.file), "uriBaseId": TOP}}
    # Without a line GitHub shows a result nowhere.
    return location | {"region": {"startLine": each.line or 1}}
