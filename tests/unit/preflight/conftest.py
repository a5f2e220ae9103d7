"""What the tests of the static check share."""

from functools import partial
from pathlib import Path

import pytest
from fakes.preflight import Inspect, inspected


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    """Inspects the healthy manifests with some edits, or others."""
    return partial(inspected, tmp_path)
