"""What the API server itself says of a candidate that does not fit what is live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acceptance.bench import table
from acceptance.projects import Project
from acceptance.rehearsals import ask, hold, rehearsal
from fakes.folders import BUNDLED_TEMPLATE

from pytest_canary.core.errors import FoundError
from pytest_canary.k8s.objects import Object
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.stages import baseline

TEMPLATE = BUNDLED_TEMPLATE.read_text()
SELECTOR = "    matchLabels:\n      app: addressbook\n      deployment: $deployment\n"
LABELS = "      labels:\n        app: addressbook\n        deployment: $deployment\n"


def becomes(walk: Rehearsal, folder: Path, text: str) -> None:
    """Give the candidate another template."""
    path = folder / "deployment.yml"
    path.write_text(text)
    up = walk.context.provisioned
    renderer: Any = up.candidate.renderer
    changed = replace(up.candidate, renderer=replace(renderer, deployment=path))
    walk.context.provisioned = replace(up, candidate=changed)


def live(walk: Rehearsal) -> dict[str, Object]:
    """What is there, by kind and name."""
    return {
        f"{kind} {each['metadata']['name']}": each.get("spec") or each.get("data") or {}
        for kind in ("Deployment", "Service", "ConfigMap")
        for each in walk.context.namespace.objects(kind)
    }


def test_a_selector_that_changes_is_refused_before_anything_of_the_candidate_is_applied(
    shared: Project, releases: Mapping[str, str], tmp_path: Path
) -> None:
    with rehearsal(shared, tmp_path, releases, table()) as walk:
        # The candidate as it is, is taken.
        hold(walk, "preflight", "cluster", "baseline")
        before = live(walk)
        changed = TEMPLATE.replace(SELECTOR, f"{SELECTOR}      tier: web\n").replace(
            LABELS, f"{LABELS}        tier: web\n"
        )
        assert changed.count("tier: web") == 2
        becomes(walk, tmp_path, changed)
        with pytest.raises(FoundError) as refused:
            ask(walk, baseline.candidate_is_taken)
        (found,) = refused.value.findings
        assert found.sentence == (
            "the API server does not take Deployment addressbook-stable of the candidate over what "
            "is live: spec.selector: field is immutable"
        )
        assert found.line == 11
        assert found.next.startswith("leave the field as the live object has it, ")
        assert 'Deployment.apps "addressbook-stable" is invalid' in found.evidence
        assert live(walk) == before

        # What is new is as if it was made, and what is wrong with it is told too, by its own words.
        new = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: features}\n"
        becomes(walk, tmp_path, f"{TEMPLATE}{new}data: {{banner: 'on'}}\n")
        ask(walk, baseline.candidate_is_taken)
        becomes(walk, tmp_path, f"{TEMPLATE}{new}data: {{banner: 'on'}}\ndat: {{}}\n")
        with pytest.raises(FoundError, match='unknown field "dat"'):
            ask(walk, baseline.candidate_is_taken)
        becomes(
            walk,
            tmp_path,
            f"{TEMPLATE}---\napiVersion: shop.invalid/v1\nkind: Queue\nmetadata: {{name: mail}}\n",
        )
        with pytest.raises(FoundError, match='no matches for kind "Queue" in version'):
            ask(walk, baseline.candidate_is_taken)
        assert live(walk) == before
