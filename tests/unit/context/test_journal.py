"""What a journal makes of a finding, by the level of its rule."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

import pytest_canary
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import STAGES, Options
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.context import rules
from pytest_canary.context.evidence import failure_of
from pytest_canary.context.journal import Journal
from pytest_canary.context.outcomes import Outcome
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.core.masking import Redactor
from pytest_canary.preflight import ruleset
from pytest_canary.rehearsal.planning import load_settings

PACKAGE = Path(pytest_canary.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
CHANGE = {"append", "extend", "insert", "remove", "clear", "pop", "update", "setdefault", "add"}

REWRITES = Finding(
    "table-rewrite",
    "the migration rewrites table person",
    where="migration 0002",
    evidence="alter table person alter column id type bigint",
    next="add a column, fill it in parts, and rename it",
)
MISSING = Finding("missing-secret", "Secret payment will not be there", where="deployment.yml:54")
WHY = "there are a hundred rows"

Begin = Callable[..., Journal]


@pytest.fixture
def begin(configured: Callable[..., Settings]) -> Begin:
    """Begins a journal, with the levels that the settings set."""

    def make(**levels: dict[str, str]) -> Journal:
        findings = {name.replace("_", "-"): level for name, level in levels.items()}
        settings = configured(name="shop", findings=findings)
        return Journal(
            Plan(settings, Options(), Baseline("none", "", "")), redactor=Redactor(["hunter2"])
        )

    return make


def test_a_finding_whose_rule_is_an_error_fails(begin: Begin) -> None:
    journal = begin()
    with pytest.raises(FoundError) as failure:
        journal.tell("preflight", [MISSING])
    assert failure.value.sentence == MISSING.sentence
    assert "seen    deployment.yml:54, rule missing-secret" in failure.value.evidence
    assert journal.told == []
    assert journal.line("preflight") == []


def test_a_finding_whose_rule_is_a_warning_is_told_and_fails_nothing(begin: Begin) -> None:
    journal = begin()
    journal.note("migration", "0001 -> 0002")
    journal.tell("migration", [REWRITES])
    (told,) = journal.warnings
    assert (told.stage, told.finding.level, told.finding.why) == ("migration", "warning", "")
    assert told.finding.details.splitlines() == [
        "seen    migration 0002, rule table-rewrite",
        "next    add a column, fill it in parts, and rename it",
        "alter table person alter column id type bigint",
    ]
    assert journal.line("migration") == ["0001 -> 0002", "1 warning: table-rewrite"]
    assert journal.line("stable") == []


def test_a_warning_that_the_settings_make_has_its_reason(begin: Begin) -> None:
    journal = begin(missing_secret={"level": "warning", "why": "made by hand"})
    journal.tell("preflight", [MISSING])
    (told,) = journal.warnings
    assert "why     level warning: made by hand" in told.finding.details


def test_what_is_off_is_kept_and_on_no_line(begin: Begin) -> None:
    journal = begin(table_rewrite={"level": "off", "why": WHY})
    journal.tell("migration", [REWRITES])
    assert journal.warnings == []
    assert journal.line("migration") == []
    (told,) = journal.told
    assert (told.finding.level, told.finding.why) == ("off", WHY)


def test_a_warning_may_be_made_an_error(begin: Begin) -> None:
    journal = begin(table_rewrite={"level": "error", "why": "ten million rows"})
    with pytest.raises(FoundError) as failure:
        journal.tell("migration", [REWRITES])
    assert "why     level error: ten million rows" in failure.value.evidence


def test_errors_fail_together_and_warnings_beside_them_are_told(begin: Begin) -> None:
    journal = begin()
    key = Finding("missing-key", "Secret db-params will have no key DB_PASS")
    with pytest.raises(FoundError) as failure:
        journal.tell("preflight", [MISSING, REWRITES, key])
    assert [each.code for each in failure.value.findings] == ["missing-secret", "missing-key"]
    assert [each.finding.code for each in journal.warnings] == ["table-rewrite"]


def test_what_is_told_again_counts_once_and_several_of_a_rule_by_their_number(
    begin: Begin,
) -> None:
    journal = begin()
    blocks = Finding("blocking-index", "an index on person blocks writes")
    other = Finding("blocking-index", "an index on pet blocks writes")
    for seen in ("12.3 s", "12.4 s"):
        journal.tell("migration", [blocks, REWRITES, replace(other, evidence=f"it took {seen}")])
    assert journal.line("migration") == ["3 warnings: blocking-index, table-rewrite"]


def test_no_secret_is_told(begin: Begin) -> None:
    journal = begin(table_rewrite={"level": "warning", "why": "hunter2"})
    texts: dict[str, Any] = dict.fromkeys(
        ("sentence", "where", "seen", "evidence", "likely", "next"), "x hunter2"
    )
    journal.tell("migration", [Finding("table-rewrite", **texts)])
    assert "hunter2" not in repr(journal.told)


def test_a_finding_that_no_rule_has_found_is_a_mistake(begin: Begin) -> None:
    with pytest.raises(KeyError, match="ImagePullBackOff"):
        begin().tell("canary", [Finding("ImagePullBackOff", "it can't be pulled")])


def test_the_settings_know_the_rules_of_a_walk_too(configured: Callable[..., Settings]) -> None:
    root = configured().root
    assert not {each.name for each in rules.WALK_RULES} & set(ruleset.names())
    for name in rules.levels():
        (root / "canary.toml").write_text(f'[findings.{name}]\nlevel = "off"\nwhy = "tried"\n')
        assert load_settings(root).findings[name].level == "off"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("X-Release", "the baseline has not answered yet; enter its stage first"),
        ("", "no api.version-header is set; set it, where the app has one"),
    ],
)
def test_a_version_that_nothing_has_told_is_told_so(
    configured: Callable[..., Settings], header: str, why: str
) -> None:
    settings = configured(name="shop", api={"version-header": header})
    journal = Journal(Plan(settings, Options(), Baseline("image", "shop:1", "an option")))
    with pytest.raises(ReleaseError) as failure:
        journal.version("baseline")
    assert failure.value.sentence == f"which version answers can't be told: {why}"
    journal.versions["baseline"] = "1"
    assert journal.version("baseline") == "1"


@pytest.mark.parametrize("kind", get_args(Outcome), ids=lambda it: it.__name__)
def test_what_came_of_a_stage_is_missed_by_a_name_that_can_be_entered(
    begin: Begin, kind: type[Outcome]
) -> None:
    assert kind.stage in STAGES
    with pytest.raises(ReleaseError) as failure:
        begin().outcome(kind)
    assert failure.value.sentence == (
        f"the walk has not come to stage {kind.stage}; enter it first"
    )


def is_of_a_journal(node: ast.expr) -> bool:
    """Whether an expression is what a journal has, or a part of that."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("journal")


def test_nobody_but_the_journal_changes_what_it_has() -> None:
    changed: list[ast.expr] = []
    for node in (node for path in MODULES for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Assign):
            changed += node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            changed.append(node.target)
        elif isinstance(node, ast.Attribute) and node.attr in CHANGE:
            changed.append(node.value)
    assert [ast.unparse(each) for each in changed if is_of_a_journal(each)] == []


def test_what_is_known_of_a_failure_takes_the_place_of_less(begin: Begin, tmp_path: Path) -> None:
    journal, error = begin(), ReleaseError("it broke")
    first, other = (failure_of("canary", each, str) for each in (error, ReleaseError("too")))
    whole = replace(first, folder=tmp_path)
    for each in (first, whole, other):
        journal.keep_failure(each)
    assert journal.failures == [whole, other]


def test_a_version_that_no_header_tells_makes_the_app_headerless(begin: Begin) -> None:
    journal = begin()
    journal.keep_version("baseline", "1")
    assert (journal.versions, journal.headerless) == ({"baseline": "1"}, False)
    journal.keep_version("candidate", None)
    assert (journal.versions, journal.headerless) == ({"baseline": "1"}, True)
