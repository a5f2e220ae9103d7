"""The settings: `[tool.canary]` in pyproject.toml, or the same keys in canary.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    Field,
)

from pytest_canary.config.api_settings import ApiSettings
from pytest_canary.config.manifest_settings import ManifestSettings, RendererName
from pytest_canary.config.migration_settings import CommandSettings, MigrationSettings
from pytest_canary.config.pipeline_settings import PipelineSettings, RegistrySettings
from pytest_canary.config.table import TABLE
from pytest_canary.config.toml_file import line_of
from pytest_canary.config.values import (
    ArgumentName,
    Fraction,
    Replicas,
    Seconds,
    Text,
    VariableName,
)
from pytest_canary.core.findings import Level

# What the addressbook's template takes beside the database's variables.
ENVIRONMENT = {"PORT": "3000"}

# What goes into a Kubernetes object's name: an RFC 1123 label, with room for "-canary".
NAME = r"^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$"


class ImageSettings(BaseModel):
    """How the candidate's image is built.

    Attributes:
        context: the folder that it is built from; unset, the project's, or `app` where the
            Dockerfile is there.
        dockerfile: relative to the context; unset, `Dockerfile`.
        build_args: what `docker build` is given. A secret among them is told, as it stays in the
            image's history.
    """

    model_config = TABLE

    context: Text | None = None
    dockerfile: Text | None = None
    build_args: dict[ArgumentName, Text] = {}


class ReplicaSettings(BaseModel):
    """How many replicas each Deployment has.

    Attributes:
        canary: of the candidate, while it is on trial; 0 for none, so that the baseline is
            [updated as a whole](rolling-updates.md).
        stable: of the version that everybody gets.
        stable_during_canary: of that one, while a canary runs beside it.
    """

    model_config = TABLE

    canary: Annotated[int, Field(ge=0, le=1000)] = 1
    stable: Replicas = 3
    stable_during_canary: Replicas = 2


class DatabaseSettings(BaseModel):
    """The PostgreSQL that runs in the cluster as Service `db`.

    Attributes:
        image: 13 or newer; "none" where the app has no database.
        name: the database's.
        user: whom it belongs to.
        lock_limit: seconds for which a migration may keep the app's own statements waiting.
    """

    model_config = TABLE

    image: Annotated[Text, Field(min_length=1)] = "postgres:17"
    lock_limit: Seconds = 2
    name: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "app"
    user: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "app"


class FindingSettings(BaseModel):
    """How the findings of one rule are taken.

    Attributes:
        level: "error" fails the walk, "warning" is told and fails nothing, "off" is in the report
            alone.
        why: the reason; it must be given where the level is lower than the rule's own.
    """

    model_config = TABLE

    level: Level
    why: Text = ""


class PromotionSettings(BaseModel):
    """What may be promoted for real: these branches, or tags that match one of the patterns.

    Attributes:
        branches: their names.
        tags: regular expressions.
        when: a condition in Semaphore's language, in the place of both.
        pipeline: a file of Semaphore's whose promotion has it, in the place of all three.
        name: the promotion's, where that file has several that start by themselves.
    """

    model_config = TABLE

    branches: list[str] = ["master"]
    tags: list[str] = ["^hotfix"]
    when: str | None = None
    pipeline: Text | None = None
    name: str | None = None


class TrafficSettings(BaseModel):
    """The load from baseline to rollback.

    Every read answers with every row, so the defaults are for a cluster on two cores: on one, the
    addressbook takes 13 % of a core for them, its database 2 %, and the traffic itself 5 %.

    Attributes:
        rate: requests a second; 0 for none, at most 5 in the verdict, beside its own.
        writes: the share of requests that write; after 500 writes, a twentieth of it.
        slow: seconds above which an answer is told as slow; a release since which more of the
            baseline's are is stopped.
    """

    model_config = TABLE

    rate: Annotated[float, Field(ge=0, le=500, allow_inf_nan=False)] = 30
    writes: Fraction = 0.1
    slow: Seconds = 1


class VerdictSettings(BaseModel):
    """Canary against baseline: how sure it must be, and what differences nobody would mind.

    253 requests to the canary without an error prove that less than 1.5 % fail; they are there
    before a go is said at all, after 6 s. A canary that fails 2 % of its requests, or is 20 %
    slower, is beyond what matters and is mostly stopped. `benchmarks/README.md` has the figures.

    Attributes:
        seconds: how long the two are compared at most.
        rate: requests a second to each of the two, at most, beside the traffic's own; they begin
            with half of that, and rise as long as the baseline and this machine keep up.
        confidence: of the answer, all looks together.
        errors: the least difference of error rates that matters, as a fraction of requests; twice
            as many answers may be far slower than the baseline's, and twice as many of the
            baseline's may fail or be slower than `traffic.slow` than before the canary came.
        latency: the least difference of latencies that matters, as a fraction of the baseline's
            median; never less than 5 ms.
        memory: the least difference of a pod's memory that matters, as a fraction of what a pod of
            the baseline holds; never less than 16 MB. A leak of as much is a no-go.
    """

    model_config = TABLE

    seconds: Seconds = 40
    rate: Annotated[float, Field(gt=0, le=500, allow_inf_nan=False)] = 100
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    errors: Annotated[float, Field(gt=0, le=1)] = 0.015
    latency: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.15
    memory: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5


class Deadlines(BaseModel):
    """Seconds after which a wait is given up. The defaults suit a busy two-core CI machine.

    Attributes:
        cluster: until the cluster is there.
        image: for building, pulling or loading an image.
        rollout: for a Deployment to come to its end.
        command: for a command in a pod, or one of this machine's.
        request: for an answer of the app's, the whole of it, however it comes.
    """

    model_config = TABLE

    cluster: Seconds = 300
    image: Seconds = 900
    rollout: Seconds = 120
    command: Seconds = 120
    request: Seconds = 10

    @property
    def longest(self) -> int:
        """Seconds that no walk outlasts, whatever each of its waits takes."""
        return int(self.cluster + 3 * self.image + 60 * self.rollout + 40 * self.command)


class Tables(BaseModel):
    """What a settings file may hold.

    Attributes:
        name: the app's; unset, that of its Service, which is called `NAME-lb`.
        baseline: the version that is live: an image, `git:REF` or "none"; unset, the newest tag
            before HEAD, or none where there is no tag.
        environment: variables that the templates and `apply.sh` see, beside those of the database;
            `PORT` is 3000 unless it is set here, but where `apply.sh` uses envsubst.
    """

    model_config = TABLE

    name: Annotated[str, Field(pattern=NAME)] | None = None
    baseline: Annotated[Text, Field(min_length=1)] | None = None
    image: ImageSettings = ImageSettings()
    manifests: ManifestSettings = ManifestSettings()
    replicas: ReplicaSettings = ReplicaSettings()
    commands: CommandSettings = CommandSettings()
    migration: MigrationSettings = MigrationSettings()
    environment: dict[VariableName, Text] = {}
    database: DatabaseSettings = DatabaseSettings()
    findings: dict[str, FindingSettings] = {}
    promotion: PromotionSettings = PromotionSettings()
    pipeline: PipelineSettings = PipelineSettings()
    registry: RegistrySettings = RegistrySettings()
    traffic: TrafficSettings = TrafficSettings()
    verdict: VerdictSettings = VerdictSettings()
    deadlines: Deadlines = Deadlines()
    api: ApiSettings = ApiSettings()


@dataclass(frozen=True)
class Files:
    """The files and the folder that the settings name, where they really are.

    Attributes:
        context: the folder that the candidate's image is built from.
        deployment: the Deployment's template; what a tool makes it of, where one does.
        service: the Service's manifest; likewise.
        apply: the script that applies the template; None where a tool makes the objects.
        renderer: what makes the objects.
        sources: all that a tool makes them of.
        values: files of a chart's values.
        job: the manifest of the Job that migrates, where it has one of its own.
        prerequisites: files and folders of what the release presupposes.
    """

    context: Path
    dockerfile: Path
    deployment: Path
    service: Path
    apply: Path | None
    renderer: RendererName = "apply.sh"
    sources: tuple[Path, ...] = ()
    values: tuple[Path, ...] = ()
    job: Path | None = None
    prerequisites: tuple[Path, ...] = ()

    @property
    def manifests(self) -> tuple[Path, ...]:
        """The files and folders that objects are made of."""
        return self.sources or (self.deployment, self.service)


class Settings(Tables):
    """Every setting, with its default filled in; `settings_file` makes it of checked tables.

    The tables and their keys are those of a settings file: `settings.replicas.canary`.

    The plugin's own: `files`.

    Attributes:
        root: the folder that relative paths start from.
        source: the file that the settings were read from, as the user named it; "defaults" where
            there is none.
        files: what the tables' paths lead to.
        service_name: the Service's.
    """

    name: str
    root: Path
    source: str
    files: Files
    service_name: str

    @property
    def file(self) -> Path | None:
        """The file that holds them; None for the defaults."""
        file = self.root / Path(self.source.removesuffix(" [tool.canary]")).name
        return file if file.is_file() else None

    def line(self, key: str) -> int:
        """The file's line on which a setting stands, or its table; 0 for none.

        Args:
            key: with its tables: "promotion.when".
        """
        file = self.file
        if file is None:
            return 0
        own = "tool.canary." if file.name == "pyproject.toml" else ""
        return line_of(file.read_text(encoding="utf-8", errors="replace"), f"{own}{key}")

    def deployment_name(self, track: str) -> str:
        """The name of the track's Deployment: `NAME-canary` or `NAME-stable`."""
        return f"{self.name}-{track}"
