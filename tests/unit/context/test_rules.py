"""Every rule says what to do, so that whoever meets one can look it up in docs/rules.md."""

from fakes.folders import DOCS

from pytest_canary.config.options import STAGES
from pytest_canary.context import rules
from pytest_canary.preflight import ruleset


def test_each_says_what_to_do_and_one_of_a_walk_where_it_is_told() -> None:
    assert [each.name for each in ruleset.RULES if len(each.advice.split()) < 2] == []
    assert [each.name for each in rules.WALK_RULES if len(each.advice.split()) < 2] == []
    assert all(each.stages and {*each.stages} <= {*STAGES} for each in rules.WALK_RULES)


def test_no_rule_is_there_twice() -> None:
    of_the_walk = [each.name for each in rules.WALK_RULES]
    assert list(rules.levels()) == [*ruleset.names(), *of_the_walk]


def test_the_page_of_rules_has_each() -> None:
    page = (DOCS / "rules.md").read_text()
    assert [name for name in rules.levels() if f"\n| `{name}` | " not in page] == []
