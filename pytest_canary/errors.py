"""Everything that pytest-canary raises: a `CanaryError` each, with a sentence and its evidence.

`NotApplicable` alone is none: what was asked can't be told here, which is nobody's fault.
"""

from pytest_canary.core.errors import (
    ApiError,
    CanaryError,
    ClusterError,
    CommandError,
    DatabaseError,
    FoundError,
    ImageError,
    NotApplicable,
    ReleaseError,
    SettingsError,
    TrafficError,
    WaitTimeoutError,
)

__all__ = [
    "ApiError",
    "CanaryError",
    "ClusterError",
    "CommandError",
    "DatabaseError",
    "FoundError",
    "ImageError",
    "NotApplicable",
    "ReleaseError",
    "SettingsError",
    "TrafficError",
    "WaitTimeoutError",
]
