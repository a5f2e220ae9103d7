"""What a run is going to do: decided before anything starts, from options, settings and git."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_canary.config.git import git
from pytest_canary.config.options import STAGES, Options
from pytest_canary.config.settings import Settings
from pytest_canary.config.target import Target, find_target
from pytest_canary.core.errors import CommandError, SettingsError
from pytest_canary.core.wording import nearest


@dataclass(frozen=True)
class Baseline:
    """Where the version that is live today comes from.

    Attributes:
        kind: "image" of the engine or a registry, "git" revision to build, or "none".
        value: the image's name or the revision.
        origin: what says so: an option, a settings file or git.
    """

    kind: Literal["image", "git", "none"]
    value: str
    origin: str

    @property
    def text(self) -> str:
        """As the option takes it, with its origin."""
        shown = f"git:{self.value}" if self.kind == "git" else self.value or "none"
        return f"{shown} ({self.origin})"


@dataclass(frozen=True)
class Plan:
    """One run, decided.

    Attributes:
        target: the cluster of somebody else's that is walked in; None for one of the run's own.
    """

    settings: Settings
    options: Options
    baseline: Baseline
    target: Target | None = None

    @property
    def upgrade(self) -> bool:
        """Whether a baseline is live; a first release otherwise."""
        return self.baseline.kind != "none"

    @property
    def has_database(self) -> bool:
        """Whether a database runs in the cluster."""
        return self.settings.database.image != "none"

    @property
    def migrates(self) -> bool:
        """Whether there is something to migrate, and a command that does."""
        return self.has_database and bool(self.settings.commands.migrate)

    @property
    def traffic(self) -> bool:
        """Whether requests are sent all along."""
        return self.settings.traffic.rate > 0

    @property
    def tells_versions(self) -> bool:
        """Whether a header tells which version answered."""
        return self.settings.api.version_header is not None

    @property
    def judges(self) -> bool:
        """Whether canary and baseline can be compared under load."""
        return self.upgrade and self.traffic and self.tells_versions

    @property
    def checks(self) -> bool:
        """Whether the settings name requests beside the one that writes and the one that reads."""
        return bool(self.settings.api.checks)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that are walked, in order; cleanup is always the last, but for a check."""
        if self.options.check:
            return STAGES[:1]
        return tuple(
            stage
            for stage in STAGES
            if STAGES.index(stage) <= STAGES.index(self.options.until) or stage == "cleanup"
        )

    @property
    def title(self) -> str:
        """The header's first words."""
        if self.options.check:
            return f"{self.settings.name}, its manifests alone"
        scenario = "upgrade" if self.upgrade else "first release"
        return f"{self.settings.name}, {scenario}; baseline {self.baseline.text}"


def plan(settings: Settings, options: Options) -> Plan:
    """Put settings, options and git together.

    Raises:
        SettingsError: the baseline can't be made out, or the context.
    """
    if options.check:
        # What is live is no matter of the candidate's files, and git may not know it.
        return Plan(settings, options, Baseline("none", "", "--canary-check"))
    target = find_target(options) if options.context else None
    return Plan(settings, options, _baseline(settings, options), target)


def _baseline(settings: Settings, options: Options) -> Baseline:
    for value, origin in (
        (options.baseline, "--canary-baseline"),
        (settings.baseline, settings.source),
    ):
        if value == "none":
            return Baseline("none", "", origin)
        if value and value.startswith("git:"):
            revision = value.removeprefix("git:")
            return Baseline("git", _verified(settings.root, revision, origin), origin)
        if value:
            return Baseline("image", value, origin)
    return _newest_tag(settings.root)


def _verified(root: Path, revision: str, origin: str) -> str:
    try:
        # The end of options: a revision that looks like one must not become one.
        git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except CommandError as error:
        tags = git(root, "tag", "--list").split() if _in_git(root) else []
        near = nearest(revision, tags)
        hint = f"did you mean git:{near}?" if near else "fetch it first, or name another"
        raise SettingsError(f"baseline git:{revision} ({origin}) is not in git: {hint}") from error
    return revision


def _newest_tag(root: Path) -> Baseline:
    """The newest tag before HEAD; a tag on HEAD is the candidate's own."""
    if not _in_git(root):
        return Baseline("none", "", "not in git")
    try:
        tag = git(root, "describe", "--tags", "--abbrev=0", "HEAD^").strip()
    except CommandError:
        if git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
            # Taken for "no tag", it would turn an upgrade into a first release, and pass.
            raise SettingsError(
                "the clone is shallow, so the newest tag before HEAD can't be found; "
                'fetch the history and its tags, or name the baseline, be it "none"'
            ) from None
        return Baseline("none", "", "no tag")
    return Baseline("git", tag, "the newest tag before HEAD")


def _in_git(root: Path) -> bool:
    try:
        git(root, "rev-parse", "--git-dir")
    except CommandError as error:
        if "dubious ownership" in error.output:
            # Taken for "not in git", it would turn an upgrade into a first release.
            raise SettingsError(
                f"git does not trust {root}, as another user owns it; "
                f"git config --global --add safe.directory {root}"
            ) from error
        return False
    return True
