"""The run's own kubeconfig, made by a script that stands in for kubectl."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_canary.cluster.kubeconfig import write_kubeconfig
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes

VIEW: dict[str, Any] = {
    "clusters": [{"name": "it", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "it", "user": {"token": "t0ken-of-the-user"}}],
    "contexts": [{"name": "kind-it", "context": {"cluster": "it", "user": "it"}}],
}


def write(folder: Path, script: str, source: str | None = "theirs") -> Any:
    kubectl = folder / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$*" >{folder}/asked\n{script}')
    kubectl.chmod(0o755)
    path = folder / "kubeconfig.run"
    write_kubeconfig(
        path,
        source=source,
        context="kind-it",
        namespace="canary-1",
        kubectl=kubectl,
        # What is secret elsewhere is what opens the cluster here.
        processes=Processes(Redactor(["t0ken-of-the-user"])),
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert not path.with_suffix(".new").exists()
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize(("source", "option"), [("theirs", " --kubeconfig=theirs"), (None, "")])
def test_one_context_is_taken_over_and_set_to_the_namespace(
    tmp_path: Path, source: str | None, option: str
) -> None:
    (tmp_path / "view").write_text(yaml.safe_dump(VIEW))
    document = write(tmp_path, f"cat {tmp_path}/view\n", source)
    context = {"cluster": "it", "user": "it", "namespace": "canary-1"}
    assert document == VIEW | {
        "contexts": [{"name": "kind-it", "context": context}],
        "current-context": "kind-it",
    }
    asked = f"config view --raw --minify --flatten --context=kind-it{option}"
    assert (tmp_path / "asked").read_text() == f"{asked}\n"


def test_a_context_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClusterError) as failure:
        write(tmp_path, "echo 'cannot locate context kind-it' >&2; exit 1\n")
    assert failure.value.sentence == (
        "context kind-it can't be used: `kubectl config view` exited with code 1"
    )
    assert "cannot locate context kind-it" in failure.value.evidence


def test_keys_are_taken_out_into_files_that_are_the_users_alone(tmp_path: Path) -> None:
    def data(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    view = VIEW | {
        "clusters": [
            {
                "name": "it",
                "cluster": {
                    "server": "https://127.0.0.1:1",
                    "certificate-authority-data": data("the authority"),
                },
            }
        ],
        "users": [
            {
                "name": "it",
                "user": {
                    "client-certificate-data": data("the certificate"),
                    "client-key-data": data("the key"),
                },
            }
        ],
    }
    (tmp_path / "view").write_text(yaml.safe_dump(view))
    for _ in range(2):
        document = write(tmp_path, f"cat {tmp_path}/view\n")
    (cluster,), (user,) = document["clusters"], document["users"]
    named = {
        **{key: value for key, value in cluster["cluster"].items() if key != "server"},
        **user["user"],
    }
    assert {key: Path(value).read_text() for key, value in named.items()} == {
        "certificate-authority": "the authority",
        "client-certificate": "the certificate",
        "client-key": "the key",
    }
    for each in named.values():
        assert Path(each).parent == tmp_path
        assert Path(each).stat().st_mode & 0o777 == 0o600
    assert "data" not in (tmp_path / "kubeconfig.run").read_text()
