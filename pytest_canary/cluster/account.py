"""The account that the release's transitions run as: it reaches one namespace, and nothing else.

A template may name another namespace, and `apply.sh` may do anything; the API server refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pytest_canary.cluster.kubeconfig import write_account_kubeconfig
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.rights import CONFINING, MAKING, MIGRATING, RELEASE

ACCOUNT = "pytest-canary"
ACCOUNT_KUBECONFIG = "kubeconfig.account"

# Seconds that are asked for at least: somebody may look at a run that was kept. The token ends
# with its account, which is deleted with the run.
DAY = 86_400


def manifests(rules: Iterable[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """The account, and the Role that lets it do what its user may in the namespace.

    Args:
        rules: the user's own; what every release needs is added.
    """
    rbac = "rbac.authorization.k8s.io"
    role = [right.rule for right in RELEASE]
    role += [rule for rule in rules if rule not in role]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT}},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "Role",
            "metadata": {"name": ACCOUNT},
            "rules": role,
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": ACCOUNT},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT}],
        },
    ]


def let_see_nodes(owner: NamespaceApi, kubectl: Path, processes: Processes) -> None:
    """Let the account read the cluster's nodes, as pipelines do before they deploy.

    Args:
        owner: the namespace, as the one sees it who has the cluster; what is made goes with it.
        kubectl: the program.
        processes: run it.

    Raises:
        CommandError: the API server refuses.
    """
    name, rbac = owner.name, "rbac.authorization.k8s.io"
    found = json.loads(
        processes.read(
            [kubectl, f"--kubeconfig={owner.kubeconfig}", "get", "namespace", name, "-o", "json"],
            timeout=60,
        )
    )
    own = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "name": name,
        "uid": found["metadata"]["uid"],
    }
    metadata = {"name": f"{ACCOUNT}-{name}", "ownerReferences": [own]}
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}]
    objects = [
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": metadata["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": name}],
        },
    ]
    text = "\n---\n".join(json.dumps(each) for each in objects)
    processes.run(
        [kubectl, f"--kubeconfig={owner.kubeconfig}", "create", "-f", "-"],
        timeout=60,
        stdin=[text.encode()],
    )


def expect_rights(owner: Namespace, *, makes_namespace: bool, runs_jobs: bool = False) -> None:
    """See beforehand that a user may do everything that a walk takes.

    Args:
        owner: the namespace as the user sees it; it may not be there yet.
        makes_namespace: whether it is to be made.
        runs_jobs: whether a Job migrates.

    Raises:
        ClusterError: with every right that lacks.
    """
    lacking = owner.access.missing_rights(MAKING, everywhere=True) if makes_namespace else []
    lacking += owner.access.missing_rights(
        [*CONFINING, *RELEASE, *(MIGRATING if runs_jobs else ())]
    )
    if lacking:
        first, more = ", ".join(lacking[:3]), len(lacking) - 3
        role = "the ClusterRole" if makes_namespace else "the Role"
        file = "cluster" if makes_namespace else "namespace"
        raise ClusterError(
            f"you may not {first}{f' and {more} more' if more > 0 else ''} in namespace "
            f"{owner.name}, which the walk needs; ask who runs the cluster for {role} in "
            f"pytest-canary's docs/rights/{file}.yml",
            "\n".join(lacking),
        )


def confine(
    owner: Namespace, folder: Path, *, seconds: int, waiter: Waiter, redactor: Redactor
) -> Namespace:
    """Make the account in a namespace.

    Args:
        owner: the namespace, as the one sees it who has it.
        folder: where the account's kubeconfig goes.
        seconds: that the walk may take.
        waiter: waits until the API server knows what the account may.
        redactor: learns the token.

    Returns:
        The namespace as the account sees it; the cluster around it, as its owner does.

    Raises:
        ClusterError: the account can't be made, or its token would end before the walk.
    """
    owner.add(*manifests(owner.access.own_rules()))
    token = owner.access.token(ACCOUNT, max(seconds, DAY))
    redactor.add(token.text)
    if token.seconds < seconds:
        raise ClusterError(
            f"the API server gives ServiceAccount {ACCOUNT} a token for {token.seconds:.0f} s, and "
            f"the walk may take {seconds} s; shorten the [deadlines]"
        )
    path = folder / ACCOUNT_KUBECONFIG
    write_account_kubeconfig(path, source=owner.kubeconfig, account=ACCOUNT, token=token.text)
    namespace = Namespace(
        path, owner.name, redactor=redactor, around=owner.cluster, labels=owner.labels
    )

    def look() -> Seen[None]:
        lacking = namespace.access.missing_rights(RELEASE[-1:])
        return Seen(f"it may not {', '.join(lacking)} yet", not lacking, None)

    waiter.until(f"the API server to know what ServiceAccount {ACCOUNT} may", look, timeout=30)
    return namespace
