"""Starts the run's registry: a container with a certificate and logins of its own."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_canary.cluster.container_engine import ContainerEngine, Server
from pytest_canary.cluster.run import Run, registry_label
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.registry.certificate import make_certificate
from pytest_canary.registry.client import Client, Login

PORT = 5000

# Rounds of a hash, as their binary logarithm; the least that there is, as each password is random
# and one run's.
COST = 4

# Seconds until it answers, and for what it has logged.
SERVING, TELLING = 60.0, 20.0

# What is in it, and where.
_FOLDER = "/etc/pytest-canary"


@dataclass(frozen=True)
class Served:
    """A registry that serves.

    Attributes:
        container: its name.
        server: its host and port, as nodes are to call them.
        port: the one of this machine's loopback that leads to it.
        certificate: PEM.
    """

    container: str
    server: str
    port: int
    certificate: str = field(repr=False)


def serve(
    run: Run,
    engine: ContainerEngine,
    processes: Processes,
    waiter: Waiter,
    *,
    image: str,
    logins: Sequence[Login],
    timeout: float,
) -> Served:
    """Start a registry that belongs to a run, and return when it answers.

    Args:
        run: whose it is; its record knows of it before there is anything.
        engine: the container engine.
        processes: run openssl and docker.
        waiter: waits for it.
        image: of a registry, "registry:2"; pulled where the engine has none.
        logins: who may push and pull.
        timeout: seconds for the pull.

    Raises:
        ImageError: there is no such image, or the engine makes no container of it.
        ClusterError: it ends, or there is no certificate.
        WaitTimeoutError: it does not answer.
    """
    engine.pull(image, timeout)
    name = f"canary-{run.id}-registry"
    # kind has its nodes ask no proxy for what is called so.
    host = f"{name}.svc"
    made = make_certificate(processes, [host])
    import bcrypt

    def hash_password(password: str) -> str:
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(COST)).decode()

    lines = [f"{each.user}:{hash_password(each.password)}\n" for each in logins]
    # A port that the engine chooses is another one as soon as the container is in another network.
    port = _free_port()
    run.note(registry=True)
    engine.serve(
        Server(
            name,
            image,
            registry_label(run.id),
            PORT,
            port,
            {
                "REGISTRY_HTTP_ADDR": f":{PORT}",
                "REGISTRY_HTTP_TLS_CERTIFICATE": f"{_FOLDER}/tls.crt",
                "REGISTRY_HTTP_TLS_KEY": f"{_FOLDER}/tls.key",
                "REGISTRY_AUTH": "htpasswd",
                "REGISTRY_AUTH_HTPASSWD_REALM": "pytest-canary",
                "REGISTRY_AUTH_HTPASSWD_PATH": f"{_FOLDER}/htpasswd",
                "REGISTRY_STORAGE_DELETE_ENABLED": "true",
            },
            {
                f"{_FOLDER}/tls.crt": made.certificate,
                f"{_FOLDER}/tls.key": made.key,
                f"{_FOLDER}/htpasswd": "".join(lines),
            },
        )
    )
    served = Served(name, f"{host}:{PORT}", port, made.certificate)
    _await(engine, processes, waiter, served)
    return served


def _await(
    engine: ContainerEngine,
    processes: Processes,
    waiter: Waiter,
    served: Served,
) -> None:
    def look() -> Seen[None]:
        try:
            engine.start_time(served.container)
        except CommandError as error:
            said: list[str] = []
            argv = ["docker", "logs", "--tail=20", served.container]
            processes.run(argv, timeout=TELLING, heard=said.append)
            raise ClusterError(
                f"the run's registry does not serve: {error.sentence}; see that the setting "
                "registry.image names a registry",
                "\n".join(said),
            ) from error
        answer = Client(served.port, served.certificate).ping()
        return Seen(answer.failure or f"status {answer.status}", answer.status > 0, None)

    waiter.until("the run's registry to answer", look, timeout=SERVING)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def join(
    engine: ContainerEngine, processes: Processes, waiter: Waiter, served: Served, network: str
) -> str:
    """Let a registry into a network of the engine's, once, and return its address there.

    Raises:
        CommandError: it can't be let in.
        WaitTimeoutError: it does not answer any more.
    """
    argv = ["docker", "network", "connect", network, served.container]
    processes.run(argv, timeout=TELLING)
    _await(engine, processes, waiter, served)
    wanted = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
    argv = ["docker", "container", "inspect", f"--format={wanted}", served.container]
    return processes.read(argv, timeout=TELLING).strip()
