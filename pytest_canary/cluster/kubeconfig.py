"""The kubeconfigs of a run's own: one context of another file, set to the run's namespace."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml

from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes


def write_kubeconfig(
    path: Path,
    *,
    source: str | None,
    context: str | None,
    namespace: str,
    kubectl: Path,
    processes: Processes,
) -> None:
    """Write a kubeconfig that only this user can read.

    Args:
        path: where to.
        source: the file that has the context; None for the user's own.
        context: the context to take over.
        namespace: which namespace it is to name.
        kubectl: the program that reads the source.
        processes: run it.

    Raises:
        ClusterError: the context can't be used.
    """
    argv: list[str | Path] = [
        kubectl,
        "config",
        "view",
        "--raw",
        "--minify",
        "--flatten",
        f"--context={context}",
    ]
    argv += [f"--kubeconfig={source}"] if source else []
    try:
        document = yaml.safe_load(processes.read(argv, timeout=60))
    except CommandError as error:
        raise ClusterError(
            f"context {context} can't be used: {error.sentence}", error.evidence
        ) from error
    for kind in ("cluster", "user"):
        for entry in document.get(f"{kind}s") or []:
            _take_out_keys(entry.get(kind) or {}, path)
    document["contexts"][0]["context"]["namespace"] = namespace
    document["current-context"] = document["contexts"][0]["name"]
    _write(path, yaml.safe_dump(document).encode())


def write_account_kubeconfig(path: Path, *, source: Path, account: str, token: str) -> None:
    """Write a kubeconfig with an account's token in the place of the user's own credentials.

    Args:
        path: where to.
        source: the run's own, with one context.
        account: what the account is called.
        token: opens the API server for it.
    """
    document = yaml.safe_load(source.read_text())
    document["contexts"][0]["context"]["user"] = account
    document["users"] = [{"name": account, "user": {"token": token}}]
    _write(path, yaml.safe_dump(document).encode())


def _take_out_keys(entry: dict[str, Any], path: Path) -> None:
    """Put certificates and keys into files beside the kubeconfig, which are removed with it.

    Whoever reads them out of a kubeconfig writes them into temporary files, which stay where the
    process is killed: OpenSSL takes them from files alone.
    """
    for key in ("certificate-authority", "client-certificate", "client-key"):
        content = entry.pop(f"{key}-data", None)
        if content:
            file = path.with_name(f"{path.name}.{key}")
            _write(file, base64.b64decode(content))
            entry[key] = str(file.absolute())


def _write(path: Path, content: bytes) -> None:
    """Write a file that only this user can read, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(path)
