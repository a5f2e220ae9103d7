"""Where a pipeline is not what its service takes it for."""

from collections.abc import Callable
from dataclasses import replace

from fakes.workflows import pipeline, promotion
from fakes.world import World
from fakes.world_settings import PIPELINES
from unit.stages.failing.preflight.cases import CASES

from pytest_canary.preflight import ruleset
from pytest_canary.stages import preflight


def pipeline_fails(check: Callable[..., None], rule: str, text: str, *words: str) -> None:
    """Declare that a check fails on a pipeline by a rule, with these words."""

    def sabotage(world: World) -> None:
        (world.folder / "ci.yml").write_text(text)
        plan = world.rehearsal.plan
        world.rehearsal.workspace.plan = replace(plan, pipeline=world.folder / "ci.yml")

    sabotage.__name__ = rule.replace("-", "_")
    warns = ruleset.levels()[rule] != "error"
    level = {"findings": {rule: {"level": "error"}}} if warns else {}
    table = PIPELINES | level
    evidence = ("seen    ci.yml:", f", rule {rule}", "next    ")
    CASES.fails(check, *words, evidence=evidence, before=True, table=table)(sabotage)


def promotes(*promotions: str) -> str:
    return pipeline(more="promotions:\n" + "".join(promotions))


pipeline_fails(
    preflight.pipelines_are_taken,
    "malformed-pipeline",
    pipeline(more="nmae: Shop\n"),
    "nmae: no such key; did you mean name?",
)
pipeline_fails(
    preflight.pipelines_are_taken,
    "missing-pipeline",
    promotes(promotion("Canary", "canary.yml")),
    "promotions[0].pipeline_file: there is no file canary.yml",
)


@CASES.fails(
    preflight.pipelines_are_taken,
    "shop.scrip: no such key; did you mean script?",
    evidence=("seen    .gitlab-ci.yml:2, rule malformed-pipeline",),
    before=True,
    table={"pipeline": {"file": "fixtures/pipelines/services/.gitlab-ci.yml", "run": False}},
)
def gitlab_refuses_the_file(world: World) -> None:
    (world.folder / ".gitlab-ci.yml").write_text("shop:\n  scrip: make\n")
    plan = world.rehearsal.plan
    world.rehearsal.workspace.plan = replace(plan, pipeline=world.folder / ".gitlab-ci.yml")


pipeline_fails(
    preflight.jobs_are_given_variables,
    "undescribed-secret",
    pipeline(job="      secrets: [{name: registry}]\n"),
    "nothing says what secret registry gives",
)
pipeline_fails(
    preflight.jobs_are_given_variables,
    "unprovided-variable",
    pipeline("docker login -p $TOKEN"),
    "$TOKEN has no value: no env_vars, secret, matrix, parameter or command before it gives it one",
)
pipeline_fails(
    preflight.promotions_are_meant,
    "manual-rollback",
    promotes(promotion("Rollback", "ci.yml")),
    "promotion Rollback is started by hand, so that nothing is rolled back until somebody is there",
)
pipeline_fails(
    preflight.jobs_are_given_variables,
    "misspelt-cache",
    pipeline("docker push team/shop; docker build --cache-from team/shpo:latest -t team/shop ."),
    "--cache-from team/shpo: no pipeline pulls, pushes or names such an image",
)
pipeline_fails(
    preflight.promotions_are_meant,
    "unreachable-condition",
    promotes(promotion("Canary", "ci.yml", "branch = 'master' and tag =~ '^v'")),
    "promotions[0].auto_promote.when never holds: of branch, tag and pull_request one has a value",
)
pipeline_fails(
    preflight.promotions_are_meant,
    "misleading-condition",
    promotes(promotion("Canary", "ci.yml", "result = 'passed' and tag =~ '^hotfix*'")),
    "promotions[0].auto_promote.when: '^hotfix*' at character 30 is a regular expression",
)


@CASES.fails(
    preflight.promotions_are_meant,
    "nothing here installs aws-iam-authenticator, by which kubectl logs in to the cluster after "
    "ci.yml has installed it: unless the machine's image has it, the rollback can't reach",
    evidence=("seen    undo.yml:", ", rule unequipped-rollback", "next    "),
    before=True,
    table=PIPELINES | {"findings": {"unequipped-rollback": {"level": "error"}}},
)
def the_rollback_lacks_what_logs_in(world: World) -> None:
    install = "curl -o ~/bin/aws-iam-authenticator localhost"
    promotions = promotion("Rollback", "undo.yml", "result = 'failed'")
    (world.folder / "ci.yml").write_text(pipeline(install, more=f"promotions:\n{promotions}"))
    (world.folder / "undo.yml").write_text(pipeline("kubectl delete deployment shop-canary"))
    plan = world.rehearsal.plan
    world.rehearsal.workspace.plan = replace(plan, pipeline=world.folder / "ci.yml")
