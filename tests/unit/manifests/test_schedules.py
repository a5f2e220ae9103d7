"""Which schedules of CronJobs Kubernetes can read."""

import pytest

from pytest_canary.manifests.schedules import unread


@pytest.mark.parametrize(
    "schedule",
    [
        "0 3 * * *",
        "*/5 * * * *",
        "0,30 8-18/2 1,15 jan-MAR mon-fri",
        "5/15 ? ? 12 0",
        "@hourly",
        "@every 1h30m",
        "  0  3 * * 6 ",
    ],
)
def test_what_can_be_read_is_left_alone(schedule: str) -> None:
    assert unread(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("0 25 * * *", "25 as its hour, which is from 0 to 23"),
        ("0 3 * * 7", "7 as its day of the week, which is from 0 to 6"),
        ("0 3 0 * *", "0 as its day of the month, which is from 1 to 31"),
        ("0 3 * nov-feb *", "nov-feb as its month, which is from 1 to 12"),
        ("0 3 * * fryday", "fryday as its day of the week, which is from 0 to 6"),
        ("*/0 3 * * *", "*/0 as its minute, which is from 0 to 59"),
        ("1-2-3 3 * * *", "1-2-3 as its minute, which is from 0 to 59"),
        ("0 3 * *", "4 fields in the place of 5"),
        ("0 0 3 * * *", "6 fields in the place of 5"),
        ("", "0 fields in the place of 5"),
        ("@nightly", "1 field in the place of 5"),
        ("CRON_TZ=UTC 0 3 * * *", "a time zone, which timeZone is for"),
    ],
)
def test_what_can_not_is_named(schedule: str, why: str) -> None:
    assert unread(schedule) == why
