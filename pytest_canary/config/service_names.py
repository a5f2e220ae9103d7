"""What the Service is called by its manifest, and the app by its Service."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_canary.config.settings import NAME
from pytest_canary.manifests.documents import read
from pytest_canary.manifests.parsing import parse


def of_file(path: Path) -> str | None:
    """The Service's name, where the manifest can be read as it stands, without its variables.

    Of several, the first that is called NAME-lb.
    """
    services = [each for each in parse(read(path, path.parent)).documents if each.kind == "Service"]
    names = [each.name for each in services if re.fullmatch(NAME, each.name)]
    only = names[0] if len(names) == 1 else None
    return next((name for name in names if name.endswith("-lb")), only)


def app_name(service_name: str | None) -> str:
    """The app's name by its Service's, which is NAME-lb."""
    if service_name and service_name.endswith("-lb"):
        return service_name.removesuffix("-lb")
    return "addressbook"
