"""A machine within this one: a network and a container engine of its own, to be taken away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import docker

# Seconds.
STARTS = 60
STOPS = 60

HOLD = "ip link set lo up && exec sleep infinity"


class Machine:
    """A network that only its own loopback leads into, and an engine that listens in `folder`.

    The machine's own engine has rules for its containers' network that a second one would replace,
    so that one has a network of its own. It takes root.

    Args:
        folder: a fresh one; the engine's images and its log are in it.
        engine: the machine's own, from which images are copied.
    """

    def __init__(self, folder: Path, engine: docker.DockerClient) -> None:
        self.folder = folder
        self.host = f"unix://{folder}/sock"
        self._outer = engine
        self._log = (folder / "log").open("wb")
        self._held = subprocess.Popen(["unshare", "--net", "sh", "-c", HOLD])
        self._dockerd: subprocess.Popen[bytes] | None = None
        # Until then it is in this process's own network.
        while self._network(self._held.pid) == self._network(os.getpid()):
            assert self._held.poll() is None, "a network of its own takes root"
            time.sleep(0.05)

    @staticmethod
    def _network(pid: int) -> Path:
        return Path(f"/proc/{pid}/ns/net").readlink()

    def inside(self, *words: str) -> list[str]:
        """A command as it is run in this network."""
        return ["nsenter", f"--net=/proc/{self._held.pid}/ns/net", *words]

    def start(self) -> docker.DockerClient:
        """Start the engine, and return its client as soon as it answers."""
        info = self._outer.info()
        runtime = str(info["DefaultRuntime"])
        path = info["Runtimes"][runtime].get("path", "")
        given = [f"--add-runtime={runtime}={path}", f"--default-runtime={runtime}"]
        # One that was killed has left it, and the next would take its number for a living one's.
        (self.folder / "pid").unlink(missing_ok=True)
        self._dockerd = subprocess.Popen(
            self.inside(
                "dockerd",
                f"--host={self.host}",
                f"--data-root={self.folder}/data",
                f"--exec-root={self.folder}/exec",
                f"--pidfile={self.folder}/pid",
                *(given if path.startswith("/") else []),
            ),
            stdout=self._log,
            stderr=self._log,
        )
        deadline = time.monotonic() + STARTS
        while True:
            try:
                client = docker.DockerClient(base_url=self.host, version="auto", timeout=600)
                client.ping()
            except docker.errors.DockerException:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.2)
            else:
                return client

    def copy(self, images: Iterable[str]) -> None:
        """Give the engine images of the machine's own."""
        names = [name for name in images if name]
        with subprocess.Popen(["docker", "save", *names], stdout=subprocess.PIPE) as saved:
            load = ["docker", f"--host={self.host}", "load", "--quiet"]
            subprocess.run(load, stdin=saved.stdout, stdout=subprocess.DEVNULL, check=True)
        assert saved.returncode == 0

    def kill(self) -> None:
        """Kill the engine, as a machine that has no memory left does; its containers run on."""
        assert self._dockerd, "it was started"
        self._dockerd.send_signal(signal.SIGKILL)
        self._dockerd.wait()

    def close(self) -> None:
        """Stop the engine with its containers, and remove all that it had."""
        if self._dockerd:
            self._dockerd.terminate()
            try:
                self._dockerd.wait(STOPS)
            except subprocess.TimeoutExpired:
                self._dockerd.kill()
        self._held.kill()
        self._held.wait()
        self._log.close()
        shutil.rmtree(self.folder / "data", ignore_errors=True)
