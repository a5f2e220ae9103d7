"""The settings: `[tool.canary]` in pyproject.toml, or the same keys in canary.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from pytest_canary.config.messages import key, mistake, nearest
from pytest_canary.core.errors import SettingsError

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


def find(root: Path, given: str | None = None) -> Path | None:
    """The file that holds the settings, or None where the defaults do.

    Raises:
        SettingsError: the given file does not exist, or two files hold settings.
    """
    if given:
        # What a shell completes is relative to where one stands; a CI's line, to the root.
        paths = [folder / given for folder in (Path.cwd(), root)]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            raise SettingsError(f"--canary-config: there is no file {given} in {root}")
        return found
    alone = root / "canary.toml"
    project = root / "pyproject.toml"
    in_project = project.is_file() and "canary" in _parse(project).get("tool", {})
    if alone.is_file() and in_project:
        raise SettingsError(
            "canary.toml and [tool.canary] in pyproject.toml both hold settings; keep one of them"
        )
    if alone.is_file():
        return alone
    return project if in_project else None


def load(root: Path, given: str | None = None, *, rules: Sequence[str] | None = None) -> Settings:
    """Read and check the settings.

    Args:
        root: the folder to look in.
        given: the file that `--canary-config` names, relative to the current folder or the root.
        rules: the names of the rules that can be silenced; None for any name.

    Raises:
        SettingsError: with every mistake, a line each: file, key, value, what is allowed.
    """
    file = find(root, given)
    if file is None:
        return check({}, root, "defaults", rules=rules)
    table = _parse(file)
    source = given or file.name
    if file.name == "pyproject.toml":
        table = table.get("tool", {}).get("canary", {})
        source = f"{source} [tool.canary]"
        if not isinstance(table, dict):
            raise SettingsError(f"{source} = {table!r}: a table")
    return check(table, file.parent, source, rules=rules)


def check(
    table: dict[str, Any], root: Path, source: str, *, rules: Sequence[str] | None = None
) -> Settings:
    """The settings that a parsed table holds; raises SettingsError with every mistake at once."""
    mistakes: list[str] = []
    wrong: set[str] = set()
    try:
        tables = _Tables.model_validate(table)
    except ValidationError as error:
        details = error.errors()
        mistakes = [f"{source}: {mistake(detail, _Tables)}" for detail in details]
        wrong = {key(detail) for detail in details}
        # The rest is checked too, on what is right, so that one round tells everything.
        tables = _Tables.model_validate(_without(table, details))
    found = _files(tables, root)
    mistakes += [
        f"{source}: {key} = {value!r}: {problem}"
        for key, value, problem in found.mistakes + _together(tables, wrong, rules)
        if key not in wrong
    ]
    name = tables.name or found.inferred_name
    environment = ENVIRONMENT | tables.environment
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    values = {key: getattr(tables, key) for key in _Tables.model_fields}
    return Settings.model_validate(
        values
        | found.paths
        | {
            "name": name,
            "environment": environment,
            "root": root,
            "source": source,
            "service_name": found.service_name or f"{name}-lb",
        },
        by_alias=False,
        by_name=True,
    )


class _Files:
    """The files that the settings name, and what is wrong with them."""

    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}
        self.mistakes: list[tuple[str, str, str]] = []
        self.service_name: str | None = None
        self.inferred_name = "addressbook"

    def take(self, field: str, key: str, value: str, path: Path, kind: str) -> None:
        there = path.is_dir() if kind == "folder" else path.is_file()
        self.paths[field] = path
        if not there:
            self.mistakes.append((key, value, f"there is no {kind} {path}"))


def _files(tables: _Tables, root: Path) -> _Files:
    files = _Files()
    image, manifests = tables.image, tables.manifests
    # The book has its Dockerfile at the top, the bundled addressbook in app/.
    folders = [image.context] if image.context else [".", "app"]
    files_named = [image.dockerfile or "Dockerfile"]
    pairs = [(folder, name) for folder in folders for name in files_named]
    context, dockerfile = next(
        ((f, n) for f, n in pairs if (root / f / n).is_file()), (folders[0], files_named[0])
    )
    files.take("context", "image.context", context, root / context, "folder")
    path = root / context / dockerfile
    files.take("dockerfile", "image.dockerfile", dockerfile, path, "file")
    for field in ("deployment", "service", "apply"):
        value = getattr(manifests, field)
        files.take(field, f"manifests.{field}", value, root / value, "file")
    if files.paths["service"].is_file():
        files.service_name = _service_name(files.paths["service"])
        if files.service_name and files.service_name.endswith("-lb"):
            files.inferred_name = files.service_name.removesuffix("-lb")
    return files


def _together(
    tables: _Tables, wrong: set[str], rules: Sequence[str] | None
) -> list[tuple[str, object, str]]:
    """What is right alone but not together; what is wrong alone is told already."""

    def right(*keys: str) -> bool:
        return not any(f"{each}.".startswith(f"{key}.") for each in wrong for key in keys)

    mistakes: list[tuple[str, object, str]] = []
    replicas, api = tables.replicas, tables.api
    if right("replicas.stable") and replicas.stable_during_canary > replicas.stable:
        mistakes.append(
            (
                "replicas.stable-during-canary",
                replicas.stable_during_canary,
                f"at most replicas.stable, which is {replicas.stable}",
            )
        )
    for rule, reason in tables.preflight.silenced.items():
        if rules is not None and rule not in rules:
            problem = f"no such rule{nearest(rule, rules)}"
            mistakes.append((f"preflight.silenced.{rule}", reason, problem))
    if right("api.write", "api.read") and (api.write is None) != (api.read is None):
        has, lacks = ("write", "read") if api.write else ("read", "write")
        mistakes.append(
            (f"api.{has}", "…", f"goes with [api.{lacks}]: what is written must be read back")
        )
    for pattern in tables.promotion.tags if right("promotion.tags") else []:
        try:
            re.compile(pattern)
        except re.error as error:
            mistakes.append(("promotion.tags", pattern, f"not a regular expression: {error}"))
    if api.write and "{unique}" not in str((api.write.json_, api.write.form, api.write.path)):
        mistakes.append(
            (
                "api.write",
                f"{api.write.method} {api.write.path}",
                "needs {unique} in its json, form or path, to be told apart when it is read back",
            )
        )
    return mistakes


def _service_name(path: Path) -> str | None:
    """The Service's name, where the manifest can be read as it stands, without its variables."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    metadata = document.get("metadata") if isinstance(document, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) and re.match(NAME, name) else None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} is not valid TOML: {error}") from error


def _without(table: dict[str, Any], details: list[ErrorDetails]) -> dict[str, Any]:
    """The table without the values that are wrong, so that the others can be checked."""
    pruned = dict(table)
    for top in {str(detail["loc"][0]) for detail in details}:
        value = pruned.pop(top, None)
        if isinstance(value, dict):
            wrong = {
                str(detail["loc"][1])
                for detail in details
                if detail["loc"][0] == top and len(detail["loc"]) > 1
            }
            pruned[top] = {k: v for k, v in value.items() if k not in wrong}
    try:
        _Tables.model_validate(pruned)
    except ValidationError:
        return {}
    return pruned
