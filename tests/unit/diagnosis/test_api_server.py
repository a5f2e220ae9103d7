"""What kubectl says where the API server went away under it."""

import pytest

from pytest_canary.diagnosis.api_server import lost_api_server

URL = "https://127.0.0.1:41537"


@pytest.mark.parametrize(
    "line",
    [
        "The connection to the server 127.0.0.1:41537 was refused - did you specify the right "
        "host or port?",
        f"Unable to connect to the server: dial tcp {URL}: connect: no route to host",
        f'error: Get "{URL}/apis/apps/v1/x": read tcp 127.0.0.1:1->127.0.0.1:2: read: connection '
        "reset by peer",
        f'Get "{URL}/api?timeout=32s": dial tcp 127.0.0.1:41537: connect: connection refused',
        f'error: Get "{URL}/api": net/http: TLS handshake timeout',
        f'error: Get "{URL}/api": EOF',
        "Error from server: etcdserver: request timed out",
    ],
)
def test_an_api_server_that_went_away_is_told_with_kubectls_own_line(line: str) -> None:
    found = lost_api_server(f"deployment.apps/x configured\n{line}\napply.sh: x was not rolled out")
    assert found
    assert (found.code, found.seen) == ("ApiServerLost", line)
    assert found.sentence == (
        "the API server did not answer kubectl, so the release stopped half-way"
    )


@pytest.mark.parametrize(
    "line",
    [
        "error: timed out waiting for the condition",
        'error: deployment "x" exceeded its progress deadline',
        'Error from server (NotFound): deployments.apps "x" not found',
        "psql: connection to server at db failed: Connection refused",
    ],
)
def test_other_failures_are_not_the_api_servers(line: str) -> None:
    assert lost_api_server(line) is None
