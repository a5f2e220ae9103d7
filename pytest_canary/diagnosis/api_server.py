"""What a command says when the API server went away under it: from kubectl's words to a finding."""

from __future__ import annotations

import re

from pytest_canary.core.findings import Finding

# As Go's net/http, its HTTP/2 and kubectl word it.
_GONE = re.compile(
    r"Unable to connect to the server|The connection to the server \S+ was refused"
    r"|connection reset by peer|connect: connection refused|TLS handshake timeout|i/o timeout"
    r"|http2: client connection lost|the server is currently unable to handle the request"
    r"|(?:etcdserver: .*timed out|etcdserver: leader changed)|: unexpected EOF$|: EOF$"
)


def lost_api_server(output: str) -> Finding | None:
    """What a command of the release that has failed says of the API server.

    Args:
        output: all that it wrote.

    Returns:
        The finding; None where it says nothing of the kind.
    """
    for line in output.splitlines():
        if _GONE.search(line):
            return Finding(
                "ApiServerLost",
                "the API server did not answer kubectl, so the release stopped half-way",
                seen=line.strip(),
                likely="it was restarting, or the way to it broke",
                next="kubectl get --raw /readyz, and walk again once that says ok",
            )
    return None
