"""`pytest --canary-check` of pipelines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fakes.folders import FIXTURES
from fakes.shop import shop as shop


def test_a_pipeline_is_looked_at_with_all_that_it_promotes_to_where_it_is_named(
    pytester: pytest.Pytester, shop: Path
) -> None:
    shutil.copytree(FIXTURES / "pipelines" / "book", shop, dirs_exist_ok=True)
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
    first = shop / ".semaphore" / "semaphore.yml"
    first.write_text(first.read_text().replace("shop:latest -t", "shpo:latest -t", 1))
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
            "--cache-from $SEMAPHORE_REGISTRY_URL/shpo: no pipeline pulls, pushes or names such *",
            "    seen    .semaphore/semaphore.yml:19, rule misspelt-cache",
            "nothing here installs aws-iam-authenticator, by which kubectl logs in to *",
            "    seen    .semaphore/rollback-aws.yml:23, rule unequipped-rollback",
            "promotions[[]0[]].auto_promote.when: '^hotfix[*]' at character 52 is a regular *",
            "    seen    .semaphore/semaphore.yml:56, rule misleading-condition",
            "    next    leave the star out: '^hotfix'",
            "canary: 2 errors, 6 warnings, 18 of 19 checks hold",
        ]
    )


def test_what_another_services_jobs_lack_is_told_with_its_line(
    pytester: pytest.Pytester, shop: Path
) -> None:
    (shop / ".github" / "workflows").mkdir(parents=True)
    (shop / ".github" / "workflows" / "ci.yml").write_text(
        "on: push\njobs:\n  it:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - env: {HUB_USER: me}\n        run: docker login -u $HUB_USRE\n"
    )
    file = ".github/workflows/ci.yml"
    result = pytester.runpytest_inprocess("--canary-check", f"--canary-pipeline={file}")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "$HUB_USRE has no value: no env, GITHUB_ENV or command of its step gives it one",
            f"    seen    {file}:7, rule unprovided-variable",
            "    next    did you mean HUB_USER?",
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
    result.stdout.fnmatch_lines(
        ["canary: nothing wrong found in deployment.yml, service.yml and ci.yml"]
    )
    result = pytester.runpytest_inprocess("--canary-check", "--canary-pipeline=cI.yml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --canary-pipeline: there is no file cI.yml in *"])


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
