"""The HTTP API."""

import asyncio
from http import HTTPStatus
from urllib.parse import parse_qsl

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from addressbook.errors import HANDLERS, BadRequest
from addressbook.persons import Person, Persons

BODY_LIMIT = 16_384  # bytes; two names of 255 characters, percent-encoded, are some 6,000
NAME_LIMIT = 255  # characters, as the book's column has it
READY_LIMIT = 2.0  # seconds; a probe that waits longer has its answer


class Addressbook:
    """The endpoints, over one store of persons."""

    def __init__(self, persons: Persons) -> None:
        self._persons = persons
        self._ping: asyncio.Task[None] | None = None
        self.routes = [
            Route("/person", self.add, methods=["PUT"]),
            Route("/person/{id}", self.person, methods=["GET", "DELETE"]),
            Route("/all", self.all),
            Route("/ready", self.ready),
            Route("/live", self.live),
            Route("/metrics", self.metrics),
        ]

    async def add(self, request: Request) -> Response:
        """Write the person of the form."""
        form = await read_form(request)
        first_name, last_name = (name_in(form, key) for key in ("firstName", "lastName"))
        return JSONResponse((await self._persons.add(first_name, last_name)).as_json())

    async def all(self, request: Request) -> Response:
        """List everyone, or since release 2 those whose name contains `q`."""
        query = request.query_params.get("q", "")
        if "\0" in query:
            raise BadRequest("q must not contain a NUL character.")
        return JSONResponse([person.as_json() for person in await self._persons.all(query)])

    async def person(self, request: Request) -> Response:
        """Show or delete one person."""
        text = request.path_params["id"]
        if not (text.isascii() and text.isdigit()):
            raise BadRequest("The id must be a whole number.")
        number = int(text[:20])  # one digit more than any id has; int() refuses thousands of them
        found: Person | bool | None
        if request.method == "DELETE":
            found = await self._persons.delete(number)
        else:
            found = await self._persons.get(number)
        if not found:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no person {text[:20]}.")
        return JSONResponse(found.as_json()) if isinstance(found, Person) else Response(None, 204)

    async def ready(self, _request: Request) -> Response:
        """Say whether requests can be served: the database answers, on whatever schema.

        A canary has to become ready before its migration, as the migration runs in it.
        """
        # All probes share one question. It is not cancelled when a probe gives up: on a server that
        # hangs, that would take the driver longer than the probe has.
        if self._ping is None or self._ping.done():
            self._ping = asyncio.create_task(self._persons.ping())
        if not (await asyncio.wait({self._ping}, timeout=READY_LIMIT))[0]:
            raise TimeoutError(f"no answer within {READY_LIMIT:g} s")
        await self._ping
        return JSONResponse({"ready": True})

    async def live(self, _request: Request) -> Response:
        """Say that the process answers; a restart would not mend the database."""
        return JSONResponse({"live": True})

    async def metrics(self, _request: Request) -> Response:
        """Show the figures in Prometheus' text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form-encoded body; raise BadRequest for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadRequest(
            f"The body must be application/x-www-form-urlencoded, not {kind or 'of no type'}.",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BadRequest(
                f"The body must be {BODY_LIMIT} bytes or less.",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=20
        )
    except ValueError:  # UnicodeDecodeError is one, too many fields another
        raise BadRequest("The body must be a form of 20 fields or less, in UTF-8.") from None
    form = dict(fields)
    if len(form) != len(fields):
        raise BadRequest("Each field must be given once.")
    return form


def name_in(form: dict[str, str], key: str) -> str:
    """Return the name under `key`, as it was given; raise BadRequest when it is not one."""
    if key not in form:
        raise BadRequest(f"{key} is missing.")
    name = form[key]
    if not name.strip():
        raise BadRequest(f"{key} is empty.")
    if len(name) > NAME_LIMIT:
        raise BadRequest(f"{key} has {len(name)} characters; {NAME_LIMIT} is the limit.")
    if "\0" in name:
        raise BadRequest(f"{key} must not contain a NUL character.")
    return name


def application(persons: Persons) -> Starlette:
    """Return the ASGI application."""
    app = Starlette(routes=Addressbook(persons).routes, exception_handlers=HANDLERS)
    app.router.redirect_slashes = False  # a moved PUT is a lost one for most clients
    return app
