"""The settings of the app's API, `[api]`: what is asked, and what must come back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    field_validator,
    model_validator,
)

from pytest_canary.config.table import TABLE
from pytest_canary.config.values import HeaderName, HeaderValue, Json

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


class Request(BaseModel):
    """One request and what must come back.

    `{unique}` in `path`, `json`, `form` and `contains` becomes a text that no other request has.

    Attributes:
        method: HTTP's.
        path: from the app's root.
        json_: the body, sent as JSON.
        form: the body, sent as a form; one of the two.
        headers: beside the usual ones.
        status: the one that the answer must have.
        contains: a text that the answer's body must hold.
    """

    model_config = TABLE

    method: Method
    path: Annotated[str, Field(pattern=r"^/")]
    json_: Annotated[Json, Field(alias="json")] = None
    form: dict[str, str] | None = None
    headers: dict[HeaderName, HeaderValue] = {}
    status: Annotated[int, Field(ge=100, le=599)] = 200
    contains: str | None = None


# An addressbook: what an app is whose settings name no requests of its own.
PUT_PERSON = Request(
    method="PUT",
    path="/person",
    form={"firstName": "{unique}", "lastName": "Canary"},
    # It answers with the person; one with another name would be no acknowledgement.
    contains="{unique}",
)
GET_ALL = Request(method="GET", path="/all")
ADDRESSBOOK = {
    "write": PUT_PERSON,
    "read": GET_ALL,
    "version-header": "X-Release",
    "pod-header": "X-Pod",
}


class ApiSettings(BaseModel):
    """The app's API; without `write` and `read` it is an addressbook, and has its headers too.

    `write` must be acknowledged with its status; the body of `read` must then hold the unique text.

    Attributes:
        metrics: where the app tells its own figures, in Prometheus' text format, if it does.
        write: puts a row in.
        read: brings all rows.
        checks: any number of other requests.
        bounded_read: a read that costs the same however many rows there are: one page, or one row,
            whose text `{unique}` then is. It takes the place of `read` in the traffic.
        version_header: the response header that tells which version answered; "" where the app has
            none.
        pod_header: the one that tells which pod did; likewise.
    """

    model_config = TABLE

    version_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]*$")] | None = None
    pod_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]*$")] | None = None
    metrics: Annotated[str, Field(pattern=r"^/")] = "/metrics"
    write: Request = PUT_PERSON
    read: Request = GET_ALL
    bounded_read: Request | None = None
    checks: list[Request] = []
    _assumed: bool = PrivateAttr(default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _addressbook(cls, table: Any, check: ModelWrapValidatorHandler[ApiSettings]) -> ApiSettings:
        own = not isinstance(table, dict) or "write" in table or "read" in table
        made = check(table if own else ADDRESSBOOK | table)
        made._assumed = not own and "version-header" not in table
        return made

    @property
    def version_header_assumed(self) -> bool:
        """Whether nobody has said that the app has the version header: it may have none."""
        return self._assumed

    @field_validator("version_header", "pod_header")
    @classmethod
    def _header(cls, name: str | None) -> str | None:
        return name or None
