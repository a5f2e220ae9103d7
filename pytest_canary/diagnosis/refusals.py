"""What the API server has refused to a release: from its words to findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import cut

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


# As the API server words it, of one kind or another, where a live object is to become another.
_UNCHANGEABLE = re.compile(
    r"field is immutable|may not change once set|spec is immutable after creation|"
    r"updates to \w+ spec for fields other than|cannot change roleRef|less than previous value"
)
# The value itself, which stands before why it is refused; of a patch, that is the whole object.
_VALUE = re.compile(r"(?:Invalid|Unsupported|Duplicate) value: .*: (?=[^:]+$)", re.DOTALL)

# Characters of such a value that are shown; a longer one may hold what nobody should read.
_SHORT = 120

# Characters of the API server's words that a sentence has; the evidence has more.
WORDS = 300


def refused_object(
    named: str,
    title: str,
    reason: str,
    message: str,
    causes: Sequence[tuple[str, str]],
    where: str = "",
) -> Finding:
    """What the API server has against an object that was tried out.

    Args:
        named: the object: "Deployment shop-stable".
        title: the version's that has it.
        reason: the API server's, in one word.
        message: its own words.
        causes: each field that it names, and why.
        where: where the object stands.
    """
    # A diff may follow.
    whys = {field: _VALUE.sub("", why).partition("\n")[0] for field, why in causes if field}
    said = "; ".join(f"{field}: {why}" for field, why in whys.items())
    value = _VALUE.search(message)
    if value and (len(value[0]) > _SHORT or named.startswith("Secret ")):
        message = _VALUE.sub("", message)
    return Finding(
        "ObjectRefused",
        f"the API server does not take {named} of the {title} over what is live: "
        f"{cut(said or message, WORDS)}",
        where=where,
        seen="tried out before anything of it is applied",
        evidence=cut(message, 4 * WORDS),
        next=_way_out(reason, message),
    )


def _way_out(reason: str, message: str) -> str:
    if _UNCHANGEABLE.search(message):
        return (
            "leave the field as the live object has it, give the object another name, or `kubectl "
            "delete` the live one first"
        )
    if reason == "NoMatch":
        return "write the kind and apiVersion that the cluster has, or have its CRD applied before"
    if reason == "Forbidden":
        return "do what is asked for there; or ask who runs the cluster, whose admission refuses it"
    return "put right what is named there"


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
