"""What the rules find that changes between two versions, and what they leave alone."""

from pathlib import Path

import pytest
from fakes.changed import MAP, edited, env
from fakes.preflight import (
    CHANGES,
    GROUPS,
    before_and_after,
    codes,
    compared,
    healthy,
    here,
    inspected,
)
from fakes.repository import commit, git
from fakes.repository import own_git as own_git
from unit.preflight.test_changes_right import REPLACES, TIER

from pytest_canary.core.errors import NotApplicable
from pytest_canary.preflight import ruleset


@pytest.mark.parametrize("folder", CHANGES, ids=lambda folder: folder.name)
def test_a_change_is_found_at_its_line_and_nothing_else(tmp_path: Path, folder: Path) -> None:
    name, number, line = here(folder)
    kind = name.removeprefix("live.")
    shown = f"v1:manifests/{kind}" if name != kind else f"manifests/{kind}"
    found = compared(tmp_path, *before_and_after(folder)).findings
    assert [(each.code, each.where) for each in found] == [
        (folder.name.split(".")[0], f"{shown}:{number}")
    ]
    (finding,) = found
    assert finding.evidence == f"{number:>4} | {line}"
    assert "\n" not in finding.sentence + finding.next
    assert finding.next
    # Beside the code, as it is there now; a line of another revision's is none of it.
    assert finding.file == tmp_path / "manifests" / kind
    assert finding.line == (0 if name != kind else number)


def test_every_rule_of_changes_has_such_a_change() -> None:
    of_changes = {*ruleset.names(of="changes"), "request-beyond-both"}
    assert {folder.name.split(".")[0] for folder in CHANGES} == of_changes


@pytest.mark.parametrize("folder", CHANGES, ids=lambda folder: folder.name)
def test_a_version_that_is_the_live_one_changes_nothing_but_its_image(
    tmp_path: Path, folder: Path
) -> None:
    live, _ = before_and_after(folder)
    alone = {
        "immutable-field.job": ["immutable-field"],
        "request-beyond-both": ["request-beyond-node"],
    }
    assert codes(compared(tmp_path, live, live)) == alone.get(folder.name, [])


# Where there is nothing to compare, and where that can't be done.


def test_a_variable_without_a_value_is_no_change(tmp_path: Path) -> None:
    live = edited("deployment", env('{name: A, value: "$OF_LAST_YEAR"}'))
    made = edited("deployment", env("{name: A, value: x}"))
    assert codes(compared(tmp_path, live, made)) == []


def test_a_selector_with_a_variable_without_a_value_is_told_for_that_alone(tmp_path: Path) -> None:
    unclear = edited("deployment", TIER, ("tier: web", "tier: $TIER"))
    assert set(codes(compared(tmp_path, {}, unclear))) == {"unset-variable"}


def test_what_a_commit_does_not_have_the_candidates_stands_for(tmp_path: Path) -> None:
    compared(tmp_path, {}, {})
    git(tmp_path, "rm", "--quiet", "manifests/service.yml")
    commit(tmp_path, "v2")
    found = inspected(tmp_path, ("port: 80,", "port: 8080,"), baseline="git:v2")
    assert codes(found) == []
    assert codes(inspected(tmp_path, ("port: 80,", "port: 8080,"), baseline="git:v1")) == [
        "moved-address"
    ]


def test_what_is_compared_is_noted(tmp_path: Path) -> None:
    assert "compared with git:v1 (canary.toml)" in compared(tmp_path, {}, {"apply": REPLACES}).notes


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        ({"deployment": "\tkind: x"}, "the manifests of git:v1 can't be read"),
        ({"deployment": MAP}, "v1:manifests/deployment.yml has no Deployment to look at"),
        (
            {
                "deployment": healthy("deployment")
                .replace("$deployment", "{{ .name }}")
                .replace("$img", "x:1")
                .replace("$replicas", "1"),
                "apply": "helm template . | kubectl apply -f -",
            },
            "in git:v1, manifests/deployment.yml:5 has {{ .name }}, which only apply.sh can fill "
            "in",
        ),
    ],
    ids=["no YAML", "no Deployment", "another language"],
)
def test_what_can_not_be_compared_is_not_held_to_be_right(
    tmp_path: Path, live: dict[str, str], reason: str
) -> None:
    found = compared(tmp_path, live, {})
    assert found.findings == ()
    for group in (each for each in GROUPS if each.of == "changes"):
        with pytest.raises(NotApplicable) as uncompared:
            found.expect_judged(group)
        assert str(uncompared.value) == reason
