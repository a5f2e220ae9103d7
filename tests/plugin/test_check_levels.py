"""What fails a check, what is told beside it, and what can't be judged."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from fakes.shop import broken
from fakes.shop import shop as shop
from fakes.walk import STAGES, Entered

OVERLAPPING = [
    "*= canary: 1 warning =*",
    "shop-canary selects the pods of shop-stable too, by app: shop, and only the label*",
    "    seen    manifests/deployment.yml:8, rule overlapping-selectors",
    "    next    give selector and template a label that differs, such as deployment: *; no *",
    "       8 |   selector: # here",
]


def test_a_warning_fails_nothing_and_is_told_with_file_line_rule_and_fix(
    pytester: pytest.Pytester, shop: Path
) -> None:
    broken(shop, "deployment/overlapping-selectors")
    result = pytester.runpytest_inprocess("--canary-check", "--junitxml=out.xml")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=16)
    result.stdout.fnmatch_lines(
        [
            "canary/preflight ....w........... *; 1 warning: overlapping-selectors",
            *OVERLAPPING,
            "canary: no error, 1 warning",
        ]
    )
    cases = ElementTree.parse(shop / "out.xml").getroot().iter("testcase")
    warned = [
        case.get("name")
        for case in cases
        for each in case.iter("property")
        if (each.get("name"), each.get("value")) == ("canary.warnings", "overlapping-selectors")
    ]
    assert warned == ["the two Deployments' selectors don't overlap"]
    result = pytester.runpytest_inprocess("--canary-check", "-v")
    result.stdout.fnmatch_lines(
        ["canary/preflight::the two Deployments' selectors don't overlap WARNED*"]
    )


def test_a_warning_beside_an_error_is_told_too(pytester: pytest.Pytester, shop: Path) -> None:
    broken(shop, "deployment/overlapping-selectors")
    broken(shop, "service/no-target-port")
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "canary/preflight ....w..F........ *",
            *OVERLAPPING,
            "canary: 1 error, 1 warning, 15 of 16 checks hold",
        ]
    )


@pytest.mark.parametrize(
    ("rule", "level", "code", "told"),
    [
        ("missing-secret", "warning", pytest.ExitCode.OK, "no error, 1 warning"),
        ("missing-secret", "off", pytest.ExitCode.OK, "nothing wrong found"),
        ("overlapping-selectors", "off", pytest.ExitCode.OK, "nothing wrong found"),
        ("overlapping-selectors", "error", pytest.ExitCode.TESTS_FAILED, "1 error, 15 of 16"),
    ],
)
def test_a_project_sets_the_level_of_a_rule_and_says_why(
    pytester: pytest.Pytester, shop: Path, rule: str, level: str, code: int, told: str
) -> None:
    broken(shop, f"deployment/{rule}")
    (shop / "canary.toml").write_text(
        f'[findings.{rule}]\nlevel = "{level}"\nwhy = "as it is live"\n'
    )
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == code
    result.stdout.fnmatch_lines([f"canary: {told}*"])
    if level == "off":
        result.stdout.no_fnmatch_line(f"*{rule}*")
        result.stdout.no_fnmatch_line("*as it is live*")
    else:
        result.stdout.fnmatch_lines([f"    why     level {level}: as it is live"])


def test_a_walk_goes_on_after_a_warning_and_tells_it(
    pytester: pytest.Pytester, shop: Path, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKS", "preflight")
    broken(shop, "deployment/overlapping-selectors")
    result = pytester.runpytest_inprocess("--canary", "--canary-baseline=shop:1")
    assert result.ret == pytest.ExitCode.OK
    assert stand_in() == STAGES
    result.stdout.fnmatch_lines(
        [
            "canary/preflight ....w........... *; 1 warning: overlapping-selectors",
            *OVERLAPPING,
            "canary: shop passed every stage*",
        ]
    )


def test_what_can_not_be_judged_may_be_told_of_all_the_same(
    pytester: pytest.Pytester, shop: Path
) -> None:
    text = (shop / "manifests" / "service.yml").read_text()
    (shop / "manifests" / "service.yml").write_text(f"{text}---\na: 1\na: 2\n")
    (shop / "canary.toml").write_text(
        '[findings.not-an-object]\nlevel = "warning"\nwhy = "of another tool"\n'
    )
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["canary/preflight w............... *"])


def test_what_can_not_be_judged_is_skipped_and_says_why(
    pytester: pytest.Pytester, shop: Path
) -> None:
    text = (shop / "manifests" / "deployment.yml").read_text()
    for variable in ("$deployment", "$replicas", "$img"):
        text = text.replace(variable, "{{ value }}")
    (shop / "manifests" / "deployment.yml").write_text(text)
    result = pytester.runpytest_inprocess("--canary-check", "-rs")
    assert result.ret == pytest.ExitCode.OK
    reason = "manifests/deployment.yml:5 has {{ value }}, which only apply.sh can fill in"
    result.stdout.fnmatch_lines(
        [
            "canary: 2 of 16 checks were made, and hold",
            f"SKIPPED [[]14[]] canary/preflight:1: {reason}",
        ]
    )
