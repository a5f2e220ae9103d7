"""What the project's commands print of what they were given: what is a secret, and whose it is."""

import pytest
from fakes.provisioned import APPLY
from fakes.world import NewWorld, World

from pytest_canary.context.outcomes import MigrationOutcome
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.stages import migration, rollback


def deployed(world: World, script: str, title: str = "candidate") -> list[str]:
    """What is told of the candidate's script after a version was deployed."""
    world.script("apply.sh", f"{APPLY.format(log=world.namespace.log)}{script}\n")
    track = CANARY if title == "candidate" else STABLE
    world.context.release.deploy(track, 1, world.version(title))
    found = world.context.release.printed.script_findings(world.version("candidate"))
    return [each.sentence for each in found]


@pytest.mark.parametrize("script", ["echo $API_KEY >&2", "set -x; export KEY=$API_KEY", "env"])
def test_secrets_of_the_settings_are_told_too(new_world: NewWorld, script: str) -> None:
    world = new_world(environment={"API_KEY": "4711-0815-42"})
    (sentence,) = deployed(world, script)
    assert sentence.startswith("apply.sh prints the value of ")
    assert "API_KEY" in sentence
    assert "4711" not in sentence


@pytest.mark.parametrize(
    ("value", "script"),
    [
        # A name that the template has, that of the Deployment, and one of another variable's.
        ("addressbook", "echo $API_KEY"),
        ("addressbook-canary", "echo $API_KEY"),
        ("postgres-user", "echo $DB_OWNER"),
        # Not the value.
        ("4711-0815-42", "echo 'API_KEY=$API_KEY'"),
        ("4711-0815-42", "echo $API_KEY | sha256sum"),
        ("4711-0815-42", "echo $API_KEY >/dev/null"),
    ],
)
def test_what_everyone_knows_or_nobody_sees_is_not_told(
    new_world: NewWorld, value: str, script: str
) -> None:
    world = new_world(environment={"API_KEY": value, "DB_OWNER": "postgres-user"})
    assert deployed(world, script) == []


def test_what_the_baselines_own_script_prints_is_not_the_candidates_matter(world: World) -> None:
    assert deployed(world, "echo $DB_PASSWORD", "baseline") == []
    assert deployed(world, "echo done") == []


def test_what_a_script_has_printed_that_fails_is_known(world: World) -> None:
    with pytest.raises(ReleaseError, match="can't be deployed"):
        deployed(world, "echo $DB_PASSWORD; exit 3")
    (found,) = world.context.release.printed.script_findings(world.version("candidate"))
    assert found.sentence.startswith("apply.sh prints the value of DB_PASSWORD")


# In pods


def prints(world: World, text: str, release: str = "2") -> None:
    """Let a release's migration print this in the pods of its Deployments."""

    def migrate(of: str, database: str) -> tuple[int, str]:
        code, output = world.commands.migrate_all(of, database)
        return code, text if of == release else output

    world.commands.migrate = migrate


def told_of_pods(world: World) -> list[tuple[str, str]]:
    """What the stage `migration` tells of secrets: each finding's sentence, and where it was."""
    world.check("migration", migration.migrate_can_fail)
    world.check("migration", migration.no_secret_is_printed)
    found = [told.finding for told in world.journal.warnings if told.stage == "migration"]
    assert {each.code for each in found} <= {"printed-secret"}
    return [(each.sentence, each.where) for each in found]


def test_what_ping_and_migrate_print_in_a_canary_pod_is_told_by_the_command(
    new_world: NewWorld,
) -> None:
    world = new_world(environment={"API_KEY": "4711-0815-42"})
    password = world.context.release.parameters["DB_PASSWORD"]
    world.commands.ping = (0, "asked with 4711-0815-42")
    prints(world, f"4711-0815-42 and {password}")
    stays = "which stays in the log of every job that runs it"
    told = told_of_pods(world)
    (canary,) = world.pods("canary")
    assert told == [
        (f"`app ping` prints the value of API_KEY, {stays}", f"pod {canary}"),
        (
            f"`app migrate` prints the value of API_KEY and of DB_PASSWORD, {stays}",
            f"pod {canary}",
        ),
    ]
    assert password not in repr(world.journal.told)
    assert world.journal.line("migration")[-1] == "2 warnings: printed-secret"


def test_what_pods_of_the_runs_own_print_is_told_too(world: World) -> None:
    """As when it prints its settings only where it fails."""
    password = world.context.release.parameters["DB_PASSWORD"]
    world.before("canary")
    world.namespace.logged = lambda: f": postgres://app:{password}@db/app"
    ((sentence, where),) = told_of_pods(world)
    assert sentence.startswith("`app migrate` prints the value of DB_PASSWORD, ")
    fresh, refused = where.split(", ")
    assert fresh.startswith("pod canary-fresh-")
    assert refused.startswith("pod canary-refused-")


def test_what_the_live_version_or_a_teams_own_test_prints_is_not_the_candidates_matter(
    world: World,
) -> None:
    password = world.context.release.parameters["DB_PASSWORD"]
    prints(world, password, release="1")
    world.enter("migration")
    # Beside it, the database is made to refuse a migration, by commands in its pod too.
    tried = world.journal.outcome(MigrationOutcome).refused
    assert tried
    tried.wait(world.context.waiter)
    world.namespace.runs = lambda *_: (0, password, password)
    world.context.release.exec("canary", ["env"])
    assert told_of_pods(world) == []


def test_what_everyone_knows_a_migration_may_print(new_world: NewWorld) -> None:
    # A word of the template, and one of another variable's.
    world = new_world(
        environment={"API_KEY": "addressbook", "MODE": "test-mode", "TOKEN": "test-mode"}
    )
    prints(world, "addressbook migrate: app at db:5432, test-mode")
    assert told_of_pods(world) == []


def test_what_a_command_has_printed_that_lost_its_pod_is_known(world: World) -> None:
    password = world.context.release.parameters["DB_PASSWORD"]
    world.enter("canary")

    def ends(*_: object) -> tuple[int, str]:
        world.namespace.drop("Pod", world.pods("canary")[0])
        return 137, password

    world.commands.migrate = ends
    with pytest.raises(FoundError):
        world.context.release.exec("canary", world.settings.commands.migrate)
    printed = world.context.release.printed
    (found,) = printed.command_findings(world.version("candidate"), world.settings.commands.migrate)
    assert found.sentence.startswith("`app migrate` prints the value of DB_PASSWORD")


def told_of_logs(world: World) -> list[tuple[str, str]]:
    """What the stage `rollback` tells of secrets: each finding's sentence, and where it was."""
    world.check("rollback", rollback.no_secret_is_logged)
    found = [told.finding for told in world.journal.warnings if told.stage == "rollback"]
    return [(each.sentence, each.where) for each in found]


def test_what_the_candidates_pods_log_is_told(world: World) -> None:
    world.before("rollback")
    password = world.context.release.parameters["DB_PASSWORD"]
    world.namespace.logged = lambda: f": postgres://app:{password}@db/app"
    ((sentence, where),) = told_of_logs(world)
    assert sentence == (
        "the candidate's pods log the value of DB_PASSWORD, which whoever may read their logs can "
        "read"
    )
    canary, *stable = where.split(", ")
    assert canary.startswith("pod addressbook-canary-")
    assert [each.startswith("pod addressbook-stable-") for each in stable] == [True, True]


def test_what_the_live_versions_pods_log_is_not_the_candidates_matter(world: World) -> None:
    world.enter("canary")
    password = world.context.release.parameters["DB_PASSWORD"]
    (canary,) = world.pods("canary")
    world.namespace.drop("Pod", canary)
    world.namespace.logged = lambda: password
    assert any("stable" in name for name in world.context.release.diagnostics().logs)
    assert world.context.release.printed.log_findings(world.version("candidate")) == []
