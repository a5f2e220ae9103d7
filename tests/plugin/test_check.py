"""`pytest --canary-check`: the manifests alone, in a project as its user has it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from fakes.manifest_sets import DEPLOYMENT, SERVICE
from fakes.manifest_sets import project as put
from fakes.shop import BROKEN, broken
from fakes.shop import shop as shop
from fakes.walk import Entered


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
            "canary: nothing wrong found in deployment.yml and service.yml",
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
        ["*registered canary-collector canary-redaction canary-runner canary-terminal"]
    )
    (line,) = [line for line in result.outlines if line.startswith("imported ")]
    rooms = ("cluster", "release", "traffic", "api.client", "database.database", "reporting")
    heavy = {"aiohttp", "docker", "jinja2", "kubernetes", "numpy", "scipy", "tenacity"}
    heavy |= {f"pytest_canary.{room}" for room in rooms}
    assert "pytest_canary.preflight.inspection" in line.split()
    assert heavy & set(line.split()) == set()


def test_a_check_leaves_the_collector_of_garbage_as_it_was(
    pytester: pytest.Pytester, shop: Path
) -> None:
    (shop / "run.py").write_text(
        """
        import gc, pytest
        pytest.main(["--canary-check"])
        print("frozen", gc.get_freeze_count())
        """.replace("\n        ", "\n")
    )
    pytester.runpython(shop / "run.py").stdout.fnmatch_lines(["frozen 0"])


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
    (shop / "canary.toml").write_text("[verdict]\nerrors = 0.001\nrate = 75\n")
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


@pytest.mark.parametrize("baseline", ['"none"', None])
def test_a_project_without_a_verdict_has_no_go_to_reach(
    pytester: pytest.Pytester, shop: Path, baseline: str | None
) -> None:
    without = f"baseline = {baseline}\n" if baseline else "[traffic]\nrate = 0\n"
    (shop / "canary.toml").write_text(f"{without}[verdict]\nerrors = 0.001\nrate = 75\n")
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
            "canary: nothing wrong found in k8s",
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
