"""A pipeline's file: which of its jobs run for a branch or tag, in which order, and what is wrong.

Not taken: what `schema.NOT_TAKEN` names, `!reference`, `rules` that ask for files, and `workflow`,
which says whether there is a pipeline at all. Images and services are not started, artifacts are
not kept, and nothing is tried twice. A job that waits for somebody runs where it is named, or
where somebody starts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.jobs.definition import Block, Definition, Job
from pytest_canary.jobs.environment import Workflow
from pytest_canary.manifests.documents import Fault, Source
from pytest_canary.pipelines.shapes import Anything, Misfit, Table
from pytest_canary.pipelines.values import Place
from pytest_canary.services.errors import ExpressionError
from pytest_canary.services.gitlab.expressions import evaluate
from pytest_canary.services.gitlab.merging import ExtendsError, extend, lines, merge
from pytest_canary.services.gitlab.schema import FILE, JOB, NOT_TAKEN, OF_ALL
from pytest_canary.services.gitlab.variables import expand, of_file, predefined_variables
from pytest_canary.services.reading import Reader, RunInputs, circle, job_misfits, read

STAGES = ("build", "test", "deploy")
"""Those of a file that names none; .pre comes before all, .post after."""

# Minutes that GitLab gives a job, unless the project says otherwise; a pipeline has no limit.
JOB_LIMIT, PIPELINE_LIMIT = 60, 30 * 24 * 60

_TIME = re.compile(r"(\d+)\s*(d|h|m|s)[a-z]*\s*")
_MINUTES = {"d": 1440.0, "h": 60.0, "m": 1.0, "s": 1 / 60}


@dataclass(frozen=True)
class GitLabJob:
    """One job.

    Attributes:
        stage: its stage.
        before: the commands before its own, in the same shell.
        script: its own.
        after: those after it, in a shell of their own.
        variables: of file, job and rule, the nearer over the farther.
        raw: those in which nothing is put in.
        when: after which ends of those before it it runs.
        may_fail: the exit codes with which it may fail; none for none, all where it is True.
    """

    stage: str
    before: tuple[str, ...]
    script: tuple[str, ...]
    after: tuple[str, ...]
    variables: Mapping[str, str]
    raw: frozenset[str]
    when: str
    may_fail: frozenset[int] | bool


@dataclass(frozen=True)
class GitLabPipeline:
    """What is to be run of a file.

    Attributes:
        definition: its jobs, each a block of its own.
        jobs: what each of them does.
    """

    definition: Definition
    jobs: Mapping[str, GitLabJob]


def read_pipeline(
    source: Source, wanted: RunInputs, workflow: Workflow | None = None
) -> tuple[GitLabPipeline | None, list[Fault]]:
    """Read a pipeline's file.

    Args:
        source: the file.
        wanted: what is to be run of it.
        workflow: what it runs for; where it is None, no rule keeps a job from running.

    Returns:
        What is to be run, None where something is wrong; and that.
    """
    reader, faults = read(source, Anything(), "GitLab")
    if reader is None:
        return None, faults
    reading = _Reading(reader, wanted, workflow)
    reading.expect_shape()
    found = None if reading.faults else reading.pipeline()
    return (None if reading.faults else found), reading.faults


@dataclass
class _Reading:
    """One file that is read; what is wrong with it gathers in `faults`."""

    reader: Reader
    wanted: RunInputs
    workflow: Workflow | None
    faults: list[Fault] = field(default_factory=list)

    @property
    def _root(self) -> dict[str, Any]:
        root: dict[str, Any] = self.reader.values.root
        return root

    def expect_shape(self) -> None:
        """Hold the file against what GitLab takes, and against what is taken here."""
        root = self.reader.values.root
        names = [key for key in root if key not in FILE] if isinstance(root, dict) else []
        shape = Table({**FILE, **dict.fromkeys(names, JOB)})
        for misfit in shape.misfits(root, ()):
            self._wrong(misfit)
        for number, line in enumerate(self.reader.source.text.splitlines(), 1):
            if re.search(r"(^|[\s:\-\[,])!reference\b", line.split(" #")[0]):
                what = "!reference can't be rehearsed"
                fault = self.reader.fault(Misfit((), what), "write what it stands for, or extends")
                self.faults.append(Fault(fault.source, number, what, fault.fix, fault.rule))
        if not self.faults and "include" in root and not self.wanted.jobs:
            what = "the jobs of other files can't be rehearsed"
            self._wrong(Misfit(("include",), what), "name those of this file that are to be run")

    def pipeline(self) -> GitLabPipeline | None:
        listed = {key: each for key, each in self._root.items() if key not in FILE}
        names = [key for key in listed if not key.startswith(".")]
        for misfit in job_misfits(self.wanted, names):
            self._wrong(misfit)
        if self.faults:
            return None
        whole: dict[str, dict[str, Any]] = {}
        known: dict[str, dict[str, Any]] = {}
        for name in names:
            if not self.wanted.jobs or name in self.wanted.jobs:
                try:
                    whole[name] = merge(self._of_all(), extend(name, listed, known))
                except ExtendsError as error:
                    self._wrong(Misfit((name, "extends"), str(error)))
        made = {name: self._job(name, job) for name, job in whole.items()}
        jobs = {name: job for name, job in made.items() if job}
        waits = {name: self._waits(name, whole[name], jobs) for name in jobs}
        ring = circle(waits)
        if ring:
            told = f"jobs wait for each other: {', '.join(ring)}"
            self._wrong(Misfit((ring[0], "needs"), told))
        blocks = tuple(self._block(name, jobs[name], waits[name], whole[name]) for name in jobs)
        definition = Definition(self.reader.source.shown, blocks, minutes=PIPELINE_LIMIT)
        return GitLabPipeline(definition, jobs)

    def _of_all(self) -> dict[str, Any]:
        own = {key: self._root[key] for key in OF_ALL if key in self._root}
        return {**own, **self._root.get("default", {})}

    def _job(self, name: str, job: Mapping[str, Any]) -> GitLabJob | None:
        """A job; None where it does not run."""
        for key in NOT_TAKEN:
            if key in job:
                fix = "write rules" if key in ("only", "except") else "write what it comes to"
                self._wrong(Misfit((name, key), "can't be rehearsed"), fix)
        if "script" not in job:
            self._wrong(Misfit((name,), "has no script"))
        stage = job.get("stage", "test")
        if stage not in self._stages():
            told = f"there is no stage {stage}; there are {', '.join(self._stages())}"
            self._wrong(Misfit((name, "stage"), told))
        shared, raw = of_file(self._root.get("variables", {}))
        own, own_raw = of_file(job.get("variables", {}))
        values = shared | own
        rule = self._rule(name, job, values)
        if rule is None:
            return None
        more, more_raw = of_file(rule.get("variables", {}))
        when = rule.get("when", job.get("when", "on_success"))
        named = name in (*self.wanted.jobs, *self.wanted.started)
        if when == "never" or (when in ("manual", "delayed") and not named):
            return None
        return GitLabJob(
            stage,
            tuple(lines(job.get("before_script"))),
            tuple(lines(job.get("script"))),
            tuple(lines(job.get("after_script"))),
            values | more,
            raw | own_raw | more_raw,
            "on_success" if when in ("manual", "delayed") else when,
            _may_fail(rule.get("allow_failure", job.get("allow_failure", False))),
        )

    def _rule(
        self, name: str, job: Mapping[str, Any], values: Mapping[str, str]
    ) -> Mapping[str, Any] | None:
        """The first rule that holds; nothing where there are none, None where none does."""
        if "rules" not in job:
            return {}
        own = predefined_variables(self.workflow) if self.workflow else {}
        known = expand({**own, **values, **self.wanted.parameters})
        for number, rule in enumerate(_flat(job["rules"])):
            place: Place = (name, "rules", number)
            for key in ("changes", "exists"):
                if key in rule:
                    fix = "write a rule of what the pipeline runs on"
                    self._wrong(Misfit((*place, key), "can't be rehearsed"), fix)
            try:
                if "if" not in rule or evaluate(rule["if"], known):
                    return rule if self.workflow else {}
            except ExpressionError as error:
                self._wrong(Misfit((*place, "if"), str(error)))
                return rule
        if not self.workflow:
            return {}
        if name in self.wanted.jobs:
            told = f"no rule holds on {self.workflow.ref_type} {self.workflow.ref}"
            self._wrong(Misfit((name, "rules"), told), "name a job that runs there")
        return None

    def _stages(self) -> tuple[str, ...]:
        return (".pre", *self._root.get("stages", STAGES), ".post")

    def _waits(
        self, name: str, job: Mapping[str, Any], jobs: Mapping[str, GitLabJob]
    ) -> tuple[str, ...]:
        """The jobs that one waits for: those that it needs, or all of the stages before its own."""
        if "needs" not in job:
            stages = self._stages()
            if jobs[name].stage not in stages:
                return ()
            before = stages[: stages.index(jobs[name].stage)]
            return tuple(other for other, each in jobs.items() if each.stage in before)
        needs = [{"job": each} if isinstance(each, str) else each for each in job["needs"]]
        for each in needs:
            other = each.get("job", "")
            if other and other not in self._root and not each.get("optional"):
                self._wrong(Misfit((name, "needs"), f"there is no job {other}"))
        return tuple(each["job"] for each in needs if each.get("job") in jobs)

    def _block(
        self, name: str, job: GitLabJob, waits: tuple[str, ...], whole: Mapping[str, Any]
    ) -> Block:
        commands = (*job.before, *job.script)
        minutes = self._minutes(name, whole.get("timeout", ""))
        made = Job(name, commands, always=job.after, secrets=self.wanted.secrets, minutes=minutes)
        return Block(name, (made,), waits, regardless=job.when != "on_success")

    def _minutes(self, name: str, text: str) -> int:
        if not text:
            return JOB_LIMIT
        parts = _TIME.findall(text.lower())
        if not parts or _TIME.sub("", text.lower()).strip():
            told = f"nobody can read {text[:40]!r}; write 1h 30m"
            self._wrong(Misfit((name, "timeout"), told))
        return max(1, round(sum(int(count) * _MINUTES[unit] for count, unit in parts)))

    def _wrong(self, misfit: Misfit, fix: str = "") -> None:
        self.faults.append(self.reader.fault(misfit, fix))


def _flat(rules: list[Any]) -> Iterator[Mapping[str, Any]]:
    for each in rules:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each


def _may_fail(value: Any) -> frozenset[int] | bool:
    if isinstance(value, bool):
        return value
    codes = value["exit_codes"]
    return frozenset(codes if isinstance(codes, list) else [codes])
