"""A hunt for secrets in all that a walk shows and leaves, and in every command's arguments."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import docker
from acceptance.projects import inside
from fakes.leaks import HOSTILE, leaks

# Handed over by CI's environment and the template; the database's password is made up.
MARKER = "s3cr3t+marker/of-ci=7"

ENV = '            - name: SMTP_PASSWORD\n              value: "$SMTP_PASSWORD"\n'

TELLS = f"""
import base64, json, os, shlex, sys
from urllib.parse import quote
for name in ("SMTP_PASSWORD", "DB_PASSWORD"):
    secret = os.environ[name]
    for before in ("", "a", "ab"):
        print(base64.b64encode((before + secret + "z").encode()).decode())
    print(secret, quote(secret, safe=""), json.dumps(secret), secret.encode(), shlex.quote(secret))
    print("postgres://app:" + secret + "@db")
print(dict(os.environ))
print({HOSTILE!r})
sys.exit(3)
"""
"""What an app says that tells its environment, in every form, before it exits with 3."""

COMMAND = f"CMD {json.dumps(['python', '-c', TELLS])}"


class Hunt:
    """Looks on while a walk goes, as anybody on the machine could.

    Args:
        engine: has the cluster's node.
        node: the node.

    Attributes:
        secrets: what is hunted; the database's password too, once a walk has made it.
        arguments: of every command that was seen.
    """

    def __init__(self, engine: docker.DockerClient, node: str) -> None:
        self.secrets = {MARKER}
        self.arguments: set[str] = set()
        self._engine = engine
        self._node = node
        self._earlier: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self) -> Hunt:
        self._earlier = self._passwords()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.wait(0.2):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.arguments.add(path.read_text(errors="replace"))
                except OSError:  # it has ended
                    continue
            if len(self.secrets) == 1:
                self.secrets |= self._passwords() - self._earlier

    def _passwords(self) -> set[str]:
        words = ("get", "secrets", "--all-namespaces", "--field-selector=metadata.name=db-params")
        admin = "--kubeconfig=/etc/kubernetes/admin.conf"
        found = json.loads(inside(self._engine, self._node, "kubectl", admin, *words, "-o", "json"))
        return {base64.b64decode(each["data"]["DB_PASSWORD"]).decode() for each in found["items"]}

    def leaks(self, screen: str, *folders: Path) -> list[str]:
        """Where a secret was to be seen, or is; and where something does harm."""
        shown: Mapping[str, str] = {
            "the screen": screen,
            **{
                str(path): path.read_text(errors="replace")
                for folder in folders
                for path in (folder.rglob("*") if folder.is_dir() else [folder])
                if path.is_file()
            },
        }
        # An argument may be a script, which does no harm there.
        seen = [each for each in self.arguments if any(secret in each for secret in self.secrets)]
        return leaks(self.secrets, shown) + seen
