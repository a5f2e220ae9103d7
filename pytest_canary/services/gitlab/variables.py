"""The variables of a job of GitLab's; pure.

https://docs.gitlab.com/ci/variables/, "CI/CD variable precedence", and …/predefined_variables/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_canary.jobs.environment import Secret, Workflow
from pytest_canary.services.places import repository

# Variables that stand for each other: GitLab puts each in once.
DEEPEST = 20

# Characters that are put in, in all.
MOST = 1_000_000

_USE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")
_FILE = re.compile(r"[A-Z_][A-Z0-9_]*")


def project_folder(workflow: Workflow) -> str:
    """Where a job works, as seen from its home."""
    return f"builds/{repository(workflow)}"


def predefined_variables(workflow: Workflow, home: Path | None = None) -> dict[str, str]:
    """GitLab's own variables of a pipeline; with a job's home, those of its folders too."""
    named = repository(workflow)
    ref = workflow.ref
    slug = re.sub(r"[^a-z0-9]+", "-", ref.lower())[:63].strip("-")
    found = {
        "CI": "true",
        "CI_COMMIT_REF_NAME": ref,
        "CI_COMMIT_REF_SLUG": slug,
        "CI_COMMIT_SHA": workflow.sha,
        "CI_COMMIT_SHORT_SHA": workflow.sha[:8],
        "CI_DEFAULT_BRANCH": workflow.base,
        "CI_PIPELINE_ID": workflow.identity,
        "CI_PIPELINE_IID": "1",
        "CI_PIPELINE_SOURCE": "push",
        "CI_PROJECT_NAME": named.split("/")[-1],
        "CI_PROJECT_NAMESPACE": named.rpartition("/")[0],
        "CI_PROJECT_PATH": named,
        "CI_REPOSITORY_URL": workflow.url,
        "CI_SERVER": "yes",
        "GITLAB_CI": "true",
    }
    if workflow.ref_type == "pull-request":
        found |= {
            "CI_MERGE_REQUEST_IID": ref,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": workflow.base,
            "CI_PIPELINE_SOURCE": "merge_request_event",
        }
    else:
        found["CI_COMMIT_TAG" if workflow.ref_type == "tag" else "CI_COMMIT_BRANCH"] = ref
    if home:
        found["CI_BUILDS_DIR"] = str(home / "builds")
        found["CI_PROJECT_DIR"] = str(home / project_folder(workflow))
    return found | dict(workflow.more)


def of_file(table: Mapping[str, Any]) -> tuple[dict[str, str], frozenset[str]]:
    """The variables of a table, and those of them in which nothing is put in."""
    values, raw = {}, set()
    for name, each in table.items():
        whole = each if isinstance(each, dict) else {"value": each}
        values[name] = _text(whole.get("value"))
        if whole.get("expand") is False:
            raw.add(name)
    return values, frozenset(raw)


def of_secrets(secrets: Mapping[str, Secret], home: Path) -> dict[str, str]:
    """The project's own variables; of one that is a file, where that is."""
    found = {name: value for each in secrets.values() for name, value in each.variables.items()}
    files = (path for each in secrets.values() for path in each.files)
    return found | {path: str(home / path) for path in files if _FILE.fullmatch(path)}


def expand(values: Mapping[str, str], raw: frozenset[str] = frozenset()) -> dict[str, str]:
    """Variables with each other's values put in, but for those that stay as they are."""
    left = MOST

    def of(name: str, within: tuple[str, ...]) -> str:
        def put(found: re.Match[str]) -> str:
            nonlocal left
            inner = found[2] or found[3]
            if not inner:
                return "$"
            if inner in within or len(within) > DEEPEST or left <= 0:
                return found[0]
            value = of(inner, (*within, inner)) if inner in values else ""
            left -= len(value) + 1
            return value

        return values[name] if name in raw else _USE.sub(put, values[name])

    return {name: of(name, (name,)) for name in values}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
