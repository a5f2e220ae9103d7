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

# It has its own network, processes and mounts, so that all of them go with it.
ALONE = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
HOLD = "ip link set lo up && echo it is up && exec sleep infinity"


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
        self._held = subprocess.Popen([*ALONE, "sh", "-c", HOLD], stdout=subprocess.PIPE)
        assert self._held.stdout
        assert self._held.stdout.readline(), "a network of its own takes root"
        children = Path(f"/proc/{self._held.pid}/task/{self._held.pid}/children")
        self._first = int(children.read_text())
        self._dockerd: subprocess.Popen[bytes] | None = None

    def inside(self, *words: str) -> list[str]:
        """A command as it is run in this network."""
        return ["nsenter", f"--target={self._first}", "--net", "--", *words]

    def start(self) -> docker.DockerClient:
        """Start the engine, and return its client as soon as it answers."""
        info = self._outer.info()
        runtime = str(info["DefaultRuntime"])
        path = info["Runtimes"][runtime].get("path", "")
        given = [f"--add-runtime={runtime}={path}", f"--default-runtime={runtime}"]
        # One that was killed has left them, and the next would take them for a living one's.
        for left in ("pid", "exec/containerd/containerd.pid"):
            (self.folder / left).unlink(missing_ok=True)
        self._dockerd = subprocess.Popen(
            [
                *("nsenter", f"--target={self._first}", "--net", "--mount", "--pid", "--"),
                "dockerd",
                f"--host={self.host}",
                f"--data-root={self.folder}/data",
                f"--exec-root={self.folder}/exec",
                f"--pidfile={self.folder}/pid",
                *(given if path.startswith("/") else []),
            ],
            stdout=self._log,
            stderr=self._log,
        )
        deadline = time.monotonic() + STARTS
        look = ["docker", f"--host={self.host}", "info"]
        while subprocess.run(look, capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.2)
        return docker.DockerClient(base_url=self.host, version="auto", timeout=600)

    def copy(self, images: Iterable[str]) -> None:
        """Give the engine images of the machine's own."""
        names = [name for name in images if name]
        with subprocess.Popen(["docker", "save", *names], stdout=subprocess.PIPE) as saved:
            load = ["docker", f"--host={self.host}", "load", "--quiet"]
            subprocess.run(load, stdin=saved.stdout, stdout=subprocess.DEVNULL, check=True)
        assert saved.returncode == 0

    def kill(self) -> None:
        """Kill the engine, as a machine that has no memory left does; its containers run on."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Stop the engine, end all that it had, and remove its images."""
        self._signal(signal.SIGTERM)
        self._held.kill()
        self._held.wait()
        assert self._held.stdout
        self._held.stdout.close()
        self._log.close()
        shutil.rmtree(self.folder / "data")

    def _signal(self, number: signal.Signals) -> None:
        # Of nsenter's child alone, as nsenter hands no signal on.
        assert self._dockerd, "it was started"
        pid = self._dockerd.pid
        child = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in child:
            os.kill(int(each), number)
        self._dockerd.wait(STOPS)
