"""What tests of what is measured stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes.pages import Pods, showing


@pytest.fixture
def pods() -> Iterator[Pods]:
    """One canary and two stable pods that show pages, and a kubelet."""
    with showing() as made:
        yield made
