"""Somebody's cluster that a context names: where it is, and whether it may be production."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pytest_canary.config.options import Options
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.wording import did_you_mean

# What production is called, as a word between separators.
PRODUCTION = {"prod", "production", "live"}


@dataclass(frozen=True)
class Target:
    """The cluster of a context.

    Attributes:
        context: the context's name.
        cluster: what the kubeconfig calls the cluster.
        server: the URL of its API server.
        namespace: the one that is walked in; empty where the run makes its own.
    """

    context: str
    cluster: str
    server: str
    namespace: str = ""

    @property
    def text(self) -> str:
        """Where it is, for whoever has named the wrong one."""
        where = f"namespace {self.namespace}" if self.namespace else "a namespace of its own"
        return f"context {self.context} at {self.server}, in {where}"

    @property
    def alarming(self) -> str:
        """The first of its names that says production; empty where none does."""
        names = (self.context, self.namespace, self.cluster, self.server)
        return next((name for name in names if says_production(name)), "")


def says_production(name: str) -> bool:
    """Whether a name has a word in it that production is called by."""
    return not PRODUCTION.isdisjoint(re.split(r"[\W_]+", name.lower()))


def find_target(options: Options) -> Target:
    """Look up where a context leads, and see that it is meant.

    Args:
        options: name the context, and confirm it.

    Raises:
        SettingsError: there is no such context, or its name says production and it is not
            confirmed.
    """
    context = str(options.context)
    contexts, clusters = _entries(options.kubeconfig)
    if context not in contexts:
        hint = did_you_mean(context, contexts, "see `kubectl config get-contexts`")
        raise SettingsError(f"--canary-context={context}: no kubeconfig has such a context; {hint}")
    cluster = str((contexts[context] or {}).get("cluster") or "")
    server = str((clusters.get(cluster) or {}).get("server") or "")
    if not server:
        raise SettingsError(
            f"--canary-context={context}: the kubeconfig says no server for cluster {cluster!r}"
        )
    target = Target(context, cluster, server, options.namespace or "")
    _expect_confirmed(target, options.confirm)
    return target


def _expect_confirmed(target: Target, confirmed: str | None) -> None:
    alarming = target.alarming
    if alarming and confirmed != alarming:
        raise SettingsError(
            f"--canary-context={target.context}: {alarming} looks like production; if it is meant, "
            f"say --canary-confirm={alarming}"
        )
    if confirmed and confirmed not in (alarming, target.context, target.namespace):
        raise SettingsError(
            f"--canary-confirm={confirmed}: the walk would be in context {target.context}"
        )


def _entries(given: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Contexts and clusters by name; of two of one name the first counts, as for kubectl."""
    contexts: dict[str, Any] = {}
    clusters: dict[str, Any] = {}
    for path in _files(given):
        try:
            document = yaml.safe_load(path.read_text())
        except FileNotFoundError:
            if given:
                raise SettingsError(f"--kubeconfig={given}: there is no such file") from None
            continue
        except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
            first = str(error).splitlines()[0]
            raise SettingsError(f"kubeconfig {path} can't be read: {first}") from error
        for kind, found in (("context", contexts), ("cluster", clusters)):
            for name, entry in _named_entries(document, kind):
                found.setdefault(name, entry)
    return contexts, clusters


def _files(given: str | None) -> list[Path]:
    """The kubeconfigs, as kubectl finds them."""
    if given:
        return [Path(given)]
    named = [each for each in os.environ.get("KUBECONFIG", "").split(os.pathsep) if each]
    return [Path(each) for each in named] or [Path.home() / ".kube" / "config"]


def _named_entries(document: Any, kind: str) -> Iterator[tuple[str, Any]]:
    entries = document.get(f"{kind}s") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get(kind), dict):
            yield str(entry.get("name")), entry[kind]
