"""What an act raises, for who looks at more of it than its words."""

from collections.abc import Callable

import pytest

from pytest_canary.core.errors import CanaryError, FoundError


def raised(act: Callable[[], object]) -> CanaryError:
    """The error of an act that fails."""
    with pytest.raises(CanaryError) as failure:
        act()
    return failure.value


def found_error(act: Callable[[], object]) -> FoundError:
    """The error of an act that fails with findings."""
    with pytest.raises(FoundError) as failure:
        act()
    return failure.value
