"""A program in kubectl's place that keeps a cluster's objects in a file, and what it was asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PROGRAM = """#!{python}
import json, sys
from pathlib import Path
folder = Path(__file__).parent
state = json.loads((folder / "kubectl.json").read_text())
words = [each for each in sys.argv[1:] if not each.startswith("--kubeconfig=")]
with (folder / "asked").open("a") as file:
    print(*words, file=file)

def typed(body):
    group, slash, version = body["apiVersion"].partition("/")
    kind = body["kind"] + (f".{{version}}.{{group}}" if slash else "")
    return kind + "/" + body["metadata"]["name"]

def ended():
    (folder / "kubectl.json").write_text(json.dumps(state))
    sys.exit()

if words[:2] == ["get", "--raw"]:
    resources = [{{"name": "lanes"}}] if state["serves"] else []
    print(json.dumps({{"resources": resources}}))
    ended()
if words[0] == "get":
    found = state["objects"].get(words[1])
    if found:
        status = "True" if state["establishes"] else "False"
        conditions = [{{"type": "Established", "status": status}}]
        if state["conflict"]:
            named = {{"type": "NamesAccepted", "status": "False", "message": state["conflict"]}}
            conditions.append(named)
        print(json.dumps({{**found, "status": {{"conditions": conditions}}}}))
    ended()
if state["refuses"]:
    sys.exit(state["refuses"])
if words[0] == "delete":
    key, _, value = words[2].removeprefix("--selector=").partition("=")
    for name, body in list(state["objects"].items()):
        labels = body["metadata"].get("labels", {{}})
        if name.startswith(words[1] + "/") and labels.get(key) == value:
            del state["objects"][name]
if words[0] == "apply":
    body = json.load(sys.stdin)
    for each in body.get("items", [body]):
        state["objects"][typed(each)] = each
ended()
"""


class Kubectl:
    """The program, and the cluster that it asks.

    Args:
        folder: where both are.

    Attributes:
        path: the program.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "kubectl"
        self.path.write_text(PROGRAM.format(python=sys.executable))
        self.path.chmod(0o755)
        self._save(
            {"objects": {}, "refuses": "", "establishes": True, "serves": True, "conflict": ""}
        )

    def objects(self) -> dict[str, Any]:
        """What the cluster has, by what kubectl calls it."""
        found: dict[str, Any] = self._state()["objects"]
        return found

    def put(self, body: dict[str, Any]) -> None:
        """Let somebody have made an object."""
        group, slash, version = body["apiVersion"].partition("/")
        kind = body["kind"] + (f".{version}.{group}" if slash else "")
        state = self._state()
        state["objects"][f"{kind}/{body['metadata']['name']}"] = body
        self._save(state)

    @property
    def asked(self) -> list[str]:
        """What it was asked, a line each."""
        return (self.folder / "asked").read_text().splitlines()

    def behave(self, **how: Any) -> None:
        """Let the cluster do otherwise.

        Args:
            how: `refuses` with these words what is to be changed; `establishes` kinds or not,
                `serves` them or not, has a `conflict` of their names.
        """
        self._save(self._state() | how)

    def _state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "kubectl.json").read_text())
        return found

    def _save(self, state: dict[str, Any]) -> None:
        (self.folder / "kubectl.json").write_text(json.dumps(state))
