"""Which jobs are run when, by what waits for what."""

from pytest_canary.jobs.definition import Block, Definition, Job
from pytest_canary.pipelines.service_roles import NamedRole
from pytest_canary.services.parts import parts

NAMED: dict[NamedRole, tuple[str, ...]] = {
    "canary": ("deploy",),
    "stable": ("all",),
    "rollback": ("back",),
}


def definition(**waits: str) -> Definition:
    """Jobs, each with the names of those that it waits for."""
    blocks = (Block(n, (Job(n, ("true",)),), tuple(each.split())) for n, each in waits.items())
    return Definition("release", tuple(blocks))


def test_what_waits_for_a_job_goes_with_it_unless_it_goes_with_a_later_one() -> None:
    found = parts(
        definition(
            lint="",
            image="lint",
            deploy="image",
            migrate="deploy",
            smoke="deploy migrate",
            docs="image",
            all="smoke image",
            tell="all",
            back="deploy migrate all",
            page="back",
        ),
        NAMED,
    )
    named = {role: [each.name for each in part.blocks] for role, part in found.items()}
    assert named == {
        "build": ["lint", "image", "docs"],
        "canary": ["deploy", "migrate", "smoke"],
        "stable": ["all", "tell"],
        "rollback": ["back", "page"],
    }
    waits = {each.name: each.dependencies for part in found.values() for each in part.blocks}
    assert (waits["deploy"], waits["smoke"], waits["all"], waits["tell"]) == (
        (),
        ("deploy", "migrate"),
        (),
        ("all",),
    )


def test_a_file_in_which_all_wait_for_the_canary_builds_nothing() -> None:
    assert parts(definition(deploy="", all="deploy", back="all"), NAMED)["build"].blocks == ()
