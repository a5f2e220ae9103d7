"""What jobs' scripts use and nothing provides; pure.

Nothing is told where files are included, which may set any; nor behind a `source` or `eval`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pytest_canary.core.wording import nearest
from pytest_canary.manifests.documents import Fault
from pytest_canary.pipelines.definition import Command
from pytest_canary.pipelines.faults import UNDESCRIBED
from pytest_canary.pipelines.uses import Use, uses_without_value
from pytest_canary.services.gitlab.merging import extend, lines, merge
from pytest_canary.services.gitlab.schema import FILE, OF_ALL
from pytest_canary.services.lacking import (
    VariableFaults,
    Wants,
    first_line,
    handed_on_names,
    names_of_shell,
)
from pytest_canary.services.reading import Reader, RunInputs

# https://docs.gitlab.com/ci/variables/predefined_variables/: those that pipelines use; of others
# that begin so, one is told where it is like one of these and none of GitLab's is called so.
_NAMES = """
API_V4_URL BUILDS_DIR COMMIT_AUTHOR COMMIT_BEFORE_SHA COMMIT_BRANCH COMMIT_DESCRIPTION
COMMIT_MESSAGE COMMIT_REF_NAME COMMIT_REF_PROTECTED COMMIT_REF_SLUG COMMIT_SHA COMMIT_SHORT_SHA
COMMIT_TAG COMMIT_TAG_MESSAGE COMMIT_TIMESTAMP COMMIT_TITLE CONFIG_PATH CONCURRENT_ID
DEFAULT_BRANCH DEPENDENCY_PROXY_PASSWORD DEPENDENCY_PROXY_SERVER DEPENDENCY_PROXY_USER
DEPLOY_FREEZE DEPLOY_PASSWORD DEPLOY_USER ENVIRONMENT_ACTION ENVIRONMENT_NAME ENVIRONMENT_SLUG
ENVIRONMENT_TIER ENVIRONMENT_URL JOB_ID JOB_IMAGE JOB_NAME JOB_NAME_SLUG JOB_STAGE
JOB_STARTED_AT JOB_STATUS JOB_TIMEOUT JOB_TOKEN JOB_URL MERGE_REQUEST_ID MERGE_REQUEST_IID
NODE_INDEX NODE_TOTAL OPEN_MERGE_REQUESTS PAGES_DOMAIN PAGES_URL PIPELINE_CREATED_AT PIPELINE_ID
PIPELINE_IID PIPELINE_NAME PIPELINE_SOURCE PIPELINE_TRIGGERED PIPELINE_URL PROJECT_DIR
PROJECT_ID PROJECT_NAME PROJECT_NAMESPACE PROJECT_NAMESPACE_ID PROJECT_NAMESPACE_SLUG
PROJECT_PATH PROJECT_PATH_SLUG PROJECT_ROOT_NAMESPACE PROJECT_TITLE PROJECT_URL
PROJECT_VISIBILITY REGISTRY REGISTRY_IMAGE REGISTRY_PASSWORD REGISTRY_USER RELEASE_DESCRIPTION
REPOSITORY_URL RUNNER_DESCRIPTION RUNNER_ID RUNNER_TAGS SERVER SERVER_FQDN SERVER_HOST
SERVER_NAME SERVER_PORT SERVER_PROTOCOL SERVER_REVISION SERVER_URL SERVER_VERSION
TEMPLATE_REGISTRY_HOST
"""
_PREDEFINED = frozenset(f"CI_{name}" for name in _NAMES.split())
_MANY = ("CI_MERGE_REQUEST_", "CI_EXTERNAL_", "CI_DEPENDENCY_")
# Beside GitLab's own: what images of jobs have.
_GIVEN = names_of_shell(
    r"(GITLAB|FF|KUBERNETES|CHAT|TRIGGER|DOCKER_TLS|RUNNER)_\w+",
    r"\w+_(HOME|VERSION)|DOCKER_(HOST|CONFIG|CERT_PATH)|GIT_\w+",
)

_GIVES = "variables, dotenv report, described secret or command before it"
_FIX = (
    "set it in variables; where the project or group has it, name it in [pipeline.secrets], "
    "where the machine has, in pipeline.variables"
)


def faults(reader: Reader, wanted: RunInputs, wants: Wants) -> Iterator[Fault]:
    """What jobs use and nothing provides; each once a file.

    Where no secret is described, the project may have any variable: then it is told once that
    nobody says which.

    Args:
        reader: the file, in which nothing is wrong.
        wanted: what is to be run of it.
        wants: what gives variables beside it.
    """
    root = reader.values.root
    if "include" in root:
        return
    listed = {key: each for key, each in root.items() if key not in FILE}
    known: dict[str, dict[str, Any]] = {}
    of_all = {key: root[key] for key in OF_ALL if key in root} | root.get("default", {})
    jobs = {
        name: merge(of_all, extend(name, listed, known))
        for name in listed
        if not name.startswith(".")
    }
    shared = _Shared(reader, wants, root, _reported_variables(jobs.values()))
    told = VariableFaults(_GIVES, _FIX)
    for name, job in jobs.items():
        if not wanted.jobs or name in wanted.jobs:
            has = shared.variables_of(job)
            if has is None:
                continue
            for part in (("before_script", "script"), ("after_script",)):
                commands = [
                    shared.command(name, each) for key in part for each in lines(job.get(key))
                ]
                uses = _misspelt(uses_without_value(commands, has, wants.programs, _GIVEN))
                if wants.described:
                    yield from told.uses(uses, {*has, *_PREDEFINED})
                else:
                    shared.open += [each for each in uses if told.is_new(each.name)]
    yield from shared.undescribed_variables()


class _Shared:
    """What is the same for all jobs of a file."""

    def __init__(
        self,
        reader: Reader,
        wants: Wants,
        root: Mapping[str, Any],
        reported: Collection[str] | None,
    ) -> None:
        self.open: list[Use] = []
        self._reader = reader
        self._wants = wants
        self._root = root
        self._reported = reported

    def variables_of(self, job: Mapping[str, Any]) -> set[str] | None:
        """The variables that a job begins with; None where it may have any."""
        if self._reported is None:
            return None
        rules = [*_tables(job.get("rules")), *_tables(self._root.get("workflow", {}).get("rules"))]
        tables = [self._root.get("variables"), job.get("variables")]
        tables += [each.get("variables") for each in rules]
        named = {name for table in tables for name in table or {}}
        tokens = {*(job.get("id_tokens") or {}), *(job.get("secrets") or {})}
        return {*named, *tokens, *self._wants.variables, *self._wants.secrets, *self._reported}

    def command(self, job: str, text: str) -> Command:
        """A command with its line, wherever the job has it from."""
        source = self._reader.source
        command = Command(text, source, self._reader.values.line((job,)))
        whole = re.compile(rf"{re.escape(first_line(command))}(?=[\s\"'\],]*$)")
        found = enumerate(source.text.splitlines(), 1)
        here = (number for number, line in found if whole.search(line))
        return Command(text, source, next(here, command.line))

    def undescribed_variables(self) -> Iterator[Fault]:
        """That nobody says which variables the project has, where jobs need some."""
        if not self.open:
            return
        names = ", ".join(f"${each.name}" for each in self.open[:8])
        first = self.open[0].command
        yield Fault(
            first.source,
            first.line,
            f"nothing says which variables the project has, so that what jobs lack can't be told: "
            f"the file itself gives no value to {names}",
            "name those that the project or group has, without their values, in "
            "[pipeline.secrets.project]",
            UNDESCRIBED,
        )


def _misspelt(uses: Iterator[Use]) -> Iterator[Use]:
    """Without GitLab's own: of names that begin as those do, the ones that are like another."""
    for each in uses:
        plain = each.name not in _PREDEFINED and not each.name.startswith(_MANY)
        if plain and (not each.name.startswith("CI_") or nearest(each.name, _PREDEFINED)):
            yield each


def _reported_variables(jobs: Collection[Mapping[str, Any]]) -> set[str] | None:
    """The variables that jobs hand on by dotenv reports; None where nobody can tell which."""
    found: set[str] = set()
    for job in jobs:
        artifacts = job.get("artifacts")
        reports = artifacts.get("reports") if isinstance(artifacts, dict) else None
        if isinstance(reports, dict) and "dotenv" in reports:
            names = {name for each in lines(job.get("script")) for name in handed_on_names(each)}
            if not names:
                return None
            found |= names
    return found


def _tables(rules: Any) -> Iterator[Mapping[str, Any]]:
    for each in rules if isinstance(rules, list) else []:
        if isinstance(each, list):
            yield from _tables(each)
        elif isinstance(each, dict):
            yield each
