"""`pytest --canary-check`: the manifests alone, in a project as its user has it."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fakes.manifest_sets import DEPLOYMENT, SERVICE
from fakes.manifest_sets import project as put
from fakes.repository import commit, git
from fakes.walk import STAGES, Entered

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "fixtures" / "manifests"


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose manifests are right, and no program that could be run for it."""
    for kind in ("deployment", "service"):
        shutil.copy(BROKEN / kind / "healthy.yml", project / "manifests" / f"{kind}.yml")
    shutil.copy(ROOT / "apply.sh", project / "apply.sh")
    monkeypatch.setenv("PATH", str(project / "nothing"))
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:1")
    yield project
    gc.unfreeze()  # a check freezes what is alive in its process


def broken(shop: Path, path: str) -> None:
    kind = path.split("/")[0]
    shutil.copy(BROKEN / f"{path}.yml", shop / "manifests" / f"{kind}.yml")


def test_a_check_needs_no_engine_no_cluster_and_no_git_and_leaves_nothing(
    pytester: pytest.Pytester, shop: Path
) -> None:
    result = pytester.runpytest_subprocess("--canary-check")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "canary: shop, its manifests alone; settings: defaults",
            "collected 16 items",
            "canary/preflight ................ * s  Kubernetes 1.*, the newest that is known",
            "canary: nothing found in deployment.yml and service.yml",
        ]
    )
    result.assert_outcomes(passed=16)
    assert not (shop / "state").exists()
    assert not (shop / "canary-report").exists()


def test_what_migrates_is_looked_at_too(pytester: pytest.Pytester, shop: Path) -> None:
    job = (BROKEN / "job" / "selects-migration.yml").read_text()
    (shop / "manifests" / "job.yml").write_text(job)
    (shop / "canary.toml").write_text('[migration]\njob = "manifests/job.yml"\n')
    result = pytester.runpytest_subprocess("--canary-check")
    result.stdout.fnmatch_lines(
        [
            "canary/preflight ..............w.. * s  *1 warning: selects-migration",
            "Service shop-lb selects the pods of Job migrate too, by app: shop, and sends*",
            "    seen    manifests/job.yml:*, rule selects-migration",
        ]
    )
    result.assert_outcomes(passed=17)


def test_a_check_imports_and_registers_the_little_that_it_needs(
    pytester: pytest.Pytester, shop: Path
) -> None:
    (shop / "conftest.py").write_text(
        """
        import sys
        def pytest_sessionfinish(session):
            names = [name for name, _ in session.config.pluginmanager.list_name_plugin()]
            print("registered", *sorted(name for name in names if name.startswith("canary-")))
        def pytest_unconfigure():
            print("imported", *sys.modules)
        """.replace("\n        ", "\n")
    )
    result = pytester.runpytest_subprocess("--canary-check", "-s")
    result.stdout.fnmatch_lines(
        [
            "*registered canary-collector canary-fixtures canary-redaction canary-runner "
            "canary-terminal"
        ]
    )
    (line,) = [line for line in result.outlines if line.startswith("imported ")]
    rooms = ("cluster", "release", "traffic", "api.client", "database.database", "reporting")
    heavy = {"aiohttp", "docker", "jinja2", "kubernetes", "numpy", "scipy", "tenacity"}
    heavy |= {f"pytest_canary.{room}" for room in rooms}
    assert "pytest_canary.preflight.inspection" in line.split()
    assert heavy & set(line.split()) == set()


def test_a_finding_is_told_with_file_line_rule_and_fix(
    pytester: pytest.Pytester, shop: Path
) -> None:
    broken(shop, "deployment/unset-variable")
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "$PROT has no value",
            "    seen    manifests/deployment.yml:21, rule unset-variable",
            "    next    did you mean PORT?",
            '      21 |           env: [[]{name: PORT, value: "$PROT"}[]] # here',
            "canary: 1 error, 15 of 16 checks hold",
            "FAILED canary/preflight::every variable of the templates has a value, and is used*",
        ]
    )
    result.assert_outcomes(failed=1, passed=15)


def test_every_finding_is_told_in_one_run(pytester: pytest.Pytester, shop: Path) -> None:
    broken(shop, "deployment/missing-volume")
    broken(shop, "service/selects-no-pod")
    result = pytester.runpytest_inprocess("--canary-check")
    result.stdout.fnmatch_lines(
        [
            "Service shop-lb selects no pod of shop-canary: *",
            "container shop mounts volume tmp, which the pod does not have",
            "canary: 2 errors, 14 of 16 checks hold",
        ]
    )


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            ".github/workflows/deploy.yml",
            "on: push\njobs:\n  deploy:\n    steps:\n      - uses: acme/deploy@v2\n",
            ["jobs.deploy.steps[[]0].uses: nothing stands in for acme/deploy@v2", ":5, rule"],
        ),
        (
            ".gitlab-ci.yml",
            "deploy:\n  scrip: kubectl apply\n",
            ["deploy.scrip: no such key; did you mean script?", ":2, rule"],
        ),
    ],
)
def test_a_pipeline_of_another_service_is_looked_at_as_that_service_does(
    pytester: pytest.Pytester, shop: Path, name: str, text: str, told: list[str]
) -> None:
    (shop / name).parent.mkdir(parents=True, exist_ok=True)
    (shop / name).write_text(text)
    result = pytester.runpytest_inprocess("--canary-check", f"--canary-pipeline={name}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    sentence, place = told
    result.stdout.fnmatch_lines([sentence, f"    seen    {name}{place} malformed-pipeline"])
    described = '[pipeline]\njobs = ["deploy"]\nuses = { "acme/deploy" = "./deploy" }\n'
    (shop / "canary.toml").write_text(described)
    (shop / name).write_text(text.replace("scrip:", "script:"))
    result = pytester.runpytest_inprocess("--canary-check", f"--canary-pipeline={name}")
    assert result.ret == pytest.ExitCode.OK


def test_a_pipeline_is_looked_at_with_all_that_it_promotes_to_where_it_is_named(
    pytester: pytest.Pytester, shop: Path
) -> None:
    shutil.copytree(ROOT / "fixtures" / "pipelines" / "book", shop, dirs_exist_ok=True)
    # Each condition is looked at once, that of [promotion] too.
    (shop / "canary.toml").write_text(
        """
        promotion = { pipeline = ".semaphore/semaphore.yml", name = "Canary (AWS)" }
        pipeline.secrets.dockerhub.variables = ["DOCKER_USERNAME", "DOCKRE_PASSWORD"]
        pipeline.secrets.do-key.variables = ["DO_ACCESS_TOKEN"]
        pipeline.secrets.db-params.variables = ["DB_PASSWORD", "PORT"]
        pipeline.secrets.aws-key.files = ["~/aws-key.yml"]
        pipeline.secrets.gcp-key.files = ["~/gcp-key.json"]
        """
    )
    rollback = shop / ".semaphore" / "rollback-gcp.yml"
    rollback.write_text(rollback.read_text().replace("blocks:", "blcoks:", 1))
    result = pytester.runpytest_inprocess(
        "--canary-check", "--canary-pipeline=.semaphore/semaphore.yml"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "canary: shop, its manifests and pipelines alone; settings: canary.toml",
            "*blcoks: no such key; did you mean blocks?",
            "    seen    .semaphore/rollback-gcp.yml:8, rule malformed-pipeline",
            "       8 | blcoks:",
            "$DOCKER_PASSWORD has no value: no env_vars, secret, matrix, *",
            "    seen    .semaphore/canary-digitalocean.yml:18, rule unprovided-variable",
            "    next    did you mean DOCKRE_PASSWORD?",
            "promotions[[]0[]].auto_promote.when: '^hotfix[*]' at character 52 is a regular *",
            "    seen    .semaphore/semaphore.yml:56, rule misleading-condition",
            "    next    leave the star out: '^hotfix'",
            "canary: 2 errors, 4 warnings, 18 of 19 checks hold",
        ]
    )


def test_a_pipeline_that_is_right_is_named_and_one_that_is_not_there_is_told(
    pytester: pytest.Pytester, shop: Path
) -> None:
    (shop / "ci.yml").write_text(
        "version: v1.0\nagent: {machine: {type: e1-standard-2}}\n"
        "blocks: [{task: {jobs: [{commands: [date]}]}}]\n"
    )
    result = pytester.runpytest_inprocess("--canary-check", "--canary-pipeline=ci.yml")
    result.stdout.fnmatch_lines(["canary: nothing found in deployment.yml, service.yml and ci.yml"])
    result = pytester.runpytest_inprocess("--canary-check", "--canary-pipeline=cI.yml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --canary-pipeline: there is no file cI.yml in *"])


def test_paths_are_told_from_the_rootdir_wherever_the_settings_are(
    pytester: pytest.Pytester, shop: Path
) -> None:
    broken(shop, "service/no-target-port")
    (shop / "ops").mkdir()
    manifests = "\n".join(
        f'{key} = "../{path}"'
        for key, path in {
            "deployment": "manifests/deployment.yml",
            "service": "manifests/service.yml",
            "apply": "apply.sh",
        }.items()
    )
    (shop / "ops" / "canary.toml").write_text(
        f'[image]\ncontext = ".."\n[environment]\nPROT = "1"\n[manifests]\n{manifests}\n'
    )
    result = pytester.runpytest_inprocess("--canary-check", "--canary-config=ops/canary.toml")
    result.stdout.fnmatch_lines(
        [
            "    seen    manifests/service.yml:9, rule no-target-port",
            "    seen    ops/canary.toml:4, rule unused-variable",
        ]
    )


def test_the_version_is_that_of_the_node_image(pytester: pytest.Pytester, shop: Path) -> None:
    result = pytester.runpytest_inprocess("--canary-check", "--kind-image=kindest/node:v1.34.2")
    result.stdout.fnmatch_lines(["canary/preflight ................ * s  Kubernetes 1.34"])


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
        ("missing-secret", "off", pytest.ExitCode.OK, "nothing found"),
        ("overlapping-selectors", "off", pytest.ExitCode.OK, "nothing found"),
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


@pytest.mark.parametrize("args", [(), ("test_ours.py",)])
def test_a_teams_tests_are_collected_only_where_they_are_named(
    pytester: pytest.Pytester, shop: Path, args: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        test_ours="""
        import pytest, pathlib
        pathlib.Path("collected").touch()
        @pytest.mark.canary("preflight")
        def test_ours(canary_rehearsal): assert canary_rehearsal.inspection.findings == ()
        @pytest.mark.canary("stable")
        def test_later(canary_release): pass
        def test_other(): pass
        """
    )
    result = pytester.runpytest_inprocess("--canary-check", *args)
    result.assert_outcomes(passed=17 if args else 16, deselected=2 if args else 0)
    assert (shop / "collected").exists() is bool(args)


def test_junitxml_names_the_stage_and_its_figures(pytester: pytest.Pytester, shop: Path) -> None:
    broken(shop, "deployment/pull-policy")
    pytester.runpytest_inprocess("--canary-check", "--junitxml=out.xml")
    cases = list(ElementTree.parse(shop / "out.xml").getroot().iter("testcase"))
    assert len(cases) == 16
    (failed,) = [case for case in cases if case.find("failure") is not None]
    assert failed.get("name") == "the pull policy can find the image"
    assert "manifests/deployment.yml:17" in str(failed.find("failure").text)  # type: ignore[union-attr]


def test_wrong_settings_and_options_are_refused(pytester: pytest.Pytester, shop: Path) -> None:
    (shop / "canary.toml").write_text(
        '[findings.latest-imag]\nlevel = "off"\n[preflight.silenced]\npull-policy = "why"\n'
    )
    result = pytester.runpytest_inprocess("--canary-check", "--canary")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: --canary-check: a walk begins with it; leave it out, or --canary",
            "ERROR: canary.toml: preflight = {'silenced': {'pull-policy': 'why'}}: no such "
            'setting; write [[]findings.pull-policy[]] with level = "off" and why = "…"',
            "ERROR: canary.toml: findings.latest-imag.level = 'off': no such rule; "
            "did you mean latest-image[?]",
        ]
    )


def test_a_finding_stops_a_walk_before_anything_is_made(
    pytester: pytest.Pytester, shop: Path, stand_in: Entered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKS", "preflight")
    broken(shop, "deployment/missing-secret")
    result = pytester.runpytest_inprocess("--canary", "--canary-baseline=shop:1", "-rs")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert stand_in() == ["cleanup"]
    sentence = "Secret payment will not be there: neither a manifest nor the rehearsal makes it"
    failed = "canary/preflight::everything that pods refer to will be there"
    result.stdout.fnmatch_lines(
        [
            "canary/preflight .........F...... *",
            "canary/cluster ssssssss *",
            f"canary: failed at {failed}: {sentence}",
            f"SKIPPED [[]8[]] canary/cluster:1: {failed} failed: {sentence}",
        ]
    )


def test_settings_that_make_a_go_impossible_are_told(pytester: pytest.Pytester, shop: Path) -> None:
    (shop / "canary.toml").write_text("[verdict]\nerrors = 0.001\n")
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*no canary can get a go: with verdict.errors = 0.001 and verdict.confidence = 0.95 "
            "that takes 3,838 requests to it, and verdict.seconds = 40 and verdict.rate = 75 give "
            "it 2,949 at most*",
            "*seen    canary.toml, rule unreachable-go",
            "*next    set verdict.seconds to at least 52 or verdict.rate to at least 99; or say *",
        ]
    )


def test_a_condition_that_misleads_is_told_and_fails_nothing(
    pytester: pytest.Pytester, shop: Path
) -> None:
    when = "result = 'passed' and (branch = 'master' or tag =~ '^hotfix*')"
    (shop / "canary.toml").write_text(f'[promotion]\nwhen = "{when}"\n')
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "canary/preflight ...............w * 1 warning: misleading-promotion",
            "promotion.when: '^hotfix[*]' at character 52 is a regular expression, where x[*] is "
            "any number of x, also none: it matches all that '^hotfi' matches",
            "*seen    canary.toml, rule misleading-promotion",
            "*next    leave the star out: '^hotfix'",
            "canary: no error, 1 warning",
        ]
    )


@pytest.mark.parametrize("baseline", ['"none"', None])
def test_a_project_without_a_verdict_has_no_go_to_reach(
    pytester: pytest.Pytester, shop: Path, baseline: str | None
) -> None:
    without = f"baseline = {baseline}\n" if baseline else "[traffic]\nrate = 0\n"
    (shop / "canary.toml").write_text(f"{without}[verdict]\nerrors = 0.001\n")
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=15)


def test_plain_yaml_is_checked_without_a_setting(pytester: pytest.Pytester, shop: Path) -> None:
    for each in ("apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (shop / each).unlink()
    (shop / "manifests").rmdir()
    put(shop, DEPLOYMENT, SERVICE.replace("  type: LoadBalancer\n", ""))
    result = pytester.runpytest_subprocess("--canary-check")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "canary: shop, its manifests alone; settings: defaults",
            "canary/preflight ................. *; Service shop is a NodePort, to be reached *",
            "canary: nothing found in k8s",
        ]
    )
    put(shop, DEPLOYMENT.replace("readinessProbe", "readynessProbe"), SERVICE)
    result = pytester.runpytest_subprocess("--canary-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["    seen    k8s/all.yml:22, rule unknown-field"])


def test_of_several_deployments_the_settings_have_to_name_one(
    pytester: pytest.Pytester, shop: Path
) -> None:
    for each in ("apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (shop / each).unlink()
    put(shop, DEPLOYMENT, DEPLOYMENT.replace("name: shop\nspec", "name: b\nspec"), SERVICE)
    result = pytester.runpytest_subprocess("--canary-check")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: defaults: name is missing: k8s/all.yml has 2 Deployments (shop, b), and one *"]
    )


@pytest.fixture
def released(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in git, with v1 of its manifests, which are right."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for kind in ("deployment", "service"):
        shutil.copy(BROKEN / kind / "healthy.yml", project / "manifests" / f"{kind}.yml")
    shutil.copy(ROOT / "apply.sh", project / "apply.sh")
    git(project, "init", "--quiet")
    commit(project, "v1")
    commit(project)
    return project


def test_a_check_compares_with_the_newest_tag_and_tells_what_changes(
    pytester: pytest.Pytester, released: Path
) -> None:
    for name in ("immutable-field", "changed-probe"):
        shutil.copy(
            ROOT / "fixtures" / "changes" / name / "deployment.yml",
            released / "manifests" / "deployment.yml",
        )
        result = pytester.runpytest_inprocess("--canary-check")
        if name == "immutable-field":
            assert result.ret == pytest.ExitCode.TESTS_FAILED
            result.stdout.fnmatch_lines(
                [
                    "collected 20 items",
                    "canary/preflight ..............F..... * compared with git:v1 (the newest tag "
                    "before HEAD)",
                    "spec.selector of Deployment shop-stable can't be changed on a live object: "
                    "git:v1 has app: shop, deployment: shop-stable, and this version app: shop, "
                    "deployment: shop-stable, tier: web",
                    "    seen    manifests/deployment.yml:8, rule immutable-field",
                    "    next    leave it as it is; *",
                    "canary: 1 error, 19 of 20 checks hold",
                ]
            )
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "the readinessProbe of container shop asks GET /health of port 3000, and GET /ready "
            "of port 3000 in git:v1",
            "canary: no error, 1 warning",
        ]
    )


def test_a_check_tells_nothing_where_both_versions_have_the_same_files(
    pytester: pytest.Pytester, released: Path
) -> None:
    result = pytester.runpytest_inprocess("--canary-check")
    result.assert_outcomes(passed=20)
    result.stdout.no_fnmatch_line("*compared with*")
    result.stdout.fnmatch_lines(["canary: nothing found in deployment.yml and service.yml"])


def test_a_check_that_can_not_know_the_baseline_skips_what_it_compares(
    pytester: pytest.Pytester, released: Path
) -> None:
    result = pytester.runpytest_inprocess("--canary-check", "--canary-baseline=git:v7", "-rs")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=16, skipped=4)
    why = "baseline git:v7 (--canary-baseline) is not in git: fetch it first, or name another"
    result.stdout.fnmatch_lines(
        [
            f"canary/preflight ..............ssss.. * compared with no baseline, as {why}",
            "canary: 16 of 20 checks were made, and hold",
            f"SKIPPED * {why}",
        ]
    )


def test_plain_yaml_is_compared_with_what_the_tag_has_of_it(
    pytester: pytest.Pytester, released: Path
) -> None:
    for each in ("apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (released / each).unlink()
    put(released, DEPLOYMENT, SERVICE)
    commit(released, "v2")
    commit(released)
    put(released, DEPLOYMENT, SERVICE.replace("port: 80", "port: 8080, targetPort: 80"))
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "collected 21 items",
            "*compared with git:v2 (the newest tag before HEAD)*",
            "*Service shop has no port 80 any more, by which clients *",
            "    seen    k8s/all.yml:*, rule moved-address",
            "canary: 1 error, 20 of 21 checks hold",
        ]
    )
