"""docs/rules.md has every rule as it is, so that whoever meets one finds what to do."""

from pathlib import Path

from pytest_canary.config.options import STAGES
from pytest_canary.context import rules
from pytest_canary.preflight import ruleset

ROOT = Path(__file__).parents[3]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs" / "rules.md").read_text().splitlines()
    if line.startswith("| `")
]


def test_every_rule_is_there_once_in_its_order_and_with_its_level() -> None:
    assert [(row[0].strip("`"), row[1]) for row in ROWS] == list(rules.levels().items())


def test_what_a_rule_of_the_static_check_finds_is_said_in_its_own_words() -> None:
    found = {row[0].strip("`"): row[2] for row in ROWS}
    assert {each.name: found[each.name] for each in ruleset.RULES} == {
        each.name: each.finds for each in ruleset.RULES
    }


def test_each_says_what_to_do_and_one_of_a_walk_where_it_is_told() -> None:
    for row in ROWS:
        name, _, *stages, _, advice = row
        assert len(advice.split()) > 1, name
        assert bool(stages) == (name.strip("`") in rules.OF_A_WALK), name
        assert set(", ".join(stages).split(", ")) <= {"", *STAGES}, name


def test_the_readme_leads_to_them() -> None:
    assert "(docs/rules.md)" in (ROOT / "README.md").read_text()
