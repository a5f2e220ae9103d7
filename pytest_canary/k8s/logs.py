"""A container's log: its last lines within a bound in bytes, without secrets."""

from __future__ import annotations

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.output import LIMIT
from pytest_canary.core.wording import size
from pytest_canary.k8s.connection import Connection
from pytest_canary.k8s.paths import path_of


def read_log(
    connection: Connection,
    namespace: str,
    pod: str,
    container: str | None,
    lines: int,
    *,
    previous: bool,
    timestamps: bool,
    disclosure: Disclosure | None = None,
) -> str:
    """The last lines of a container's log, or of the container before it restarted, masked.

    Of lines that are very long, fewer: the last ones tell why a container ended. Each after
    when it was written, where that is asked for.

    Args:
        connection: to the cluster.
        namespace: the pod's.
        pod: its name.
        container: one of its containers; None for the only one.
        lines: how many.
        previous: whether the container is the one before it restarted.
        timestamps: whether each line begins with when it was written.
        disclosure: looks for secrets in them.

    Raises:
        ClusterError: there is no such pod, or it has no log yet.
    """
    redactor = connection.redactor
    for count in (lines, max(lines // 10, 1), 1):
        content = _read(
            connection,
            namespace,
            pod,
            container,
            count,
            previous=previous,
            timestamps=timestamps,
        )
        if len(content) < LIMIT:
            break
    if disclosure:
        disclosure.of_pipe()(content)
    text: str = content.decode(errors="replace")
    if len(content) >= LIMIT:
        # What follows may have been the rest of a secret.
        text = f"{text[: redactor.settled_length(text)]}\n… the rest of the line left out …\n"
    if count < lines:
        text = f"… lines before the last {count} left out: {size(LIMIT)} and more …\n{text}"
    return redactor.redact(text)


def _read(
    connection: Connection,
    namespace: str,
    pod: str,
    container: str | None,
    lines: int,
    **asked: bool,
) -> bytes:
    """The first bytes of a log's last lines."""
    query: dict[str, str | int] = {"container": container} if container else {}
    query |= {name: "true" for name, wanted in asked.items() if wanted}
    content = connection.ask(
        f"read the log of pod {pod}",
        namespace,
        path_of("Pod", pod, "log", namespace=namespace),
        query=query | {"tailLines": lines, "limitBytes": LIMIT},
        limit=LIMIT,
    )
    return content or b""
