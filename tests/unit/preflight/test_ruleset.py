"""The rules: each is declared once, has a broken manifest, and belongs to one assertion."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from fakes.preflight import FAULTS, GROUPS, KIND, NODE, ROOT

from pytest_canary import stages
from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.plan import Plan
from pytest_canary.context.journal import PreflightOutcome
from pytest_canary.context.workspace import Workspace
from pytest_canary.manifests.documents import Fault, Unfit
from pytest_canary.manifests.schema import of_version
from pytest_canary.preflight import groups, rules, ruleset
from pytest_canary.preflight.groups import Group
from pytest_canary.preflight.reading import read_subject
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject


def test_every_rule_has_a_broken_manifest() -> None:
    of_settings = {"unused-variable"}
    assert {path.stem.split(".")[0] for path in FAULTS} == set(ruleset.names()) - of_settings


def test_every_rule_is_declared_once_and_all_that_files_tell_is_a_rules() -> None:
    names = ruleset.names()
    assert len(names) == len(set(names))
    assert set(get_args(Unfit)) < set(names)


def test_every_module_of_rules_is_asked() -> None:
    folder = Path(rules.__path__[0])
    found = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert found == {module.__name__.rpartition(".")[2] for module in ruleset.MODULES}


def test_a_fault_has_the_name_of_the_rule_that_finds_it() -> None:
    @rule("our-own", "a matter of ours", groups.YAML)
    def ours(subject: Subject) -> Iterator[Fault]:
        yield Fault(subject.source, 1, "it is not ours", "make it ours")
        yield Fault(subject.source, 2, "it is not ours", "make it ours", rule="another")

    plan = Plan(settings_file.load(ROOT), KIND, Baseline("none", "", ""))
    subject, _ = read_subject(plan, ROOT, of_version(None), NODE)
    assert [fault.rule for fault in ours.faults(subject)] == ["our-own", "our-own"]


def test_every_rule_belongs_to_one_assertion(tmp_path: Path) -> None:
    asked: list[str] = []

    class Asked:
        notes = ()

        @staticmethod
        def expect_none(group: Group) -> None:
            asked.extend(ruleset.names(group))

    plan = Plan(settings_file.load(ROOT), KIND, Baseline("none", "", ""))
    workspace = Workspace(plan, tmp_path)
    workspace.journal.keep(PreflightOutcome(Asked()))  # type: ignore[arg-type]
    for check in stages.load("preflight").checks:
        assert check.test
        check.test(workspace)
    assert sorted(asked) == sorted(ruleset.names())


def test_every_group_has_a_rule() -> None:
    assert [group for group in GROUPS if not ruleset.names(group)] == []
    assert len(GROUPS) == len(stages.load("preflight").checks)
