"""The rules: each is declared once, has a broken manifest, and belongs to one assertion."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from fakes.folders import ROOT
from fakes.preflight import FAULTS, GROUPS, KIND, NODE

from pytest_canary import stages
from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.plan import Plan
from pytest_canary.context.outcomes import PreflightOutcome
from pytest_canary.context.workspace import Workspace
from pytest_canary.core.findings import Finding
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.documents import Fault, Unfit
from pytest_canary.manifests.schema import of_version
from pytest_canary.preflight import groups, rules, ruleset
from pytest_canary.preflight.groups import Group
from pytest_canary.preflight.reading import asked_of, read_subject
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject
from pytest_canary.rendering.candidate import render_candidate


def test_every_rule_has_a_broken_manifest() -> None:
    of_settings_and_script = {"unused-variable", "empty-variable"}
    found = {path.stem.split(".")[0] for path in FAULTS}
    of_both_versions = {*ruleset.names(of="changes"), "request-beyond-both"}
    others = of_settings_and_script | of_both_versions | {*ruleset.names(of="pipelines")}
    assert found == set(ruleset.names()) - others


def test_every_rule_is_declared_once_and_all_that_files_tell_is_a_rules() -> None:
    names = ruleset.names()
    assert len(names) == len(set(names))
    assert set(get_args(Unfit)) < set(names)


def test_what_kubernetes_takes_and_runs_is_a_warning_and_nothing_else() -> None:
    assert [name for name, level in ruleset.levels().items() if level != "error"] == [
        "duplicate-key",
        "undefined-kind",
        "empty-variable",
        "unused-variable",
        "paused-rollout",
        "overlapping-selectors",
        "session-affinity",
        "unnamed-target-port",
        "no-readiness-probe",
        "latest-image",
        "takes-last-pod",
        "blocking-budget",
        "other-migration",
        "selects-migration",
        "left-object",
        "taken-key",
        "unshared-key",
        "unshared-variable",
        "changed-port",
        "changed-probe",
        "undescribed-secret",
        "unprovided-variable",
        "manual-rollback",
        "unequipped-rollback",
        "misspelt-cache",
        "unreachable-condition",
        "misleading-condition",
    ]


def test_every_module_of_rules_is_asked() -> None:
    folder = Path(rules.__path__[0])
    found = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert found == {module.__name__.rpartition(".")[2] for module in ruleset.MODULES}


def test_a_fault_has_the_name_of_the_rule_that_finds_it() -> None:
    @rule("our-own", "a matter of ours", groups.YAML, advice="mend it")
    def ours(subject: Subject) -> Iterator[Fault]:
        yield Fault(subject.source, 1, "it is not ours", "make it ours")
        yield Fault(subject.source, 2, "it is not ours", "make it ours", rule="another")

    plan = Plan(settings_file.load(ROOT), KIND, Baseline("none", "", ""))
    subject, _ = read_subject(
        plan,
        ROOT,
        of_version(None),
        NODE,
        render_candidate(plan, ROOT, asked_of(plan), Processes()),
    )
    assert [fault.rule for fault in ours.faults(subject)] == ["our-own", "our-own"]


def test_every_rule_belongs_to_one_assertion(tmp_path: Path) -> None:
    asked: list[str] = []
    judged: list[Group] = []

    class Asked:
        notes = ()

        @staticmethod
        def of_group(group: Group) -> list[Finding]:
            asked.extend(ruleset.names(group))
            return []

        @staticmethod
        def expect_judged(group: Group) -> None:
            judged.append(group)

    plan = Plan(settings_file.load(ROOT), KIND, Baseline("none", "", ""))
    workspace = Workspace(plan, tmp_path)
    workspace.journal.keep(PreflightOutcome(Asked()))  # type: ignore[arg-type]
    for check in stages.load("preflight").checks:
        assert check.test
        check.test(workspace)
    assert sorted(asked) == sorted(ruleset.names())
    assert len(judged) == len(GROUPS)


def test_every_group_has_a_rule() -> None:
    assert [group for group in GROUPS if not ruleset.names(group)] == []
    # And two checks are of the settings, which no rule is.
    assert len(GROUPS) + 2 == len(stages.load("preflight").checks)
