"""What is wrong between a pipeline, its registry and the pods; pure, by what each has said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import cut, did_you_mean, last_line, plural
from pytest_canary.k8s.image_names import full_name, repository, tag
from pytest_canary.k8s.objects import Object, containers
from pytest_canary.registry.attempts import Attempt
from pytest_canary.registry.client import RegistryAnswer

# Letters of a digest that tell it from others, and tags that are named.
_SHORT, _FEW = len("sha256:") + 12, 5

_UNREACHABLE = re.compile(
    r"connection refused|connection reset|no such host|no route to host|network is unreachable|"
    r"i/o timeout|deadline exceeded|TLS handshake timeout|\bEOF\b",
    re.IGNORECASE,
)
_NO_LOGIN = re.compile(r"no basic auth credentials", re.IGNORECASE)
_REFUSED = re.compile(
    r"\b40[13]\b|unauthorized|authentication required|access .*denied|\bdenied\b|"
    r"incorrect username or password|must(?: both)? be (?:provided|set)|password required",
    re.IGNORECASE,
)
_MISSING = re.compile(r"name unknown|manifest unknown|not found|does not exist", re.IGNORECASE)

_NO_REPOSITORY = "NAME_UNKNOWN"
_DOING = {"login": "login to", "push": "push of", "pull": "pull of"}


def of_attempt(attempt: Attempt) -> Finding | None:
    """Why a job's login, push or pull has failed; nothing where it has not.

    A pull of what is not there is none: the first build has no image yet to begin with.
    """
    if attempt.code == 0:
        return None
    what, said = attempt.name, attempt.said
    where = f"docker {attempt.what}"
    doing = f"the {_DOING[attempt.what]} {what}"
    last = last_line(said) or "nothing"
    seen = f"docker ended with code {attempt.code}"
    if _UNREACHABLE.search(said):
        return _unreachable(f"{doing} failed", where, seen, said)
    if attempt.what == "login":
        return Finding(
            "RegistryLoginRefused",
            f"{doing} is refused: user and password are not those of the registry",
            where,
            seen,
            said,
            "a variable that the secret does not give under that name is empty",
            "see that the command's variables are those of the secret, and that the secret is the "
            "block's",
        )
    if _NO_LOGIN.search(said):
        host = what.partition("/")[0]
        return Finding(
            "RegistryLoginMissing",
            f"{doing} is refused: the job has not logged in to {host}",
            where,
            seen,
            said,
            f"`docker login` without a host logs in to docker.io, and not to {host}"
            if host != "docker.io"
            else "",
            f"log in to {host} in the same job, as each has a home of its own",
        )
    if _REFUSED.search(said):
        return Finding(
            "RegistryLoginRefused",
            f"{doing} is refused: this login may not",
            where,
            seen,
            said,
            next="see that the login is one that may push there",
        )
    if _MISSING.search(said):
        if attempt.what == "pull":
            return None
        return Finding(
            "RepositoryMissing",
            f"{doing} failed: the registry has no such repository, and makes none",
            where,
            seen,
            said,
            next=f"make repository {repository(what)} once, or see that the name is right",
        )
    advice = "see what docker and the registry say of it"
    return Finding(
        f"{attempt.what.title()}Failed",
        f"{doing} failed: {cut(last, 200)}",
        where,
        seen,
        said,
        next=advice,
    )


def of_answer(
    image: str,
    answer: RegistryAnswer,
    tags: RegistryAnswer | None = None,
    pushed: Iterable[str] = (),
) -> Finding | None:
    """Why an image can't be had of the registry; nothing where it can.

    Args:
        image: what it is called.
        answer: to the question for its manifest.
        tags: to that for its repository's tags, where the manifest is not there.
        pushed: what has been pushed, for names that were mistaken.
    """
    name, where = full_name(image), f"registry {full_name(image).partition('/')[0]}"
    seen = f"HTTP status {answer.status}"
    if answer.failure:
        return _unreachable(f"{name} can't be looked for", where, "", answer.failure)
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Finding(
            "RegistryLoginRefused",
            f"{name} can't be looked for: the registry refuses the login",
            where,
            seen,
            next="see that user and password are those of the registry",
        )
    if answer.status == HTTPStatus.OK:
        return None
    if answer.status != HTTPStatus.NOT_FOUND:
        return _unreachable(f"{name} can't be looked for", where, seen, " ".join(answer.codes))
    if tags is None or _NO_REPOSITORY in tags.codes:
        return Finding(
            "RepositoryMissing",
            f"there is no {name}: the registry has no repository {repository(name)}",
            where,
            seen,
            likely=did_you_mean(repository(name), sorted({repository(each) for each in pushed})),
            next="see that the name is that under which the pipeline pushes",
        )
    known = [str(each) for each in tags.content.get("tags") or ()]
    has = f"has {_list_few(known)}" if known else "has no tag any more"
    return Finding(
        "ImageGone",
        f"there is no {name} any more: its repository {has}",
        where,
        seen,
        likely="it was deleted, by hand or by a rule of the registry's that keeps few",
        next="push it again, and let the registry keep what is live and what is rolled back to",
    )


def of_parts(image: str, missing: Sequence[str]) -> Finding | None:
    """Why an image whose manifest is there can't be pulled all the same; nothing where it can.

    Args:
        image: what it is called.
        missing: the digests of its parts that are not there.
    """
    if not missing:
        return None
    name = full_name(image)
    return Finding(
        "ImageGone",
        f"{name} is there by name alone: {plural(len(missing), 'part')} of it "
        f"{'is' if len(missing) == 1 else 'are'} not",
        f"registry {name.partition('/')[0]}",
        evidence="\n".join(missing),
        next="push it again; a node that has it goes on, and one that has not can't pull it",
    )


def of_tag(image: str, pushed: str, found: str) -> Finding | None:
    """A tag that has moved since it was pushed; nothing where it has not.

    Args:
        image: what it is called, by a tag.
        pushed: the digest that was pushed.
        found: the one that the registry has now.
    """
    if not pushed or not found or pushed == found:
        return None
    name = full_name(image)
    return Finding(
        "TagMoved",
        f"tag {tag(name)} of {repository(name)} has moved: {pushed[:_SHORT]} was pushed, and it is "
        f"{found[:_SHORT]} now",
        f"registry {name.partition('/')[0]}",
        f"pushed {pushed}, now {found}",
        likely="somebody else has pushed the same tag meanwhile",
        next="give each build a tag of its own, as $SEMAPHORE_WORKFLOW_ID is, or deploy by digest",
    )


def of_pods(pushed: Mapping[str, str], pods: Iterable[Object]) -> list[Finding]:
    """Pods that run other contents than what was pushed under their image's name.

    A container whose image no registry has given to the node is left out.

    Args:
        pushed: digests, by full names of images.
        pods: as the API has them.
    """
    found = [each for pod in pods for each in _of_pod(pushed, pod)]
    return list(dict.fromkeys(found))


def _of_pod(pushed: Mapping[str, str], pod: Object) -> Iterator[Finding]:
    for container in containers(pod):
        name = full_name(str(container.spec["image"]))
        runs = str(container.status.get("imageID", "")).partition("@")[2]
        wanted = pushed.get(name, "")
        if wanted and runs and wanted != runs:
            yield Finding(
                "TagMoved",
                f"{container.where} runs another {name} than was pushed: {wanted[:_SHORT]} was "
                f"pushed, and it runs {runs[:_SHORT]}",
                container.where,
                f"pushed {wanted}, runs {runs}",
                likely="the tag has moved between push and pull, or the node had it from before",
                next="give each build a tag of its own, as $SEMAPHORE_WORKFLOW_ID is, or deploy by "
                "digest",
            )


def _unreachable(what: str, where: str, seen: str, evidence: str) -> Finding:
    return Finding(
        "RegistryUnreachable",
        f"{what}: the registry does not answer",
        where,
        seen,
        evidence,
        next="see that the registry runs, and that its name is right",
    )


def _list_few(tags: list[str]) -> str:
    more = f" and {len(tags) - _FEW} more" if len(tags) > _FEW else ""
    return f"{', '.join(sorted(tags)[:_FEW])}{more}"
