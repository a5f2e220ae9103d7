"""Where the manifests are not what Kubernetes, the script or the walk take them for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fakes.preflight import before_and_after, compared, here
from fakes.repository import OWN as CLEAN
from fakes.workflows import pipeline, promotion
from fakes.world import INIT, JOB, PIPELINES, ROOT, World
from unit.stages.failing import Cases, Sabotage

from pytest_canary.config import settings_file
from pytest_canary.config.baseline import find_baseline
from pytest_canary.config.options import Options
from pytest_canary.preflight import ruleset
from pytest_canary.stages import preflight

CASES = Cases("preflight")
BROKEN = ROOT / "fixtures" / "manifests"


def has(path: str) -> Sabotage:
    """A project whose one manifest is this of fixtures/manifests, and the other a healthy one."""
    kind, name = path.split("/")

    def sabotage(world: World) -> None:
        files = {each: BROKEN / each / "healthy.yml" for each in ("deployment", "service")}
        files[kind] = BROKEN / kind / f"{name}.yml"
        own: dict[str, Any] = {each: world.folder / f"{each}.yml" for each in files}
        for each, file in files.items():
            own[each].write_text(file.read_text())
        plan = world.rehearsal.plan
        settings = plan.settings.model_copy(
            update={
                "files": replace(plan.settings.files, **own),
                "name": "shop",
                "service_name": "shop-lb",
            }
        )
        world.rehearsal.workspace.plan = replace(plan, settings=settings)

    sabotage.__name__ = path.replace("/", " ")
    return sabotage


def fails(check: Callable[..., None], path: str, *words: str) -> None:
    """Declare that a check fails on a broken manifest, where it says so, with these words.

    What is a warning by itself is an error by its settings.
    """
    kind, name = path.split("/")
    rule = name.split(".")[0]
    warns = ruleset.levels()[rule] != "error"
    table: dict[str, Any] = {"findings": {rule: {"level": "error"}}} if warns else {}
    if kind == "job":
        table |= JOB
    lines = (BROKEN / f"{path}.yml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "# here" in text)
    evidence = (f"seen    {kind}.yml:{line}, rule {rule}", "next    ")
    CASES.fails(check, *words, evidence=evidence, before=True, table=table)(has(path))


fails(
    preflight.yaml_is_valid,
    "deployment/invalid-yaml",
    "deployment.yml is no valid YAML: did not find expected '-' indicator",
)
fails(preflight.yaml_is_valid, "deployment/not-an-object", "the object has no kind")
fails(
    preflight.yaml_is_valid,
    "deployment/duplicate-key",
    "key image is set twice in spec.template.spec.containers[0]; what line 16 says is lost",
)
fails(preflight.yaml_is_valid, "service/invalid-yaml", "service.yml is no valid YAML")

fails(preflight.variables_have_values, "deployment/unset-variable", "$PROT has no value")
fails(
    preflight.variables_have_values,
    "service/unset-variable",
    "$HOST stays as it stands: service.yml is applied without filling anything in",
)


@CASES.fails(
    preflight.variables_have_values,
    "PROT is set in [environment], and neither ",
    "deployment.yml nor apply.sh uses it",
    evidence=("rule unused-variable", "next    use it as $PROT, or take it out"),
    before=True,
    table={
        "environment": {"PROT": "3000"},
        "findings": {"unused-variable": {"level": "error"}},
    },
)
def a_variable_is_set_that_nothing_uses(world: World) -> None:
    pass


fails(
    preflight.schema_fits,
    "deployment/unknown-kind",
    "has no Deployment in extensions/v1beta1",
)
fails(
    preflight.schema_fits,
    "deployment/unknown-field",
    'unknown field "spec.template.spec.containers[0].imagePulPolicy"',
)
fails(preflight.schema_fits, "deployment/missing-field", "livenessProbe.tcpSocket.port is missing")
fails(
    preflight.schema_fits,
    "deployment/duplicate-entry",
    "tmp is in spec.template.spec.volumes twice, first on line 22",
)
fails(preflight.schema_fits, "deployment/wrong-type", "env[0].value must be text, not a number")
fails(
    preflight.schema_fits,
    "deployment/wrong-value",
    "imagePullPolicy must be one of Always, IfNotPresent, Never",
)
fails(preflight.schema_fits, "service/wrong-type", "spec.selector must be a table, not a list")

fails(preflight.deployments_are_made, "deployment/no-deployment", "has no Deployment")
fails(
    preflight.deployments_are_made,
    "deployment/wrong-name",
    "the Deployment is called shop, not shop-canary, so canary and stable would be the same one",
)
fails(
    preflight.deployments_are_made,
    "deployment/wrong-replicas",
    "shop-canary gets 3 replicas, not the 1 that apply.sh is given",
)
fails(
    preflight.deployments_are_made,
    "deployment/wrong-image",
    "no container of shop-canary runs the image that apply.sh is given",
)
fails(
    preflight.deployments_are_made,
    "deployment/fixed-namespace",
    "Deployment shop-canary is fixed to a namespace, where nothing is rehearsed",
)
fails(
    preflight.deployments_are_made,
    "deployment/cluster-scoped",
    "ClusterRole shop belongs to the whole cluster, and a release reaches the rehearsal's "
    "namespace only",
)

fails(
    preflight.selectors_are_apart,
    "deployment/overlapping-selectors",
    "shop-canary selects the pods of shop-stable too, by app: shop",
)
fails(
    preflight.selectors_are_apart,
    "deployment/selector-misses-pods",
    "selector does not match template labels: its pods have app: shop, deployment: shop-canary",
)

fails(preflight.service_selects, "service/no-service", "service.yml makes no Service shop-lb")
fails(
    preflight.service_selects,
    "service/no-selector",
    "Service shop-lb has no selector, so it sends connections nowhere",
)
fails(
    preflight.service_selects,
    "service/selects-no-pod",
    "Service shop-lb selects no pod of shop-canary: it looks for app: store, and they have app: "
    "shop, deployment: shop-canary",
)

fails(
    preflight.service_is_reached,
    "service/unreachable-service",
    "Service shop-lb is of type ClusterIP, which can't be reached from outside",
)
fails(
    preflight.service_is_reached,
    "service/session-affinity",
    "Service shop-lb sends a client to the same pod every time",
)

fails(
    preflight.target_port_exists,
    "service/no-target-port",
    "no container of shop-canary has a TCP port called web",
)
fails(
    preflight.target_port_exists,
    "service/unnamed-target-port",
    "no container of shop-canary names TCP port 8080; they name 3000",
)

fails(
    preflight.probes_exist,
    "deployment/no-readiness-probe",
    "container shop has no readinessProbe, so it gets traffic as soon as its process runs",
)
fails(preflight.probes_exist, "deployment/empty-probe", "of container shop asks nothing")
fails(
    preflight.probes_exist,
    "deployment/no-probe-port",
    "readinessProbe asks port htpp, which container shop does not have",
)

fails(
    preflight.references_exist,
    "deployment/missing-secret",
    "Secret payment will not be there: neither a manifest nor the rehearsal makes it",
)
fails(
    preflight.references_exist,
    "deployment/missing-config-map",
    "ConfigMap features will not be there",
)
fails(
    preflight.references_exist,
    "deployment/missing-key",
    "Secret db-params will have no key DB_PASS",
)
fails(
    preflight.references_exist,
    "deployment/missing-volume",
    "container shop mounts volume tmp, which the pod does not have",
)
fails(
    preflight.references_exist,
    "deployment/missing-claim",
    "PersistentVolumeClaim shop-data will not be there",
)
fails(
    preflight.references_exist,
    "deployment/missing-service-account",
    "ServiceAccount shop will not be there, and without it no pod is made",
)

fails(
    preflight.image_is_found,
    "deployment/pull-policy",
    "container shop asks a registry for the image, which is only loaded into the kind node",
)

fails(
    preflight.images_are_fixed,
    "deployment/latest-image",
    "container proxy runs proxies.invalid/proxy, which may be another image tomorrow",
)

fails(
    preflight.requests_fit,
    "deployment/request-above-limit",
    "container shop requests 96Mi of memory, which is above its limit of 64Mi",
)
fails(
    preflight.requests_fit,
    "deployment/request-beyond-node",
    "a pod requests 4000 of cpu, and the node has ",
)

fails(
    preflight.pods_are_left,
    "deployment/takes-last-pod",
    "a rollout may take all 3 pods of shop-stable at once",
)
fails(
    preflight.pods_are_left,
    "deployment/blocking-budget",
    "PodDisruptionBudget shop-canary lets none of the 3 pods of shop-stable go",
)


fails(
    preflight.migration_is_there,
    "job/no-migration",
    "ConfigMap migrate stands beside the Job, and is not applied",
)
fails(
    preflight.migration_is_there,
    "job/no-migration.several",
    "job.yml has 2 Jobs, where one is to migrate",
)


@CASES.fails(
    preflight.migration_is_there,
    "addressbook-canary has no init container migrations, where one is to migrate",
    evidence=("rule no-migration", "next    did you mean migrate?"),
    before=True,
    table=INIT | {"migration": {"container": "migrations"}},
)
def no_init_container_has_the_name(world: World) -> None:
    pass


@CASES.fails(
    preflight.migration_is_there,
    "addressbook-canary has 0 init containers, where one is to migrate",
    evidence=("rule no-migration", "next    name the one that migrates in migration.container"),
    before=True,
    table={"migration": {"by": "init-container"}, "commands": {}},
)
def there_is_no_init_container(world: World) -> None:
    pass


@CASES.fails(
    preflight.migration_is_there,
    "manifests/deployment.yml has 0 Jobs, where one is to migrate",
    evidence=("rule no-migration", "next    name the manifest of the one that does in migration."),
    before=True,
    table={"migration": {"by": "job"}, "commands": {}},
)
def there_is_no_job(world: World) -> None:
    pass


@CASES.fails(
    preflight.migration_is_there,
    "migrate migrates by addressbook:1.4, whatever version is released",
    evidence=("rule other-migration", "next    write image: $img"),
    before=True,
    table=INIT | {"findings": {"other-migration": {"level": "error"}}},
)
def the_init_container_runs_another_image(world: World) -> None:
    plan = world.rehearsal.plan
    own = world.folder / "deployment.yml"
    text = plan.settings.files.deployment.read_text()
    own.write_text(text.replace("image: $img", "image: addressbook:1.4", 1))
    files = replace(plan.settings.files, deployment=own)
    settings = plan.settings.model_copy(update={"files": files})
    world.rehearsal.workspace.plan = replace(plan, settings=settings)


fails(
    preflight.migration_is_there,
    "job/other-migration",
    "migrate migrates by shop:1.4, whatever version is released, so baseline and candidate migrate",
)
fails(
    preflight.migration_is_there,
    "job/selects-migration",
    "Service shop-lb selects the pods of Job migrate too, by app: shop, and sends them requests",
)


def changes(check: Callable[..., None], name: str, *words: str) -> None:
    """Declare that a check fails on a change of fixtures/changes, with these words."""
    folder = ROOT / "fixtures" / "changes" / name
    rule = name.split(".")[0]

    def sabotage(world: World) -> None:
        project = world.folder / "project"
        for each in CLEAN:
            world.patch.setenv(each, CLEAN[each])
        inspected = compared(project, *before_and_after(folder))
        assert inspected.findings
        settings = settings_file.check(
            {"name": "shop", "baseline": "git:v1", **table}, project, "canary.toml"
        )
        plan = world.rehearsal.plan
        baseline = find_baseline(settings, Options())
        world.rehearsal.workspace.plan = replace(plan, settings=settings, baseline=baseline)

    sabotage.__name__ = name
    warns = ruleset.levels()[rule] != "error"
    table = {"findings": {rule: {"level": "error"}}} if warns else {}
    own = {"revision": True, **table}
    file, line, _ = here(folder)
    shown = (
        f"v1:project/manifests/{file[5:]}" if file[:5] == "live." else f"project/manifests/{file}"
    )
    evidence = (f"seen    {shown}:{line}, rule {rule}", "next    ")
    CASES.fails(check, *words, evidence=evidence, before=True, table=own)(sabotage)


changes(
    preflight.fields_can_change,
    "immutable-field",
    "spec.selector of Deployment shop-stable can't be changed on a live object: git:v1 has app: "
    "shop, deployment: shop-stable, and this version app: shop, deployment: shop-stable, tier: web",
)
changes(
    preflight.fields_can_change,
    "immutable-field.job",
    "spec.template.spec.containers[0].image of Job shop-migrate can't be changed on a live object",
)
changes(
    preflight.nothing_is_left,
    "left-object",
    "git:v1 makes HorizontalPodAutoscaler shop, and this version doesn't: it stays on the "
    "cluster, as `kubectl apply` deletes nothing, and it goes on scaling what it names",
)
changes(
    preflight.settings_are_shared,
    "taken-key",
    "key banner of ConfigMap features is gone with this version, and pods of git:v1 need it",
)
changes(
    preflight.settings_are_shared,
    "unshared-key",
    "this version takes key DB_SSL of Secret db-params, which git:v1 does not",
)
changes(
    preflight.settings_are_shared,
    "unshared-variable",
    "container shop is given SMTP_HOST, which git:v1 is not",
)
changes(
    preflight.both_are_served,
    "unserved-version",
    "Service shop-lb of this version selects no pod of git:v1: it looks for tier: web, and they "
    "have tier: nothing; they get no request from then on",
)
changes(
    preflight.both_are_served,
    "moved-address",
    "Service shop-lb has no port 80 any more, by which clients reach git:v1",
)
changes(
    preflight.both_are_served,
    "changed-port",
    "port 3000 is called web, and http in git:v1",
)
changes(
    preflight.both_are_served,
    "changed-probe",
    "the readinessProbe of container shop asks GET /health of port 3000, and GET /ready of port "
    "3000 in git:v1",
)
changes(
    preflight.requests_fit,
    "request-beyond-both",
    "3 pods of git:v1 and 2 of this version request 12288192Mi of memory together, and the node "
    "has ",
)


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
    preflight.go_is_in_reach,
    "no canary can get a go: with verdict.errors = 0.015 and verdict.confidence = 0.95 that takes "
    "253 requests to it, and verdict.seconds = 3 and verdict.rate = 75 give it ",
    evidence=(
        "seen    canary.toml, rule unreachable-go",
        "next    set verdict.seconds to at least 5; or ",
    ),
    before=True,
    table={"traffic": {"rate": 30}, "verdict": {"seconds": 3}},
)
def the_verdict_is_too_short_for_a_go(world: World) -> None:
    pass


@CASES.fails(
    preflight.promotion_is_meant,
    "no release is ever promoted: promotion.when holds only for a pipeline that has not passed",
    evidence=(
        "seen    canary.toml, rule unreachable-promotion",
        "next    say in [promotion] what ",
    ),
    before=True,
    table={
        "promotion": {"when": "result = 'failed'"},
        "findings": {"unreachable-promotion": {"level": "error"}},
    },
)
def the_condition_is_that_of_a_rollback(world: World) -> None:
    pass


@CASES.fails(
    preflight.promotion_is_meant,
    "promotion.tags: '^hotfix*' is a regular expression, where x* is any number of x, also none: ",
    evidence=(
        "seen    canary.toml, rule misleading-promotion",
        "next    leave the star out: '^hotfix'",
    ),
    before=True,
    table={
        "promotion": {"tags": ["^hotfix*"]},
        "findings": {"misleading-promotion": {"level": "error"}},
    },
)
def a_pattern_ends_like_a_shells(world: World) -> None:
    pass
