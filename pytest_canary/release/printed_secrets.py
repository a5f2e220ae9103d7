"""The rule printed-secret: what of the project prints a secret that it was given, and where."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.findings import Finding
from pytest_canary.core.secret_variables import secrets_of
from pytest_canary.k8s.objects import Object, app_container
from pytest_canary.rendering.version import Version

STAYS = "which stays in the log of every job that runs it"


@dataclass(frozen=True)
class _Watched:
    """What was run: whose it is, how one would type it, where it ran, and what it printed."""

    whose: str
    command: str
    where: str
    disclosure: Disclosure


class PrintedSecrets:
    """Watches what apply scripts, commands in pods and apps print, from several threads.

    Args:
        given: the variables that apply scripts and templates see, and so the pods.
        versions: the images of the app's versions, by which it is known whose a pod is.
    """

    def __init__(self, given: Mapping[str, str], versions: Collection[str]) -> None:
        self._given = given
        self._versions = versions
        # What everyone may read, be it a word that a secret is too.
        self._public = [value for name, value in given.items() if not secrets_of({name: value})]
        self._templates: dict[str, str] = {}
        self._watched: list[_Watched] = []

    def of_script(self, version: Version, words: Iterable[str]) -> Disclosure:
        """Watches a version's `apply.sh`, which gets these words.

        What stands in the version's template its pods may print too, from then on.
        """
        template = version.renderer.text()
        self._templates[version.image] = template
        name = version.renderer.script().name
        return self._watch(version.title, name, name, [template, *words])

    def of_command(
        self, pod: Object, command: Sequence[str], typed: str = "", whose: str = ""
    ) -> Disclosure:
        """Watches a command that runs in a pod.

        Args:
            pod: where it runs.
            command: its words.
            typed: what it is called, where that is not how one would type it.
            whose: the image of the version whose command it is, where the pod has another.
        """
        return self._of_pod(pod, typed or shlex.join(command), command, whose)

    def of_log(self, pod: Object) -> Disclosure:
        """Watches what a pod has logged."""
        return self._of_pod(pod, "", [])

    def _of_pod(
        self, pod: Object, command: str, public: Sequence[str], whose: str = ""
    ) -> Disclosure:
        image = whose or str(app_container(pod, self._versions)["image"])
        known = [self._templates.get(image, ""), image, *public]
        return self._watch(image, command, f"pod {pod['metadata']['name']}", known)

    def _watch(self, whose: str, command: str, where: str, public: Sequence[str]) -> Disclosure:
        disclosure = Disclosure(self._given, "\n".join([*self._public, *public]))
        self._watched.append(_Watched(whose, command, where, disclosure))
        return disclosure

    def script_findings(self, version: Version) -> list[Finding]:
        """What a version's `apply.sh` has printed so far."""
        name = version.renderer.script().name
        return self._findings(
            version.title,
            name,
            f"{name} prints",
            STAYS,
            "let it print no rendered manifest, and no command as it runs it (tee, cat, set -x), "
            "and change what has been printed; a template that names the Secret needs no value",
        )

    def command_findings(self, version: Version, *commands: Sequence[str] | str) -> list[Finding]:
        """What these commands have printed so far in a version's pods, or in pods of their own.

        Args:
            version: whose pods they are.
            commands: the words of each, or what it is called.
        """
        names = [each if isinstance(each, str) else shlex.join(each) for each in commands]
        return [
            each
            for typed in dict.fromkeys(names)
            for each in self._findings(
                version.image,
                typed,
                f"`{typed}` prints",
                STAYS,
                "let it print no settings and no connection's URL, also where it fails (a debug or "
                "echo mode, an error with its arguments), and change what has been printed",
            )
        ]

    def log_findings(self, version: Version) -> list[Finding]:
        """What a version's pods have logged so far."""
        return self._findings(
            version.image,
            "",
            f"the {version.title}'s pods log",
            "which whoever may read their logs can read",
            "let it log no settings and no connection's URL, also where it fails, and change what "
            "has been logged",
        )

    def _findings(
        self, whose: str, command: str, does: str, matters: str, advice: str
    ) -> list[Finding]:
        """One finding of all that was run so, where a secret was printed by it."""
        found = [
            each
            for each in self._watched
            if (each.whose, each.command) == (whose, command) and each.disclosure.variables
        ]
        variables = sorted({name for each in found for name in each.disclosure.variables})
        if not variables:
            return []
        where = ", ".join(dict.fromkeys(each.where for each in found))
        told = f"{does} the value of {' and of '.join(variables)}, {matters}"
        return [Finding("printed-secret", told, where, next=advice)]
