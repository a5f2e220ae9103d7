"""What a workflow's commands and expressions use and nothing provides; pure.

Not told of a job in a container or on a machine of one's own, nor behind a script that may set
anything, or an action of which nobody knows what it sets. What a condition asks for may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.core.wording import did_you_mean
from pytest_canary.manifests.documents import Fault
from pytest_canary.pipelines.definition import Command
from pytest_canary.pipelines.faults import UNDESCRIBED, UNPROVIDED
from pytest_canary.pipelines.shell import events
from pytest_canary.pipelines.uses import uses_without_value
from pytest_canary.pipelines.values import Place
from pytest_canary.services.github.actions import STAND_INS
from pytest_canary.services.lacking import (
    VariableFaults,
    Wants,
    handed_on_names,
    names_of_shell,
)
from pytest_canary.services.reading import Reader, RunInputs

# https://docs.github.com/actions/reference/workflows-and-actions/variables; the token is in none of
# them unless a step takes it, and the machine's own come behind.
_GITHUB = """
ACTION ACTIONS ACTION_PATH ACTION_REPOSITORY ACTOR ACTOR_ID API_URL BASE_REF ENV EVENT_NAME
EVENT_PATH GRAPHQL_URL HEAD_REF JOB OUTPUT PATH REF REF_NAME REF_PROTECTED REF_TYPE REPOSITORY
REPOSITORY_ID REPOSITORY_OWNER REPOSITORY_OWNER_ID RETENTION_DAYS RUN_ATTEMPT RUN_ID RUN_NUMBER
SERVER_URL SHA STATE STEP_SUMMARY TRIGGERING_ACTOR WORKFLOW WORKFLOW_REF WORKFLOW_SHA WORKSPACE
"""
_GIVEN = names_of_shell(
    f"GITHUB_({'|'.join(_GITHUB.split())})",
    r"(RUNNER|ACTIONS|CONDA|DOTNET|SELENIUM|POWERSHELL|HOMEBREW|GHCUP|PIPX|BOOTSTRAP|VCPKG)_\w+",
    r"\w+_HOME|JAVA_HOME_\w+|GOROOT_\w+|CONDA|Image(OS|Version)|AGENT_TOOLSDIRECTORY|\w+WEBDRIVER",
    r"AZURE_EXTENSION_DIR|SWIFT_PATH|SGX_AESM_ADDR|DEPLOYMENT_BASEPATH|ACCEPT_EULA|PSModulePath",
)
# What these set for the steps behind them.
_SETS = {
    "aws-actions/configure-aws-credentials": r"AWS_\w+",
    "google-github-actions/auth": r"(GOOGLE|GCP|GCLOUD|CLOUDSDK)_\w+",
    "google-github-actions/setup-gcloud": r"(GOOGLE|GCP|GCLOUD|CLOUDSDK)_\w+",
    "google-github-actions/get-gke-credentials": r"KUBECONFIG|KUBE_CONFIG_PATH",
    "azure/aks-set-context": "KUBECONFIG",
    "azure/k8s-set-context": "KUBECONFIG",
    "azure/login": r"AZURE_\w+|ARM_\w+",
    "actions/setup-python": r"pythonLocation|P(ython|YTHON|KG_CONFIG)\w*",
    "actions/setup-node": r"NPM_CONFIG_USERCONFIG|NODE_AUTH_TOKEN",
    "digitalocean/action-doctl": r"DIGITALOCEAN_\w+",
}
_INSIDE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_ASKED = re.compile(
    r"(?<![\w.\]-])(vars|secrets|env|inputs|needs|steps)\.([A-Za-z_][\w-]*)"
    r"(?:\.outputs\.([A-Za-z_][\w-]*))?(?!\s*\()"
)
_HOSTED = re.compile(r"(ubuntu|macos|windows)-")

_GIVES = "env, GITHUB_ENV or command of its step"
_FIX = "set it in env; where the machine has it, name it in pipeline.variables"


def faults(reader: Reader, wanted: RunInputs, wants: Wants) -> Iterator[Fault]:
    """What jobs use and nothing provides; each once a file.

    Args:
        reader: the file, in which nothing is wrong.
        wanted: what is to be run of it.
        wants: what gives variables beside it.
    """
    told = VariableFaults(_GIVES, _FIX)
    for key, job in reader.values.root["jobs"].items():
        if not wanted.jobs or key in wanted.jobs:
            yield from _Job(reader, wants, told, wanted.uses, key, job).faults()


@dataclass
class _Job:
    """One job that is looked at, step by step."""

    reader: Reader
    wants: Wants
    told: VariableFaults
    uses: Mapping[str, str]
    key: str
    job: Mapping[str, Any]
    more: set[str] = field(default_factory=set)
    sets: list[str] = field(default_factory=list)
    ids: dict[str, set[str] | None] = field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """What is wrong, in the order of its steps."""
        root, place = self.reader.values.root, ("jobs", self.key)
        shared = {**(root.get("env") or {}), **(self.job.get("env") or {})}
        yield from self._missing_in_expressions(root.get("env"), ("env",), {})
        yield from self._missing_in_expressions(self.job.get("env"), (*place, "env"), shared)
        known, steps = True, self.job.get("steps", [])
        known = not self.job.get("container") and _is_hosted(self.job.get("runs-on"))
        for number, step in enumerate(steps):
            here = (*place, "steps", number)
            environment = {**shared, **(step.get("env") or {})}
            for name in ("env", "with", "run", "working-directory"):
                if known:
                    yield from self._missing_in_expressions(
                        step.get(name), (*here, name), environment
                    )
            if known and "run" in step and self._is_bash(step, root):
                yield from self._missing_variables(step, here, environment)
            known = known and self._go_on(step)

    def _missing_variables(
        self, step: Mapping[str, Any], place: Place, environment: Collection[str]
    ) -> Iterator[Fault]:
        line = self.reader.values.line((*place, "run"))
        command = Command(str(step["run"]), self.reader.source, line)
        have = {*self.wants.variables, *environment, *self.more}
        spared = {
            each.name
            for other in self.job.get("steps", [])
            for each in events(str(other.get("run", "")))
            if each.kind == "spare"
        }
        pattern = re.compile("|".join([_GIVEN.pattern, *self.sets]))
        found = uses_without_value([command], have, self.wants.programs, pattern, spared)
        yield from self.told.uses(found, have)

    def _go_on(self, step: Mapping[str, Any]) -> bool:
        """Learn what a step hands on; whether what comes behind it is known."""
        script, action = str(step.get("run", "")), step.get("uses", "").split("@")[0]
        identity = step.get("id", "")
        names = handed_on_names(script)
        # By a program of its own, a script may hand on what nobody can read here.
        own = "GITHUB_OUTPUT" in script and names
        self.ids[identity] = names if own and "run" in step else None
        if action:
            self.sets.append(_SETS.get(action, "(?!)"))
            return action in STAND_INS and action not in self.uses
        if "GITHUB_ENV" in script:
            self.more |= names
            return bool(names)
        return True

    def _missing_in_expressions(
        self, texts: Any, place: Place, environment: Collection[str]
    ) -> Iterator[Fault]:
        """What expressions ask for; one that has something else in its place asks for nothing."""
        table = texts if isinstance(texts, dict) else {"": texts}
        for key, text in table.items():
            here = (*place, key) if key else place
            for inside in _INSIDE.finditer(text if isinstance(text, str) else ""):
                if "||" not in inside[1] and "&&" not in inside[1]:
                    plain = re.sub(r"'(?:[^']|'')*'", "''", inside[1])
                    for found in _ASKED.finditer(plain):
                        yield from self._expect(found, here, environment)

    def _expect(
        self, found: re.Match[str], place: Place, environment: Collection[str]
    ) -> Iterator[Fault]:
        context, name, output = found.groups()
        known: Collection[str] | None = None
        fix, rule = "", UNPROVIDED
        if context == "secrets" and not self.job.get("environment"):
            known = {*self.wants.secrets, "GITHUB_TOKEN"}
            fix, rule = "name it in [pipeline.secrets], without its value", UNDESCRIBED
        elif context == "vars" and not self.job.get("environment"):
            known = self.wants.variables
            fix = "name it in pipeline.variables, and give it its value in [environment]"
        elif context == "env":
            known = {*environment, *self.more, *self.wants.variables}
            fix = "set it in env, or in a step before by GITHUB_ENV"
            known = None if _GIVEN.fullmatch(name) else known
        elif context == "inputs":
            known, fix = self._inputs(), "name it in the inputs of what starts the workflow"
        elif context == "needs":
            known, name, fix = (
                self._needed_outputs(name, output),
                output or name,
                "let the job have it",
            )
        elif context == "steps" and output:
            known, fix = self.ids.get(name, set()), "let a step of that id before it write it"
            name = output
        text = found.group()
        if known is None or name in known or not self.told.is_new(text):
            return
        line = self.reader.values.line(place)
        near = range(line, line + 200)
        here = next((n for n in near if text in self.reader.source.line(n)), line)
        sentence = f"{text} has no value: nothing provides it"
        yield Fault(
            self.reader.source, here, sentence, did_you_mean(name, sorted(known), fix), rule
        )

    def _needed_outputs(self, job: str, output: str | None) -> Collection[str] | None:
        needs = self.job.get("needs", [])
        if job not in ([needs] if isinstance(needs, str) else needs):
            return ()
        return self.reader.values.root["jobs"][job].get("outputs") or () if output else None

    def _inputs(self) -> Collection[str] | None:
        on = self.reader.values.root["on"]
        starts = (
            [each for each in on.values() if isinstance(each, dict)] if isinstance(on, dict) else []
        )
        tables = [each["inputs"] for each in starts if isinstance(each.get("inputs"), dict)]
        return {name for table in tables for name in table}

    def _is_bash(self, step: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
        run = [of.get("defaults", {}).get("run", {}).get("shell") for of in (self.job, root)]
        shell = step.get("shell") or next(filter(None, run), "bash")
        return str(shell).split()[0] in ("bash", "sh")


def _is_hosted(machine: Any) -> bool:
    """Whether it is one of GitHub's own, of which is known what it has."""
    return isinstance(machine, str) and _HOSTED.match(machine) is not None
