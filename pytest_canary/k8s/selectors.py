"""Selectors of labels, as Kubernetes reads them.

They are read tolerantly: a manifest's may be malformed, which is for others to tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Table = Mapping[str, Any]


def matches(selector: Table, labels: Table) -> bool:
    """Whether a LabelSelector, such as a Deployment's, selects what has these labels."""
    wanted = selector.get("matchLabels")
    if not all(labels.get(key) == value for key, value in _table(wanted).items()):
        return False
    return all(holds(each, labels) for each in requirements(selector))


def matches_node(term: Table, node: Table) -> bool:
    """Whether a term of a node affinity's takes a node; one that wants nothing takes none."""
    labels = node["metadata"].get("labels", {})
    fields = {"metadata.name": node["metadata"]["name"]}
    wanted = [(labels, each) for each in requirements(term)]
    wanted += [(fields, each) for each in requirements(term, "matchFields")]
    return bool(wanted) and all(holds(each, have) for have, each in wanted)


def requirements(selector: Table, key: str = "matchExpressions") -> list[Table]:
    """What a selector wants by operators, each with its key, operator and values."""
    found = selector.get(key)
    return [each for each in (found if isinstance(found, list) else []) if isinstance(each, dict)]


def holds(requirement: Table, labels: Table) -> bool:
    """Whether labels, or fields, are as one requirement wants them; no for an unknown operator."""
    key, operator = str(requirement.get("key")), requirement.get("operator")
    found = requirement.get("values")
    values = found if isinstance(found, list) else []
    there, value = key in labels, labels.get(key)
    if operator in ("In", "NotIn"):
        return (value in values if there else False) is (operator == "In")
    if operator in ("Exists", "DoesNotExist"):
        return there is (operator == "Exists")
    if not (values and _is_whole(value) and _is_whole(values[0])):
        return False
    number, limit = int(str(value)), int(str(values[0]))
    return number > limit if operator == "Gt" else operator == "Lt" and number < limit


def _is_whole(value: Any) -> bool:
    return re.fullmatch(r"-?\d+", str(value)) is not None


def _table(value: Any) -> Table:
    return value if isinstance(value, dict) else {}
