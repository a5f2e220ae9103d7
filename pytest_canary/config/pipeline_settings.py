"""The settings of pipelines: `[pipeline]` with what their jobs get, and `[registry]`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from pytest_canary.config.table import TABLE
from pytest_canary.config.values import Text, VariableName

# What goes before an image's first slash: a host, and its port where it is no usual one.
HOST = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$"


class SecretSettings(BaseModel):
    """What a secret of Semaphore's gives a job: names, and never values.

    Attributes:
        variables: those that it sets.
        files: those that it puts into the job's home folder.
    """

    model_config = TABLE

    variables: list[VariableName] = []
    files: list[Text] = []


class RoleSettings(BaseModel):
    """Which jobs of a file of GitHub's or GitLab's release, where they are not called so.

    Attributes:
        canary: those with which the canary's part begins; all before them build. Unset, that of
            this name, if there is one.
        stable: those with which stable's begins; likewise.
        rollback: those that take back; likewise.
    """

    model_config = TABLE

    canary: list[Text] = []
    stable: list[Text] = []
    rollback: list[Text] = []

    def begin(self, role: Literal["canary", "stable", "rollback"]) -> tuple[str, ...]:
        """The names that one of the three has; none where nothing is named."""
        named = {"canary": self.canary, "stable": self.stable, "rollback": self.rollback}
        return tuple(named[role])


class PipelineSettings(BaseModel):
    """A pipeline's file, and what its jobs get that no file of the project says.

    Attributes:
        file: the pipeline that a push starts; those of Semaphore's that it promotes to are looked
            at, too.
        run: whether a walk's transitions are what these pipelines do.
        canary: the file of the one that deploys the canary, where promotions don't tell which that
            is.
        stable: of the one that promotes it; likewise.
        rollback: of the one that takes it back; likewise.
        roles: the jobs that do, where they are those of one file.
        image: what the app's image is called, where the first pipeline pushes several.
        skip: names of its blocks, or jobs before the canary's, that no rehearsal runs.
        allowed: what jobs may call beside what they usually may: "make", "npm ci".
        stand_ins: a folder of programs that jobs find in the place of the machine's.
        variables: those that jobs have of their machine.
        secrets: what each secret gives, by its name.
        jobs: of a file of GitHub's or GitLab's, those that are looked at, or run; none for all.
        uses: what stands in for an action of GitHub's, by its name without a version: a command
            for the job's shell, or an empty text for nothing.
        registry: whether its jobs push to a registry of the run's own, as `[registry]` has it;
            else what they push is loaded into the node.
    """

    model_config = TABLE

    file: Text | None = None
    run: bool = True
    canary: Text | None = None
    stable: Text | None = None
    rollback: Text | None = None
    roles: RoleSettings = RoleSettings()
    image: Text | None = None
    skip: list[Text] = []
    allowed: list[Text] = []
    stand_ins: Text | None = None
    variables: list[VariableName] = []
    secrets: dict[str, SecretSettings] = {}
    jobs: list[Text] = []
    uses: dict[str, Text] = {}
    registry: bool = False


class RegistrySettings(BaseModel):
    """The registry that a run has for its pipelines, where `pipeline.registry` is true.

    Attributes:
        image: the registry's own.
        user_variable: the one by which pipelines know who logs in.
        password_variable: the one by which they know the password.
        hosts: whose images pods pull from it by their imagePullSecrets.
    """

    model_config = TABLE

    image: Annotated[Text, Field(min_length=1)] = "registry:2"
    user_variable: VariableName = "DOCKER_USERNAME"
    password_variable: VariableName = "DOCKER_PASSWORD"  # noqa: S105 (the variable's name)
    hosts: list[Annotated[str, Field(pattern=HOST)]] = ["docker.io"]
