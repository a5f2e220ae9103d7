"""Bad input ends with exit code 4 and a sentence for each mistake, never with a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest


def refused(pytester: pytest.Pytester, *args: str) -> str:
    """What a run says that pytest refuses to start."""
    result = pytester.runpytest_inprocess("--canary", *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = "\n".join(result.errlines + result.outlines)
    assert "Traceback" not in text
    return text


def test_every_wrong_setting_and_option_is_named_at_once(
    pytester: pytest.Pytester, project: Path
) -> None:
    (project / "canary.toml").write_text(
        'nam = "shop"\n[replicas]\nstable = "three"\n[manifests]\nservice = "svc.yml"\n'
    )
    text = refused(pytester, "--canary-until", "stabel", "--canary-keep", "allways")
    assert "--canary-until=stabel: no such stage; did you mean stable?" in text
    assert "--canary-keep=allways: one of never, on-failure, always; did you mean always?" in text
    assert "canary.toml: nam = 'shop': no such setting; did you mean name?" in text
    assert "canary.toml: replicas.stable = 'three': a whole number" in text
    assert "canary.toml: manifests.service = 'svc.yml': there is no file" in text


def test_invalid_toml_is_refused(pytester: pytest.Pytester, project: Path) -> None:
    (project / "canary.toml").write_text("name = \n")
    assert "canary.toml is not valid TOML: " in refused(pytester)


def test_a_context_that_looks_like_production_is_walked_in_only_where_it_is_confirmed(
    pytester: pytest.Pytester, project: Path
) -> None:
    (project / "kubeconfig").write_text(
        "contexts: [{name: shop_prod-eu, context: {cluster: eu}}]\n"
        "clusters: [{name: eu, cluster: {server: 'https://10.0.0.1'}}]\n"
    )
    there = ["--kubeconfig=kubeconfig", "--canary-registry=registry.invalid"]
    text = refused(pytester, *there, "--canary-context=shop_prod-eu", "--canary-baseline=none")
    assert (
        "--canary-context=shop_prod-eu: shop_prod-eu looks like production; if it is meant, say "
        "--canary-confirm=shop_prod-eu"
    ) in text


def test_a_baseline_that_git_does_not_know_is_refused(
    pytester: pytest.Pytester, project: Path
) -> None:
    text = refused(pytester, "--canary-baseline", "git:v9")
    assert "baseline git:v9 (--canary-baseline) is not in git" in text


@pytest.mark.parametrize("option", ["--canary", "--canary-check"])
def test_nothing_passes_where_a_path_is_wrong(
    pytester: pytest.Pytester, project: Path, option: str
) -> None:
    result = pytester.runpytest_inprocess(option, "nosuch.py", "--canary-baseline=shop:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.no_fnmatch_line("canary: *passed*")
    result.stdout.no_fnmatch_line("canary: nothing found*")


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('canary("stabel")', "takes one stage, not 'stabel'; did you mean stable?"),
        ("canary", "takes one stage, not nothing; there are preflight, cluster,"),
        ('canary("canary", "stable")', "takes one stage, not 'canary', 'stable'"),
        ('canary(stage="stable")', "takes one stage, not nothing"),
    ],
)
def test_a_marker_without_a_stage_is_refused(
    pytester: pytest.Pytester, project: Path, marker: str, said: str
) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass\n")
    assert said in refused(pytester, "--canary-baseline", "none")


def test_a_fixture_without_a_stage_is_refused(pytester: pytest.Pytester, project: Path) -> None:
    pytester.makepyfile("def test_it(canary_database): pass")
    text = refused(pytester, "--canary-baseline", "none")
    assert (
        "uses canary_database and names no stage; mark it, for example @pytest.mark.canary" in text
    )


def test_a_teams_own_fixture_of_the_same_name_is_theirs(
    pytester: pytest.Pytester, project: Path
) -> None:
    pytester.makepyfile(
        "import pytest\n@pytest.fixture\ndef canary_database(): pass\n"
        "def test_it(canary_database): pass\n"
    )
    result = pytester.runpytest_inprocess("--canary", "--collect-only", "--canary-baseline", "none")
    assert result.ret == pytest.ExitCode.OK
