"""The read that costs the same however many rows there are, and what one costs without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.config.api_settings import Request

if TYPE_CHECKING:
    from pytest_canary.api.client import Api

UNIQUE = "{unique}"


def bounded_read(api: Api) -> Request | None:
    """The request of `api.bounded-read`, with `{unique}` being the text of the first row's.

    Where there is no row yet, one is written: such a request may ask for one by its number too.

    Returns:
        None where none is set.

    Raises:
        ApiError: the row is not acknowledged.
    """
    request = api.settings.bounded_read
    if request is None:
        return None
    row = next(iter(api.writes.acknowledged), None) or api.write()
    text = request.model_dump_json(by_alias=True)
    # A unique text has letters and digits only, so that it needs no quoting.
    return Request.model_validate_json(text.replace(UNIQUE, row.unique))


def rows_read(api: Api) -> int:
    """How many rows a read of the traffic answers with by now, at most.

    Returns:
        0 where it costs the same however many there are.
    """
    return 0 if api.settings.bounded_read else len(api.writes.acknowledged)
