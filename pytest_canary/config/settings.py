"""The settings: `[tool.canary]` in pyproject.toml, or the same keys in canary.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

# What the book's template takes beside the database's variables.
ENVIRONMENT = {"PORT": "3000"}

# What goes into a Kubernetes object's name: an RFC 1123 label, with room for "-canary".
NAME = r"^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$"


class _Table(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=lambda name: name.replace("_", "-"),
    )


Words = Annotated[list[str], Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


class Image(_Table):
    """How the candidate's image is built: `docker build`'s context, Dockerfile and arguments."""

    context: str | None = None
    dockerfile: str | None = None
    build_args: dict[str, str] = {}


class Manifests(_Table):
    """The two templates and the command that applies the first of them."""

    deployment: str = "manifests/deployment.yml"
    service: str = "manifests/service.yml"
    apply: str = "./apply.sh"


class Replicas(_Table):
    """How many replicas each Deployment has, and stable while a canary runs."""

    canary: Annotated[int, Field(ge=1)] = 1
    stable: Annotated[int, Field(ge=1)] = 3
    stable_during_canary: Annotated[int, Field(ge=1)] = 2


class Commands(_Table):
    """What is run inside a canary pod; an empty list for none.

    Attributes:
        down: takes the migration back; run after the rollback, in a pod of the candidate's.
    """

    ping: list[str] = ["npm", "run", "ping"]
    migrate: list[str] = ["npm", "run", "migrate"]
    down: list[str] = []


class Database(_Table):
    """The PostgreSQL that runs in the cluster as Service `db`; image "none" for none.

    Attributes:
        lock_limit: seconds for which a migration may keep the app's own statements waiting.
    """

    image: Annotated[str, Field(min_length=1)] = "postgres:17"
    lock_limit: Seconds = 2
    name: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "app"
    user: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "app"


class Preflight(_Table):
    """Rules of the static check that are silenced: the rule's name, and why."""

    silenced: dict[str, Annotated[str, Field(min_length=1)]] = {}


class Promotion(_Table):
    """What may be promoted for real: these branches, or tags that match one of the patterns."""

    branches: list[str] = ["master"]
    tags: list[str] = ["^hotfix"]


class Traffic(_Table):
    """The load from baseline to rollback: requests a second (0 for none), and how they are.

    Every read answers with every row, so the defaults are for a cluster on two cores: on one, the
    addressbook takes 13 % of a core for them, its database 2 %, and the traffic itself 5 %.

    Attributes:
        writes: the share of requests that write; after 500 writes, a twentieth of it.
        slow: seconds above which an answer is told as slow.
    """

    rate: Annotated[float, Field(ge=0, le=500, allow_inf_nan=False)] = 30
    writes: Share = 0.1
    slow: Seconds = 1


class Verdict(_Table):
    """Canary against stable: how sure it must be, and what differences nobody would mind.

    The defaults fit the default traffic: 40 s of it give the canary some 400 requests. 253 without
    an error prove that less than 1.5 % fail, so a go takes two thirds of the window; a canary that
    fails 2 % of its requests, or is 20 % slower, is beyond what matters and is mostly stopped.
    `benchmarks/README.md` has the figures.

    Attributes:
        seconds: how long the two are compared at most.
        confidence: of the answer, all looks together.
        errors: the least difference of error rates that matters, as a fraction of requests; twice
            as many answers may be far slower than the baseline's.
        latency: the least difference of latencies that matters, as a fraction of the baseline's
            median; never less than 5 ms.
        memory: the least difference of a pod's memory that matters, as a fraction of what a pod of
            the baseline holds, and the least growth in the window; never less than 16 MB.
    """

    seconds: Seconds = 40
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.95
    errors: Annotated[float, Field(gt=0, le=1)] = 0.015
    latency: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.15
    memory: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5


class Deadlines(_Table):
    """Seconds after which a wait is given up. The defaults suit a busy two-core CI machine."""

    cluster: Seconds = 300
    image: Seconds = 900
    rollout: Seconds = 120
    command: Seconds = 120
    request: Seconds = 10


class Request(_Table):
    """One request and what must come back.

    `{unique}` in `json` and `form` becomes a text that no other request has.
    """

    method: Method
    path: Annotated[str, Field(pattern=r"^/")]
    json_: Annotated[Any, Field(alias="json")] = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = {}
    status: Annotated[int, Field(ge=100, le=599)] = 200
    contains: str | None = None


class Api(_Table):
    """The checks of the app's API; without `write` and `read` it is an addressbook.

    `write` must be acknowledged with its status; the body of `read` must then hold the unique text.
    """

    version_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] | None = None
    pod_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] | None = None
    metrics: Annotated[str, Field(pattern=r"^/")] = "/metrics"
    write: Request | None = None
    read: Request | None = None
    checks: list[Request] = []


class _Tables(_Table):
    name: Annotated[str, Field(pattern=NAME)] | None = None
    baseline: Annotated[str, Field(min_length=1)] | None = None
    image: Image = Image()
    manifests: Manifests = Manifests()
    replicas: Replicas = Replicas()
    commands: Commands = Commands()
    environment: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str] = {}
    database: Database = Database()
    preflight: Preflight = Preflight()
    promotion: Promotion = Promotion()
    traffic: Traffic = Traffic()
    verdict: Verdict = Verdict()
    deadlines: Deadlines = Deadlines()
    api: Api = Api()


class Settings(_Tables):
    """Every setting, checked and with its default filled in.

    Attributes:
        root: the folder that relative paths start from.
        source: the file that the settings were read from, as the user named it; "defaults" where
            there is none.
    """

    root: Path
    source: str
    name: str
    context: Path
    dockerfile: Path
    deployment: Path
    service: Path
    apply: Path
    service_name: str

    def deployment_name(self, track: str) -> str:
        """The name of the track's Deployment: `NAME-canary` or `NAME-stable`."""
        return f"{self.name}-{track}"

    @property
    def is_addressbook(self) -> bool:
        """Whether the API is the default one, the book's addressbook."""
        return self.api.write is None and self.api.read is None

    @property
    def version_header(self) -> str | None:
        """The response header that tells which version answered, where there is one."""
        return self.api.version_header or ("X-Release" if self.is_addressbook else None)

    @property
    def pod_header(self) -> str | None:
        """The response header that tells which pod answered, where there is one."""
        return self.api.pod_header or ("X-Pod" if self.is_addressbook else None)
