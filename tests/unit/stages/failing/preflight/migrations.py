"""Where nothing would migrate, or something else than what is released."""

from dataclasses import replace

from fakes.world import World
from fakes.world_settings import INIT
from unit.stages.failing.preflight.cases import CASES, fails

from pytest_canary.stages import preflight

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
    evidence=("rule no-migration", "next    put it there, or say in migration.by what migrates"),
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
