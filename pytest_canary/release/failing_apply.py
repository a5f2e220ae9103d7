"""How the apply script fails: tried once, with a kubectl that refuses whatever is to be changed.

It touches no cluster, so that there need be none yet. The image that it is given exists nowhere,
and is the mark by which a file is known that it leaves.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pytest_canary.config.plan import Plan
from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import CommandError
from pytest_canary.core.findings import Finding
from pytest_canary.core.processes import Processes
from pytest_canary.database.deployment import parameters
from pytest_canary.manifests.documents import LARGEST
from pytest_canary.manifests.version import CANARY, STABLE, apply_environment

RULES = ("unfailing-apply", "left-manifest")

# Seconds after which it is given up: nobody waits for a script that tries again and again.
PATIENCE = 20.0

KUBECTL = """#!/bin/sh
case $1 in version | config) exit 0 ;; esac
case " $* " in *" - "* | *" -f- "*) cat >/dev/null ;; esac
: >"{asked}"
echo 'error: refused, to see how this script fails' >&2
exit 1
"""

# For a kubectl that the script has from elsewhere: nothing listens there.
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: refused
clusters: [{name: refused, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: refused, context: {cluster: refused, user: refused}}]
users: [{name: refused, user: {}}]
"""


def failures(
    plan: Plan, folder: Path, processes: Processes, patience: float = PATIENCE
) -> list[Finding]:
    """What `RULES` find: what is wrong with how the script fails.

    Args:
        plan: tells script, template and variables.
        folder: the run's own, for what the script is given.
        processes: run it.
        patience: seconds after which it is given up.

    Returns:
        Nothing, too, where it has not ended in time, or never asked kubectl for anything; or where
        there is no script.
    """
    apply = plan.settings.files.apply
    if apply is None:
        return []
    with tempfile.TemporaryDirectory(
        prefix="refused-", dir=folder, ignore_cleanup_errors=True
    ) as own:
        return list(_Trial(plan, apply, Path(own)).run(processes.part(), patience))


class _Trial:
    def __init__(self, plan: Plan, apply: Path, folder: Path) -> None:
        settings = plan.settings
        self.settings, self.files, self.apply = settings, settings.files, apply
        self.asked, self.temporary = folder / "asked", folder / "tmp"
        self.mark = secrets.token_hex(8)
        self.given = {
            **settings.environment,
            **(parameters(settings.database) if plan.has_database else {}),
        }
        kubectl, home, kubeconfig = folder / "bin" / "kubectl", folder / "home", folder / "config"
        for each in (kubectl.parent, home, self.temporary):
            each.mkdir()
        kubectl.write_text(KUBECTL.format(asked=self.asked))
        kubectl.chmod(0o755)
        kubeconfig.write_text(KUBECONFIG)
        self.environment = apply_environment(
            self.given, {}, settings.deadlines.rollout, str(kubeconfig), str(home), kubectl
        ) | {"TMPDIR": str(self.temporary)}

    def run(self, script: Processes, patience: float) -> Iterator[Finding]:
        before, replicas = set(self._beside()), self.settings.replicas
        words = [
            self.settings.deployment_name(CANARY if replicas.canary else STABLE),
            str(replicas.canary or replicas.stable),
            f"canary.invalid/refused:{self.mark}",
        ]
        code: int | None = 0
        try:
            script.run(
                [self.apply, self.files.deployment, *words],
                timeout=patience,
                env=self.environment,
                cwd=self.apply.parent,
            )
        except CommandError as error:
            code = error.code
        finally:
            left = list(self._left_files(before))
        if code is None or not self.asked.exists():
            return
        name = self.apply.name
        if code == 0:
            yield unfailing_apply(name)
        found = [(shown, self._secrets(content)) for shown, content in left]
        # What it writes into the project each time, and holds no secret, may be meant to stay.
        told = [each for each in found if each[1] or each[0].startswith("$TMPDIR")]
        if told:
            yield left_manifest(name, *told[0])

    def _beside(self) -> Iterator[Path]:
        """The files beside the script, beside the template and where temporary ones are."""
        folders = {self.apply.parent, self.files.deployment.parent}
        for folder in {*folders, Path(tempfile.gettempdir())}:
            with suppress(OSError):
                yield from folder.iterdir()

    def _left_files(self, before: set[Path]) -> Iterator[tuple[str, bytes]]:
        """The files that it has left and rendered the template into; those beside it, no more."""
        for path in self.temporary.rglob("*"):
            content = self._read_rendered(path)
            if content:
                yield f"$TMPDIR/{path.relative_to(self.temporary)}", content
        for path in set(self._beside()) - before:
            content = self._read_rendered(path)
            if content:
                yield str(path), content
                with suppress(OSError):
                    path.unlink()

    def _read_rendered(self, path: Path) -> bytes:
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    content = file.read(LARGEST)
                return content if self.mark.encode() in content else b""
        return b""

    def _secrets(self, content: bytes) -> list[str]:
        disclosure = Disclosure(self.given, self.files.deployment.read_text(errors="replace"))
        disclosure.of_pipe()(content)
        return disclosure.variables


def unfailing_apply(command: str) -> Finding:
    """What is wrong with a script that goes on as if nothing had been."""
    return Finding(
        code="unfailing-apply",
        sentence=f"{command} exits with 0 where kubectl fails; what can't fail can't stop a "
        "release",
        where=command,
        seen="every kubectl that changes something exited with 1",
        next="let it end with kubectl's exit code, as `set -euo pipefail` does, and with no "
        "`|| true` behind it",
    )


def left_manifest(command: str, path: str, variables: Sequence[str]) -> Finding:
    """What is wrong with a script that leaves its file where kubectl fails.

    Args:
        command: the script.
        path: the file.
        variables: those whose secret values are in it.
    """
    held = f", with the value of {' and of '.join(variables)} in it" if variables else ""
    return Finding(
        code="left-manifest",
        sentence=f"{command} leaves the manifest that it has filled in behind where kubectl fails"
        f"{held}",
        where=command,
        seen=path,
        next="remove it however the script ends, as `trap 'rm -f \"$file\"' EXIT` does, or hand it "
        "to kubectl without a file",
    )
