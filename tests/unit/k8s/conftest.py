"""What the tests of commands in pods share: a kubelet, and the way to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fakes.kubelet import Kubelet

from pytest_canary.core.masking import Redactor
from pytest_canary.k8s.namespace import Namespace


@pytest.fixture
def kubelet() -> Iterator[Kubelet]:
    running = Kubelet()
    yield running
    running.stop()


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def namespace(kubelet: Kubelet, redactor: Redactor, tmp_path: Path) -> Namespace:
    kubeconfig = tmp_path / "kubeconfig"
    named = {
        "clusters": [{"name": "it", "cluster": {"server": kubelet.url}}],
        "users": [{"name": "it", "user": {"token": "t0ken-of-the-user"}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    }
    kubeconfig.write_text(yaml.safe_dump(named | {"current-context": "it"}))
    return Namespace(kubeconfig, "canary-test", redactor=redactor)
