"""What the tests of the settings' file share."""

from pathlib import Path

import pytest
from fakes.settings_file import SERVICE


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A project with the addressbook's layout."""
    (tmp_path / "manifests").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "apply.sh").write_text("#!/bin/sh\n")
    (tmp_path / "manifests" / "deployment.yml").write_text("kind: Deployment\n")
    (tmp_path / "manifests" / "service.yml").write_text(SERVICE.format("shop-lb"))
    return tmp_path
