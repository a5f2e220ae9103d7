"""Every error as JSON: one sentence, and never a traceback."""

import logging
from http import HTTPStatus
from typing import Any

from psycopg.errors import UndefinedTable
from sqlalchemy.exc import ProgrammingError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from addressbook.database import UNAVAILABLE, reason

log = logging.getLogger("addressbook")


class BadRequest(HTTPException):
    """The client's mistake, told in one sentence."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(status, sentence)


async def refused(request: Request, error: HTTPException) -> JSONResponse:
    """Answer with the status that was raised; the framework's own two have no sentence yet."""
    sentence, path = error.detail, request.url.path
    if sentence == HTTPStatus(error.status_code).phrase:
        if error.status_code == HTTPStatus.NOT_FOUND:
            sentence = f"There is nothing at {path}; try /all."
        elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("Allow", "")
            sentence = f"{path} does not take {request.method}; it takes {allowed}."
    return JSONResponse({"error": sentence}, error.status_code, headers=error.headers)


async def unavailable(request: Request, error: Exception) -> JSONResponse:
    """Answer 503: the client did nothing wrong and may try again."""
    log.error(
        "%s %s: no answer from the database: %s", request.method, request.url.path, reason(error)
    )
    # The driver's words name hosts and users, so they go to the log and not to the client.
    sentence = "The database does not answer; try again in a moment."
    return JSONResponse({"error": sentence}, 503, headers={"Retry-After": "1"})


async def statement_failed(request: Request, error: ProgrammingError) -> JSONResponse:
    """Answer 503 when the schema was never made, and 500 when a statement is wrong."""
    if isinstance(error.orig, UndefinedTable):
        sentence = "The database has no schema yet; run: python -m addressbook migrate"
        log.error("%s %s: %s", request.method, request.url.path, sentence)
        return JSONResponse({"error": sentence}, 503)
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    return await mistaken(request, error)


async def mistaken(_request: Request, _error: Exception) -> JSONResponse:
    """Answer 500; the log has the traceback."""
    return JSONResponse({"error": "The addressbook made a mistake; its log says which."}, 500)


HANDLERS: dict[type[Exception], Any] = {
    HTTPException: refused,
    ProgrammingError: statement_failed,
    **dict.fromkeys(UNAVAILABLE, unavailable),
    Exception: mistaken,
}
