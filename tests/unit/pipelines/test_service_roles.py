"""Which jobs release is told by what they are called, or by the settings."""

from pathlib import Path

import pytest

from pytest_canary.manifests.documents import Source
from pytest_canary.pipelines.service_roles import NAMED, NamedRole, find_service_roles

GITHUB = "jobs: {build: {}, canary: {}, stable: {}, rollback: {}}\n"
GITLAB = "stages: [a]\ncanary: {}\nstable: {}\nrollback: {}\n"


def source(text: str, shown: str) -> Source:
    return Source(Path("/", shown), shown, text)


def named(**names: tuple[str, ...]) -> dict[NamedRole, tuple[str, ...]]:
    return {role: names.get(role, ()) for role in NAMED}


@pytest.mark.parametrize(
    ("shown", "text"), [(".github/workflows/x.yml", GITHUB), (".gitlab-ci.yml", GITLAB)]
)
def test_jobs_that_are_called_so_are_taken(shown: str, text: str) -> None:
    found = find_service_roles(source(text, shown), named())
    assert found
    assert found.named == {"canary": ("canary",), "stable": ("stable",), "rollback": ("rollback",)}
    assert found.file("stable") == shown
    other = find_service_roles(source(text.replace("canary:", "first:"), shown), named())
    assert other is None, "nobody says that this file releases"
    given = named(canary=("first",))
    assert find_service_roles(source(text.replace("canary:", "first:"), shown), given)


@pytest.mark.parametrize("text", ["jobs: [", "", "jobs: 3", "- canary", "jobs: {canary: 1}"])
def test_of_a_malformed_file_the_check_tells(text: str) -> None:
    assert find_service_roles(source(text, ".github/workflows/x.yml"), named()) is None
