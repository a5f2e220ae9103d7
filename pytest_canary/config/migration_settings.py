"""The settings of what runs in pods, `[commands]`, and of what migrates, `[migration]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PrivateAttr

from pytest_canary.config.manifest_settings import RendererName
from pytest_canary.config.table import TABLE
from pytest_canary.config.values import Text
from pytest_canary.manifests.documents import Document
from pytest_canary.manifests.jobs import init_containers, job_containers, same_job

By = Literal["exec", "job", "hook", "init-container", "start"]
"""What migrates: `commands.migrate` in a pod that is ready; a Job; a Job that Helm runs as a hook;
an init container of the app's pods; the app itself, as it starts."""

ALONG: tuple[By, ...] = ("hook", "init-container", "start")
"""What migrates as a version's pods come."""

# What such a container or its command is called.
_MIGRATES = re.compile(
    r"migrat|alembic|flyway|liquibase|prisma|knex|sequelize|dbmate|goose|atlas", re.IGNORECASE
)

# One that waits until somebody else has migrated: "wait-for-migrations", `until … migrate --check`.
_WAITS = re.compile(r"wait|until|sleep|--check|check-migrat|showmigrations", re.IGNORECASE)


class CommandSettings(BaseModel):
    """What is run inside a canary pod; an empty list for none.

    Attributes:
        ping: asks whether the database answers.
        migrate: brings the database to the candidate's schema.
        down: takes the migration back; run after the rollback, in a pod of the candidate's.
    """

    model_config = TABLE

    ping: list[Text] = ["npm", "run", "ping"]
    migrate: list[Text] = ["npm", "run", "migrate"]
    down: list[Text] = []


class MigrationSettings(BaseModel):
    """What migrates the database, and when.

    Attributes:
        by: what does; a Job where `job` names one. Else, where `commands.migrate` is not set, the
            one Job of the manifests, the one hook of the chart or the one init container that is
            known by its name or command. Else `commands.migrate`.
        job: the manifest of the Job, with the variables of a Deployment's template; None for the
            one that stands in the template, or among the objects that a tool makes.
        hook: the name of the Job that Helm runs as a hook; the one that is known, or the only one.
        container: the init container's name; the one that is known, or the only one.
        first: whether the Job runs before there is a pod of its version; else once those are
            ready, as with exec.
    """

    model_config = TABLE

    by: By | None = None
    job: Annotated[Text, Field(min_length=1)] | None = None
    hook: Annotated[Text, Field(min_length=1)] | None = None
    container: Annotated[Text, Field(min_length=1)] | None = None
    first: bool = False
    _known: bool = PrivateAttr(default=False)

    @property
    def known(self) -> bool:
        """Whether nobody has said what migrates, and the manifests tell it."""
        return self._known

    @property
    def way(self) -> By:
        """What migrates, be it said or not."""
        if self.by is None and self.container:
            return "init-container"
        if self.by is None and self.hook:
            return "hook"
        return self.by or ("job" if self.job else "exec")

    @property
    def among_manifests(self) -> bool:
        """Whether it is a Job that stands among the manifests of a release."""
        return self.way == "job" and self.job is None

    def along(self, renderer: RendererName) -> bool:
        """Whether it migrates as a version's pods come, with what makes the objects.

        A script applies such a Job with the Deployment; of what a tool makes it is run by itself.
        """
        return self.way in ALONG or (self.among_manifests and renderer == "apply.sh")


def recognise(
    migration: MigrationSettings,
    commands: CommandSettings,
    documents: Iterable[Document],
    *,
    by_helm: bool = False,
) -> MigrationSettings:
    """The settings, with what migrates in the template where nobody has said what does.

    Args:
        migration: as it is set.
        commands: likewise; a `migrate` that is set, if to nothing, says what migrates.
        documents: the Deployment under release, and what comes with it; of a template, its
            variables not filled in.
        by_helm: whether the Jobs among them are hooks, which Helm runs.
    """
    said = migration.by or migration.job or migration.hook or migration.container
    if said or "migrate" in commands.model_fields_set:
        return migration
    found = list(documents)
    jobs = known_jobs(found)
    names = [
        str(container["name"])
        for document in found
        if document.kind == "Deployment"
        for container in init_containers(document)
        if _migrates(container)
    ]
    if len(names) + len(jobs) != 1:
        return migration
    if names:
        told = {"by": "init-container", "container": names[0]}
    elif by_helm:
        told = {"by": "hook", "hook": jobs[0].name}
    else:
        told = {"by": "job"}
    made = migration.model_copy(update=told)
    made._known = True
    return made


def with_hook(migration: MigrationSettings, jobs: Iterable[Document]) -> MigrationSettings:
    """The settings, with the name of the hook that migrates where none is said.

    Args:
        migration: as it is set.
        jobs: those of the chart that Helm runs as an install or an upgrade goes on.
    """
    if migration.way != "hook" or migration.hook:
        return migration
    found = list(jobs)
    found = known_jobs(found) or found
    return migration.model_copy(update={"hook": found[0].name}) if len(found) == 1 else migration


def hooks_called(name: str, jobs: Iterable[Document]) -> list[Document]:
    """The Jobs of a hook's name, whatever revision of a release they carry in it."""
    return [each for each in jobs if same_job(each.name, name)]


def known_jobs(documents: Iterable[Document]) -> list[Document]:
    """The Jobs that are known by their names or commands to migrate."""
    return [
        document
        for document in documents
        if document.kind == "Job"
        and (_says(document.name) or any(map(_migrates, job_containers(document))))
    ]


def _migrates(container: Mapping[str, Any]) -> bool:
    """Whether a container is called so, or its command is."""
    return _says(str([container.get(key) for key in ("name", "command", "args")]))


def _says(said: str) -> bool:
    return bool(_MIGRATES.search(said)) and not _WAITS.search(said)


def own_commands(migration: MigrationSettings, commands: CommandSettings) -> CommandSettings:
    """The commands as they count: where something else migrates, exec has nothing to do.

    Ping stays where it is named: that nobody has named it says nothing of the image.
    """
    if migration.way == "exec":
        return commands
    ping = commands.ping if "ping" in commands.model_fields_set else []
    return commands.model_copy(update={"migrate": [], "ping": ping})


def mistakes(
    migration: MigrationSettings, commands: CommandSettings, renderer: RendererName
) -> Iterator[tuple[str, object, str]]:
    """What does not go together: key, value, what is wrong."""
    named, way = commands.model_fields_set, migration.way
    if migration.among_manifests and renderer == "helm":
        problem = 'needs migration.job with a chart; say "hook" where one of its own Jobs migrates'
        yield "migration.by", way, f"{problem}, which Helm runs as a hook"
    if way == "hook" and renderer != "helm":
        key, value = ("migration.by", way) if migration.by else ("migration.hook", migration.hook)
        yield key, value, "is for a chart, whose hooks Helm runs; name a Job by migration.job"
    if way != "hook" and migration.hook:
        problem = f'goes with migration.by = "hook", and not "{way}"; take one of the two out'
        yield "migration.hook", migration.hook, problem
    if way == "exec":
        if migration.job:
            problem = 'goes with migration.by = "job"; take one of the two out'
            yield "migration.job", migration.job, problem
        if migration.container:
            problem = 'goes with migration.by = "init-container"; take one of the two out'
            yield "migration.container", migration.container, problem
        if migration.first:
            problem = "is for a Job: exec needs a pod that is ready; name one by migration.job"
            yield "migration.first", True, problem
        return
    if way != "job" and migration.job:
        problem = f'goes with migration.by = "job", and not "{way}"; take one of the two out'
        yield "migration.job", migration.job, problem
    if way != "init-container" and migration.container:
        problem = f'goes with migration.by = "init-container", and not "{way}"'
        yield "migration.container", migration.container, f"{problem}; take one of the two out"
    if migration.along(renderer) and migration.first:
        named_job = "name the Job's manifest in migration.job" if way == "job" else "take it out"
        yield "migration.first", True, f'says nothing with migration.by = "{way}"; {named_job}'
    if "migrate" in named and commands.migrate:
        problem = f'is not run with migration.by = "{way}"; take one of the two out'
        yield "commands.migrate", commands.migrate, problem
    if migration.first and "ping" in named and commands.ping:
        problem = "needs a pod, and with migration.first there is none yet; take one of the two out"
        yield "commands.ping", commands.ping, problem
