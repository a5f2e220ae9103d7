"""The version that is live today: which one it is, decided once, before anything starts."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pytest_canary.config.git import QUIET, complaint, git
from pytest_canary.config.options import Options
from pytest_canary.config.settings import Files, Settings
from pytest_canary.core.errors import CommandError, SettingsError
from pytest_canary.core.wording import nearest

# Git's own words for what is no failure: nothing has that name, and no tag is in the history.
UNKNOWN = "Needed a single revision"
UNTAGGED = ("No names found, cannot describe anything", "No tags can describe")

OTHERWISE = 'or name the baseline, be it "none"'


@dataclass(frozen=True)
class Commit:
    """A commit of the project's repository.

    The plugin's own: `files`.

    Attributes:
        id: which; a tag or branch that moves meanwhile changes nothing.
        files: where the settings' files are in it, from the repository's top, if it has them.
    """

    id: str
    files: Files


@dataclass(frozen=True)
class Baseline:
    """Where the version that is live today comes from.

    Attributes:
        kind: "image" of the engine or a registry, "git" revision to build, or "none".
        value: the image's name or the revision, as it was named.
        origin: what says so: an option, a settings file or git.
        commit: what the revision stands for; None for the other kinds.
    """

    kind: Literal["image", "git", "none"]
    value: str
    origin: str
    commit: Commit | None = None

    @property
    def text(self) -> str:
        """As the option takes it, with its origin."""
        return f"{self.name} ({self.origin})"

    @property
    def name(self) -> str:
        """As the option takes it."""
        return f"git:{self.value}" if self.kind == "git" else self.value or "none"


def find_baseline(settings: Settings, options: Options) -> Baseline:
    """The baseline that options, settings or git name.

    Raises:
        SettingsError: git does not know it, or can't be asked; a first release is one only where
            somebody says so, or git does.
    """
    for value, origin in (
        (options.baseline, "--canary-baseline"),
        (settings.baseline, settings.source),
    ):
        if value == "none":
            return Baseline("none", "", origin)
        if value and value.startswith("git:"):
            return _revision(settings, value.removeprefix("git:"), origin)
        if value:
            return Baseline("image", value, origin)
    return _newest_tag(settings, options)


def is_candidate(settings: Settings, commit: Commit) -> bool:
    """Whether a commit is checked out as it is, with no file that is changed or new."""
    try:
        if git(settings.root, "rev-parse", "--verify", "HEAD").strip() != commit.id:
            return False
        top = git(settings.root, "rev-parse", "--show-toplevel").rstrip("\n")
        return not git(Path(top), *QUIET, "status", "--porcelain", "--untracked-files=all").strip()
    except CommandError:
        return False  # what can't be known now is seen when both are built


def _revision(settings: Settings, name: str, origin: str) -> Baseline:
    try:
        found = _resolve(settings.root, name)
    except CommandError as error:
        inside = _in_git(settings.root)
        if inside and UNKNOWN not in error.output:
            raise SettingsError(
                f"baseline git:{name} ({origin}) can't be looked up: {complaint(error)}; "
                "see `git fsck`, or name another"
            ) from error
        tags = git(settings.root, "tag", "--list").split() if inside else []
        near = nearest(name, tags)
        hint = f"did you mean git:{near}?" if near else "fetch it first, or name another"
        raise SettingsError(f"baseline git:{name} ({origin}) is not in git: {hint}") from error
    return _of_commit(settings, name, origin, found)


def _resolve(root: Path, name: str) -> str:
    # The end of options: a revision that looks like one must not become one.
    words = ("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return git(root, *words).strip()


def _of_commit(settings: Settings, name: str, origin: str, commit: str) -> Baseline:
    # Git says where the folder is in the repository, as it was found: a link on the way to it, or
    # a file that is a link, is not followed, as it may lead elsewhere in another revision.
    prefix = git(settings.root, "rev-parse", "--show-prefix").rstrip("\n")
    outside = []

    def place(path: Path, key: str) -> Path:
        found = Path(os.path.normpath(Path(prefix) / os.path.relpath(path, settings.root)))
        if found.parts[:1] == ("..",):
            outside.append(f"{key} ({os.path.normpath(path)})")
        return found

    own = settings.files
    files = replace(
        own,
        context=place(own.context, "image.context"),
        dockerfile=place(own.dockerfile, "image.dockerfile"),
    )
    if own.apply:
        files = replace(
            files,
            deployment=place(own.deployment, "manifests.deployment"),
            service=place(own.service, "manifests.service"),
            apply=place(own.apply, "manifests.apply"),
        )
    else:
        sources = tuple(place(each, "manifests.path") for each in own.sources)
        files = replace(
            files,
            deployment=sources[0],
            service=sources[0],
            sources=sources,
            values=tuple(place(each, "manifests.values") for each in own.values),
        )
    if own.job:
        files = replace(files, job=place(own.job, "migration.job"))
    if outside:
        verb = "is" if len(outside) == 1 else "are"
        raise SettingsError(
            f"{settings.source}: {', '.join(outside)} {verb} outside the git repository, so "
            f"baseline git:{name} ({origin}) has none of its own; move it into the repository, or "
            "name an image as the baseline"
        )
    return Baseline("git", name, origin, Commit(commit, files))


def _newest_tag(settings: Settings, options: Options) -> Baseline:
    """The newest tag before HEAD; a tag on HEAD is the candidate's own."""
    root = settings.root
    if options.check and not _signs_of_git(root):
        return Baseline("none", "", "not in git")  # without asking git, which may not be there
    if not _in_git(root):
        return Baseline("none", "", "not in git")
    try:
        tag = _nearest_tag(root)
        if tag is None:
            return Baseline("none", "", _why_untagged(root))
        # By its full name: a branch, or what looks like an option, may be called the same.
        commit = _resolve(root, f"refs/tags/{tag}")
    except CommandError as error:
        raise SettingsError(
            f"the newest tag before HEAD can't be found: {complaint(error)}; mend that, {OTHERWISE}"
        ) from error
    return _of_commit(settings, tag, "the newest tag before HEAD", commit)


def _nearest_tag(root: Path) -> str | None:
    """The tag that is nearest before HEAD; None where git says that there is none."""
    try:
        git(root, "rev-parse", "--verify", "HEAD")
    except CommandError as error:
        if UNKNOWN in error.output:
            return None  # nothing is committed yet
        raise
    _, *parents = git(root, "rev-list", "--parents", "--max-count=1", "HEAD").split()
    if not parents:
        return None
    try:
        return git(root, "describe", "--tags", "--abbrev=0", parents[0]).strip()
    except CommandError as error:
        if any(words in error.output for words in UNTAGGED):
            return None
        raise


def _why_untagged(root: Path) -> str:
    """Why there is no tag, where it may well be that there is none.

    Taken for "no tag", a clone that lacks them would turn an upgrade into a first release, and
    pass.
    """
    if git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise SettingsError(
            "the clone is shallow, so the newest tag before HEAD can't be found; "
            f"fetch the history and its tags, {OTHERWISE}"
        )
    remotes = git(root, "remote").split()
    if any(_fetches_no_tags(root, remote) for remote in remotes):
        raise SettingsError(
            "there is no tag before HEAD, and the clone fetches none (remote.*.tagOpt is "
            f"--no-tags); git fetch --tags, {OTHERWISE}"
        )
    if remotes and not git(root, "tag", "--list").strip():
        return "no tag in this clone; git fetch --tags, if its remote has one"
    return "no tag"


def _fetches_no_tags(root: Path, remote: str) -> bool:
    try:
        return git(root, "config", "--get", f"remote.{remote}.tagOpt").strip() == "--no-tags"
    except CommandError as error:
        if error.code == 1:
            return False  # it is not set
        raise


def _in_git(root: Path) -> bool:
    """Whether a folder is in a repository; it isn't where git says so, and nothing speaks for it.

    Anything else, taken for "not in git", would turn an upgrade into a first release.
    """
    try:
        git(root, "rev-parse", "--git-dir")
    except CommandError as error:
        if "dubious ownership" in error.output:
            raise SettingsError(
                f"git does not trust {root}, as another user owns it; "
                f"git config --global --add safe.directory {root}"
            ) from error
        if error.code != 128 or "not a git repository" not in error.output:
            raise SettingsError(
                f"git can't say whether {root} is in a repository: {complaint(error)}; "
                f"mend that, {OTHERWISE}"
            ) from error
        signs = _signs_of_git(root)
        if signs:
            raise SettingsError(
                f"git finds no repository in {root}, though {signs[0]}: {complaint(error)}; "
                f"mend that, {OTHERWISE}"
            ) from error
        return False
    return True


def _signs_of_git(root: Path) -> list[str]:
    """What speaks for a folder being in a repository, as clauses."""
    real = root.resolve()
    found = [each / ".git" for each in (real, *real.parents) if os.path.lexists(each / ".git")]
    variable = ["GIT_DIR is set"] if "GIT_DIR" in os.environ else []
    return [f"{each} is there" for each in found] + variable
