"""Everything that pytest-canary raises; each is a `CanaryError`, a sentence and its evidence."""

from pytest_canary.core.errors import (
    ApiError,
    CanaryError,
    ClusterError,
    CommandError,
    DatabaseError,
    FoundError,
    ImageError,
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
    "ReleaseError",
    "SettingsError",
    "TrafficError",
    "WaitTimeoutError",
]
