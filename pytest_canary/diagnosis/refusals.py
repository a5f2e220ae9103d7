"""What the API server has refused to the release's account: from kubectl's words to findings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.core.findings import Finding

# As the API server words it; whoever passes it on puts something before it.
_FORBIDDEN = re.compile(
    r'(?:(?P<object>\S+ "[^"]+") is forbidden: )?'
    r'User "system:serviceaccount:[^"]+" cannot (?P<verb>\S+) '
    r'resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"|(?P<cluster> at the cluster scope))'
)
# As kubectl words it, where it was told a namespace and the manifest names another.
_MISMATCH = re.compile(
    r'the namespace from the provided object "(?P<namespace>[^"]+)" does not match the namespace'
)


def refusals(output: str, own: str) -> list[Finding]:
    """What a command of the release was refused.

    Args:
        output: all that it wrote.
        own: the run's namespace.

    Returns:
        The findings, each once; none where nothing was refused.
    """
    found = {each.sentence: each for line in output.splitlines() for each in _of(line, own)}
    return list(found.values())


def _of(line: str, own: str) -> Iterator[Finding]:
    mismatch = _MISMATCH.search(line)
    if mismatch:
        yield _elsewhere("an object", mismatch["namespace"], line)
    for match in _FORBIDDEN.finditer(line):
        group = f".{match['group']}" if match["group"] else ""
        kind = f"{match['resource']}{group}"
        what = (match["object"] or kind).replace('"', "")
        # A namespace is asked for in itself, and belongs to the cluster all the same.
        if match["cluster"] or match["resource"] == "namespaces":
            yield Finding(
                "ClusterScoped",
                f"the release may not {match['verb']} {what}, which belongs to the whole cluster",
                evidence=line.strip(),
                next="put it into a file of its own, for whoever runs the cluster to apply once; "
                "a release reaches its own namespace only",
            )
        elif match["namespace"] != own:
            yield _elsewhere(what, match["namespace"], line)
        else:
            yield Finding(
                "NotAllowed",
                f"the release may not {match['verb']} {what}, as you may not in namespace {own}",
                evidence=line.strip(),
                next=f"ask who runs the cluster for the right to {match['verb']} {kind} there",
            )


def _elsewhere(what: str, namespace: str, line: str) -> Finding:
    return Finding(
        "OtherNamespace",
        f"the release names {what} in namespace {namespace}, where nothing is rehearsed, and the "
        "API server has refused it",
        evidence=line.strip(),
        next="leave metadata.namespace and kubectl's --namespace out; kubectl's context says which "
        "it is",
    )
