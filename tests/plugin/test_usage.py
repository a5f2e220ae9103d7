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


def test_without_git_an_upgrade_is_no_first_release(
    pytester: pytest.Pytester, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(project / "nowhere"))
    text = refused(pytester)
    assert f"git can't say whether {project} is in a repository: `git` can't be started" in text
    assert 'or name the baseline, be it "none"' in text


def test_a_report_goes_to_no_folder_that_may_be_somebodys(
    pytester: pytest.Pytester, project: Path
) -> None:
    docs = project / "docs"
    (docs / "findings").mkdir(parents=True)
    for name in ("findings/index.md", "report.html"):
        (docs / name).write_text("mine")
    (project / "link").symlink_to("docs")
    options = "--canary-baseline=none", "--collect-only"
    assert (
        "ERROR: --canary-report=docs: has no CACHEDIR.TAG of pytest --canary's, so findings, "
        "report.html may be somebody's; name a folder that is empty or not there yet, or remove "
        "this one\n"
    ) in refused(pytester, *options, "--canary-report=docs")
    assert "--canary-report=.: is the project itself; name a folder in it that is not there" in (
        refused(pytester, *options, "--canary-report=.")
    )
    assert "--canary-report=link: is a link to docs; name the folder itself" in (
        refused(pytester, *options, "--canary-report=link")
    )
    (docs / ".git").write_text("gitdir: elsewhere\n")
    assert "--canary-report=docs: is the top of a git repository; name a folder in it" in (
        refused(pytester, *options, "--canary-report=docs")
    )
    # What only looks writes nothing.
    result = pytester.runpytest_inprocess("--canary-check", "--canary-report=docs")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert sorted(path.name for path in docs.rglob("*")) == [
        ".git",
        "findings",
        "index.md",
        "report.html",
    ]


@pytest.mark.parametrize("option", ["--canary", "--canary-check"])
def test_nothing_passes_where_a_path_is_wrong(
    pytester: pytest.Pytester, project: Path, option: str
) -> None:
    result = pytester.runpytest_inprocess(option, "nosuch.py", "--canary-baseline=shop:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.no_fnmatch_line("canary: *passed*")
    result.stdout.no_fnmatch_line("canary: nothing wrong found*")


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('canary("stabel")', "takes one stage, not 'stabel'; did you mean stable?"),
        ('canary("canary", "stable")', "takes one stage, not 'canary', 'stable'"),
        ('canary(stage="stable")', "takes one stage, not stage='stable'"),
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


def test_without_a_place_for_its_records_nothing_is_rehearsed(
    pytester: pytest.Pytester, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(project / "Dockerfile"))
    text = refused(pytester, "--canary-baseline=shop:1")
    assert f"no record of the run can be kept in {project}/Dockerfile/pytest-canary/runs: " in text
    assert "set XDG_STATE_HOME to a folder that can be written to" in text


def test_where_nothing_is_known_the_errors_end_with_what_to_run(pytester: pytest.Pytester) -> None:
    for option in ("--canary", "--canary-check"):
        result = pytester.runpytest_inprocess(option)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        *files, last = [line for line in result.errlines if line]
        assert len(files) == 4
        assert all(": there is no file " in line for line in files)
        assert last == (
            "ERROR: nothing here says what to rehearse: pytest --canary-init writes settings for "
            "what is there, pytest --canary-demo walks a bundled app, pytest --canary-doctor tells "
            "what this machine lacks"
        )


def test_where_settings_name_what_is_not_there_nobody_is_sent_to_the_demo(
    pytester: pytest.Pytester,
) -> None:
    (pytester.path / "canary.toml").write_text('name = "shop"\n')
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--canary-demo" not in "\n".join(result.errlines)
