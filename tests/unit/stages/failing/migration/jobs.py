"""Where a Job migrates, and comes to no good end."""

from dataclasses import replace
from functools import partial

from fakes.database import SCHEMAS
from fakes.objects import Object, crashing
from fakes.world import World
from fakes.world_settings import JOB, JOB_FIRST
from unit.stages.failing import Case, Cases

from pytest_canary.stages import baseline, canary, migration

CASES = Cases("migration")
fails = partial(CASES.fails, before=True, table=JOB)
BEFORE_CANARY = Cases("canary")
BEFORE_BASELINE = Cases("baseline")


def running(pod: Object) -> Object:
    """The Job's pod, whose container runs on."""
    name = pod["spec"]["containers"][0]["name"]
    begun = {"name": name, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    return pod | {"status": {"phase": "Running", "containerStatuses": [begun]}}


def waiting(pod: Object, reason: str, message: str) -> Object:
    """The Job's pod, whose container waits for ever."""
    waits = {"state": {"waiting": {"reason": reason, "message": message}}}
    name, image = (pod["spec"]["containers"][0][key] for key in ("name", "image"))
    status = {"name": name, "image": image, "restartCount": 0, **waits}
    return pod | {"status": {"phase": "Pending", "containerStatuses": [status]}}


@fails(
    migration.migrate_succeeds,
    "`app migrate` in pod migrate-",
    'exits with code 5: "lock timeout"',
    evidence=("lock timeout",),
)
def its_command_fails(world: World) -> None:
    def locked(release: str, database: str) -> tuple[int, str]:
        done = world.commands.migrate_all(release, database)
        return done if database.startswith("canary_fresh") else (5, "lock timeout")

    world.commands.migrate = locked


@fails(
    migration.commands_run,
    "`app migrate` of Job migrate was given up at its deadline of 5 s: ",
    'schema 2 -> 4"',
    evidence=("seen    pod migrate-", "next    see deadlines.command"),
)
def its_command_hangs(world: World) -> None:
    world.namespace.controllers.job_pod = running


@fails(
    migration.commands_run,
    "Job migrate was given up at its deadline of 5 s: `app migrate` has ended with code 0, and "
    "container proxy runs on, so that the Job never ends",
    evidence=("next    put proxy among the initContainers, with restartPolicy: Always",),
)
def a_sidecar_runs_on(world: World) -> None:
    def beside(pod: Object) -> Object:
        status = pod["status"] | {"phase": "Running"}
        proxy = {"name": "proxy", "state": {"running": {}}}
        listed = [*pod["spec"]["containers"], {"name": "proxy", "image": "proxy:1"}]
        return pod | {
            "spec": pod["spec"] | {"containers": listed},
            "status": status | {"containerStatuses": [*status["containerStatuses"], proxy]},
        }

    world.namespace.controllers.job_pod = beside


@fails(
    migration.commands_run,
    "can't start: image {candidate} can't be pulled, the registry has no such image",
    evidence=("seen    pod migrate-", "next    push the image"),
)
def its_image_is_nowhere(world: World) -> None:
    message = "failed to pull and unpack image: docker.io/library/x: not found"
    world.namespace.controllers.job_pod = lambda pod: waiting(pod, "ErrImagePull", message)


@fails(
    migration.commands_run,
    "Job migrate gets no pod: it violates the namespace's Pod Security Standard restricted:latest",
    evidence=("next    mend the pod's and the containers' securityContext",),
)
def its_pod_is_refused(world: World) -> None:
    world.namespace.controllers.job_pod = lambda _: None
    message = 'violates PodSecurity "restricted:latest": runAsNonRoot != true'
    world.namespace.put(
        {
            "kind": "Event",
            "metadata": {"name": "refused"},
            "reason": "FailedCreate",
            "message": f'Error creating: pods "migrate-x" is forbidden: {message}',
            "involvedObject": {"kind": "Job", "name": "migrate"},
        }
    )


@fails(
    migration.commands_run,
    "Job migrate failed before `app migrate` came to an end of its own: Job was active longer than "
    "specified deadline",
    evidence=("next    see activeDeadlineSeconds and backoffLimit of the Job",),
)
def its_own_deadline_is_too_short(world: World) -> None:
    world.namespace.controllers.job_pod = running
    world.namespace.controllers.job_ends = [
        {
            "type": "Failed",
            "status": "True",
            "reason": "DeadlineExceeded",
            "message": "Job was active longer than specified deadline",
        }
    ]


@fails(
    migration.commands_run,
    "Job migrate was deleted before `app migrate` ended",
    evidence=("next    see who else works in this namespace",),
)
def someone_deletes_it(world: World) -> None:
    world.namespace.controllers.job_pod = running
    world.meanwhile = lambda: world.namespace.delete_job("migrate")


@fails(
    migration.schema_is_right,
    "`app migrate` exits with code 0 but leaves out 2 of what it makes on an empty database",
    evidence=("missing:", "nothing to do"),
)
def it_does_nothing_on_the_live_schema(world: World) -> None:
    def lazy(release: str, database: str) -> tuple[int, str]:
        done = world.commands.migrate_all(release, database)
        if database.startswith("canary_fresh"):
            return done
        world.postgres.schemas[database] = SCHEMAS["1"]
        return 0, "nothing to do"

    world.commands.migrate = lazy


@fails(
    migration.no_secret_is_printed,
    "`app migrate` prints the value of DB_PASSWORD",
    evidence=("seen    pod migrate-",),
    table=JOB | {"findings": {"printed-secret": {"level": "error"}}},
)
def it_prints_the_connections_url(world: World) -> None:
    password = world.context.release.parameters["DB_PASSWORD"]

    def migrate(release: str, database: str) -> tuple[int, str]:
        code, output = world.commands.migrate_all(release, database)
        return code, f"postgres://app:{password}@db:5432/{database}\n{output}"

    world.commands.migrate = migrate


@fails(
    migration.migrate_can_fail,
    "`app migrate` exits with 0 where the database refuses it",
    table=JOB | {"findings": {"unfailing-migration": {"level": "error"}}},
    before="canary",
)
def it_swallows_its_errors(world: World) -> None:
    world.commands.migrate_refused = lambda *_: (0, "")


@fails(
    migration.commands_run,
    "the Job can't be made of migrate-job.yml:11: $nowhere has no value; set it in [environment]",
    before="canary",
)
def a_variable_of_its_manifest_has_no_value(world: World) -> None:
    assert world.settings.files.job
    text = world.settings.files.job.read_text()
    own = world.folder / "migrate-job.yml"
    own.write_text(text.replace("restartPolicy", "nodeName: $nowhere\n      restartPolicy"))
    up = world.context.provisioned
    up.candidate = replace(up.candidate, job=own)


@BEFORE_CANARY.fails(
    canary.deploy,
    "`app migrate` in pod migrate-",
    "exits with code 5",
    before=True,
    table=JOB_FIRST,
)
def the_job_before_the_canary_fails(world: World) -> None:
    its_command_fails(world)


@BEFORE_BASELINE.fails(
    baseline.deploy,
    "`app migrate` in pod migrate-",
    "exits with code 4",
    before=True,
    table=JOB_FIRST,
)
def the_job_before_the_baseline_fails(world: World) -> None:
    world.commands.migrate = lambda *_: (4, "permission denied for schema public")


def starts_unmigrated(world: World) -> None:
    """New pods end at once, for want of a table."""
    world.namespace.controllers.sick = crashing
    world.namespace.logged = lambda: '\nERROR: relation "person" does not exist'


WAITS = (
    'gets ready only after its migration: "ERROR: relation "person" does not exist"; and that is '
    "made once it is ready, so each would wait for the other"
)


@BEFORE_BASELINE.fails(
    baseline.deploy,
    f"addressbook-stable {WAITS}",
    evidence=("next    let it get ready on the schema that is there; or let a Job migrate",),
    before=True,
)
def the_baseline_waits_for_its_migration(world: World) -> None:
    starts_unmigrated(world)


@BEFORE_CANARY.fails(
    canary.deploy,
    f"addressbook-canary {WAITS}",
    evidence=("next    set migration.first = true, and the Job runs before there is a pod",),
    before=True,
    table=JOB,
)
def the_canary_waits_for_its_job(world: World) -> None:
    starts_unmigrated(world)


ALL: list[Case] = [*CASES, *BEFORE_CANARY, *BEFORE_BASELINE]
