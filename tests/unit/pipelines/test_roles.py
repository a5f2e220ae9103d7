"""Which pipeline is which is told by promotions, or by the settings."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_canary.core.errors import SettingsError
from pytest_canary.pipelines.roles import Role, Roles, find_roles
from pytest_canary.pipelines.workflow import read_workflow

HEAD = "version: v1.0\nname: {name}\nagent: {{machine: {{type: e1-standard-2}}}}\n"
BLOCKS = "blocks: [{name: B, task: {jobs: [{commands: [make]}]}}]\n"


def write(folder: Path, **pipelines: str) -> Path:
    """Pipelines, each with these promotions; the first is the one that a push starts."""
    for name, promotions in pipelines.items():
        lines = "".join(f"  - {each}\n" for each in promotions.splitlines())
        text = HEAD.format(name=name) + BLOCKS + (f"promotions:\n{lines}" if lines else "")
        (folder / f"{name}.yml").write_text(text)
    return folder / f"{next(iter(pipelines))}.yml"


def found(first: Path, named: Mapping[Role, Path] | None = None) -> Roles:
    return find_roles(read_workflow(first, first.parent), named or {})


CANARY = """{name: Go on, pipeline_file: all.yml}
{name: Back, pipeline_file: undo.yml, auto_promote: {when: "result = 'failed'"}}"""


def test_promotions_tell_which_is_which(tmp_path: Path) -> None:
    first = write(
        tmp_path,
        ci="{name: Canary, pipeline_file: canary.yml}\n{name: Docs, pipeline_file: docs.yml}",
        canary=CANARY,
        all="",
        undo="",
        docs="",
    )
    roles = found(first)
    names = [each.name for each in (roles.build, roles.canary, roles.stable, roles.rollback)]
    assert names == ["ci", "canary", "all", "undo"]
    assert [each.name for each in roles.promotions("canary", "rollback")] == ["Back"]
    assert roles.promotions("stable", "rollback") == []


def test_a_rollback_that_is_pressed_is_known_by_its_name(tmp_path: Path) -> None:
    by_hand = "{name: Go on, pipeline_file: all.yml}\n{name: Roll back, pipeline_file: undo.yml}"
    first = write(tmp_path, ci="{name: Canary, pipeline_file: c.yml}", c=by_hand, all="", undo="")
    assert found(first).rollback.name == "undo"


def test_of_several_canaries_one_is_named(tmp_path: Path) -> None:
    two = "{name: A, pipeline_file: a.yml}\n{name: B, pipeline_file: b.yml}"
    first = write(tmp_path, ci=two, a=CANARY, b=CANARY, all="", undo="")
    with pytest.raises(SettingsError) as raised:
        found(first)
    assert raised.value.sentence == (
        "ci.yml promotes to several pipelines that may be the canary pipeline: a.yml, b.yml; name "
        "the one that is rehearsed in pipeline.canary, or let the walk not run them: "
        "pipeline.run = false"
    )
    assert found(first, {"canary": tmp_path / "b.yml"}).canary.name == "b"


def test_a_promotion_hands_on_the_values_that_it_has_by_itself(tmp_path: Path) -> None:
    variables = """{name: A, default_value: "1", required: true, options: ["0", "1"]},
      {name: B, required: true, options: [x, y]}, {name: C, required: false, options: [x]},
      {name: D, required: true}"""
    promotion = "{name: Canary, pipeline_file: c.yml, parameters: {env_vars: [%s]}}"
    first = write(
        tmp_path,
        ci=promotion % " ".join(variables.split()),
        c=CANARY,
        all="",
        undo="",
    )
    roles = found(first)
    assert roles.parameters("canary") == {"A": "1", "B": "x"}
    assert roles.parameters("build") == roles.parameters("stable") == {}


@pytest.mark.parametrize(
    ("pipelines", "words"),
    [
        ({"ci": ""}, "ci.yml promotes to no canary pipeline, so that no walk can run it; name its"),
        (
            {"ci": "{name: C, pipeline_file: c.yml}", "c": "{name: X, pipeline_file: ci.yml}"},
            "c.yml promotes to no rollback pipeline",
        ),
        (
            {
                "ci": "{name: C, pipeline_file: c.yml}",
                "c": "{name: Rollback, pipeline_file: undo.yml}",
                "undo": "",
            },
            "c.yml promotes to no stable pipeline",
        ),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, pipelines: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        found(write(tmp_path, **pipelines))
    assert words in raised.value.sentence


def test_a_file_to_which_no_promotion_leads_is_told(tmp_path: Path) -> None:
    first = write(tmp_path, ci="{name: C, pipeline_file: c.yml}", c=CANARY, all="", undo="")
    with pytest.raises(SettingsError) as raised:
        found(first, {"stable": tmp_path / "other.yml"})
    assert raised.value.sentence == (
        "pipeline.stable names other.yml, to which no promotion leads from ci.yml; there are "
        "ci.yml, c.yml, all.yml, undo.yml"
    )
