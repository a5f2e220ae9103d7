"""The run's registry: pushed to by jobs, pulled from by the node, and asked what it has."""

from __future__ import annotations

import json
import os
import secrets
import shlex
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from pytest_canary.cluster.container_engine import NETWORK, ContainerEngine, Image
from pytest_canary.cluster.node_registries import OTHERS, hosts_file, tell_of_registry
from pytest_canary.cluster.run import Run
from pytest_canary.core.errors import CommandError, FoundError, ImageError
from pytest_canary.core.findings import Finding
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.k8s.image_names import full_name
from pytest_canary.k8s.objects import Object
from pytest_canary.registry import findings, places
from pytest_canary.registry.attempts import Attempt, pushed_digests, read_attempts
from pytest_canary.registry.client import Client, Login, RegistryAnswer
from pytest_canary.registry.pull_secret import login_secret
from pytest_canary.registry.serving import Served, join, serve

# Users whose passwords the clouds' tools make up; they get that of the run's own login.
CLOUDS = ("AWS",)

# What stands in the file by which a stand-in tells the node of a host.
_PLACE = "@PLACE@"


class Registry:
    """A registry that belongs to a run, and serves.

    The images of all hosts lie in it under their whole names: what a pipeline calls
    docker.io/team/shop is pulled by that name, from here.

    Args:
        run: whose it is.
        engine: the container engine.
        processes: the run's commands, which hold its lock.
        waiter: waits for it.
        served: where it listens.
        login: the run's own, which may push and pull.
        hosts: whose images the node is going to look for here from the beginning.
        timeout: seconds for a push.

    Attributes:
        login: see above.
        hosts: see above.
        client: asks it.
    """

    def __init__(
        self,
        run: Run,
        engine: ContainerEngine,
        processes: Processes,
        waiter: Waiter,
        served: Served,
        login: Login,
        hosts: Sequence[str],
        timeout: float,
    ) -> None:
        self._run, self._engine, self._processes, self._waiter = run, engine, processes, waiter
        self._served = served
        self.login, self.hosts = login, tuple(hosts)
        self.client = Client(served.port, served.certificate, login)
        self._timeout = timeout
        self._folder = run.folder / "registry"
        self._node = self._address = ""
        self._published: dict[str, str] = {}

    @classmethod
    def start(
        cls,
        run: Run,
        engine: ContainerEngine,
        processes: Processes,
        waiter: Waiter,
        *,
        image: str,
        logins: Iterable[Login] = (),
        hosts: Sequence[str] = ("docker.io",),
        timeout: float = 900,
    ) -> Registry:
        """Start one, and return when it answers; before there is a cluster, as jobs build first.

        Args:
            run: the run, whose cleanup removes it.
            engine: the container engine.
            processes: those of the run that hold its lock; their redactor learns the password.
            waiter: waits for it.
            image: of a registry, such as "registry:2".
            logins: who may push and pull, beside the run itself; a name or password may be empty,
                and then it lets nobody in.
            hosts: see the class.
            timeout: seconds for pulling the image, and for each push.

        Raises:
            ImageError: the image can't be had, or no container of it made.
            ClusterError: it does not serve.
            WaitTimeoutError: it does not answer.
        """
        login = Login(f"canary-{run.id}", secrets.token_hex(16))
        processes.redactor.add(login.password, login.basic)
        known = [login, *(Login(user, login.password) for user in CLOUDS), *logins]
        served = serve(
            run,
            engine,
            processes,
            waiter,
            image=image,
            logins=[each for each in known if each.user and each.password],
            timeout=timeout,
        )
        made = cls(run, engine, processes, waiter, served, login, hosts, timeout)
        made._prepare()
        return made

    # What the cluster gets.

    def tell(self, node: str) -> None:
        """Let a node pull from here, whatever host an image's name has; and from nowhere else.

        Once for each node, as soon as it is there.

        Raises:
            ClusterError: it can't be told.
        """
        self._address = join(self._engine, self._processes, self._waiter, self._served, NETWORK)
        self._node = node
        # What is pushed from now on, the stand-in tells the node of.
        self._write_settings()
        hosts = {*self.hosts, *(places.host_of(name) for name in self._pushed_digests())}
        own = {host: self._place(host) for host in sorted(hosts)}
        self._tell({OTHERS: f"{self._part}/nowhere", **own})

    def pull_secret(self, name: str) -> Object:
        """A Secret with the run's own login, for imagePullSecrets."""
        return login_secret(name, self.hosts, self.login)

    # What a pipeline's jobs get.

    def offer(self, programs: Path) -> None:
        """Let docker's stand-in log in here, push and pull.

        Args:
            programs: the folder that `install_programs` has filled.
        """
        (programs / "registry").symlink_to(self._folder)
        program = programs / "programs" / "canary-registry"
        stand_in = files("pytest_canary.registry") / "stand_ins" / "canary-registry"
        program.write_text(stand_in.read_text())
        program.chmod(0o755)

    def attempts(self) -> list[Attempt]:
        """What jobs have tried so far, in the order of their ends; secrets masked."""
        redact = self._processes.redactor.redact
        return [
            Attempt(each.what, each.name, each.code, redact(each.said))
            for each in read_attempts(self._folder / "attempts")
        ]

    def findings(self) -> list[Finding]:
        """Why logins, pushes and pulls of jobs have failed; and which tags have moved since."""
        attempts = self.attempts()
        failed = [findings.of_attempt(each) for each in attempts]
        moved = [
            findings.of_tag(name, digest, self._look(name).digest)
            for name, digest in pushed_digests(attempts).items()
        ]
        return list(dict.fromkeys(each for each in (*failed, *moved) if each))

    # What is in it.

    def publish(self, image: Image, name: str) -> str:
        """Push an image of the engine's under a name, as one that is live has been.

        Args:
            image: by its ID.
            name: what it is called: "team/shop:1".

        Returns:
            Its digest.

        Raises:
            ImageError: it can't be pushed.
            FoundError: it is not there afterwards.
        """
        host = places.host_of(name)
        place = places.place(self._part, name)
        there = f"127.0.0.1:{self._served.port}/{place}:{places.reference(name)}"
        self._engine.tag(Image(image.id, there))
        try:
            # By its own configuration, no login of the user's is used or changed.
            config = str(self._folder / "config")
            argv = ["docker", "--config", config, "push", "--quiet", there]
            environment = {**os.environ, "DOCKER_HOST": self._engine.endpoint}
            self._processes.run(argv, timeout=self._timeout, env=environment)
        except CommandError as error:
            raise ImageError(
                f"{name} can't be pushed to the run's registry: {error.sentence}", error.evidence
            ) from error
        (self._folder / "pushed" / place.partition("/")[2]).mkdir(parents=True, exist_ok=True)
        if self._node and host not in self.hosts:
            self._tell({host: self._place(host)})
        digest = self.digest(name)
        self._published[full_name(name)] = digest
        return digest

    def digest(self, name: str) -> str:
        """The digest of an image that is here, all of it.

        Raises:
            FoundError: it isn't, or it can't be told.
        """
        answer = self._look(name)
        tags = None
        if answer.status == HTTPStatus.NOT_FOUND:
            tags = self.client.tags(places.place(self._part, name))
        found = findings.of_answer(name, answer, tags, self._pushed_digests())
        if found is None:
            found = findings.of_parts(name, list(self._missing_parts(name)))
        if found:
            raise FoundError([found])
        return answer.digest

    def find_moved(self, pods: Iterable[Object]) -> list[Finding]:
        """Which pods run something else than what was pushed under their image's name."""
        return findings.of_pods(self._pushed_digests(), pods)

    @property
    def _part(self) -> str:
        return self._run.record.registry_part

    def _place(self, host: str) -> str:
        return f"{self._part}/{places.host_part(host)}"

    def _pushed_digests(self) -> dict[str, str]:
        return self._published | pushed_digests(self.attempts())

    def _look(self, name: str) -> RegistryAnswer:
        return self.client.look(places.place(self._part, name), places.reference(name))

    def _missing_parts(self, name: str) -> Iterable[str]:
        return self.client.missing_parts(places.place(self._part, name), places.reference(name))

    def _tell(self, known: dict[str, str]) -> None:
        served = self._served
        tell_of_registry(
            self._processes,
            self._node,
            served.certificate,
            served.server,
            self._address,
            self._part,
            known,
        )

    def _prepare(self) -> None:
        """The folder that the stand-in works with; the run's alone can read it."""
        address = f"127.0.0.1:{self._served.port}"
        for name in ("attempts", "pushed", "config"):
            (self._folder / name).mkdir(parents=True, mode=0o700)
        config = {"auths": {address: {"auth": self.login.basic}}}
        (self._folder / "config" / "config.json").write_text(json.dumps(config))
        (self._folder / "password").write_text(f"{self.login.password}\n")
        hosts = hosts_file(self._served.server, self._part, _PLACE)
        (self._folder / "hosts.toml").write_text(hosts)
        self._write_settings()

    def _write_settings(self) -> None:
        known = {
            "address": f"127.0.0.1:{self._served.port}",
            "part": self._part,
            "node": self._node,
        }
        text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in known.items())
        (self._folder / "settings.bash").write_text(text)
