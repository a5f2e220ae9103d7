"""What a single setting may be: whatever is none is told at once, not when a walk has begun."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, time
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

# Tables and lists within each other, in a request's JSON.
DEEPEST = 50

# What RFC 9110 calls a token.
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _text(value: str) -> str:
    if "\0" in value:
        # No command, variable, path or request has one.
        raise PydanticCustomError("text", "a string without NUL")
    return value


def _argument(name: str) -> str:
    if not name or re.search(r"[=\s\0]", name):
        raise PydanticCustomError("argument", "a name without blanks and =")
    return name


def _header_name(name: str) -> str:
    if not TOKEN.fullmatch(name):
        raise PydanticCustomError("header_name", "a header's name: letters, digits and dashes")
    return name


def _header(value: str) -> str:
    # As `requests` and aiohttp send it.
    latin = all(each == "\t" or (" " <= each <= "\xff" and each != "\x7f") for each in value)
    if not latin or value != value.strip():
        raise PydanticCustomError(
            "header", "a header's value: one line of ASCII or Latin-1, no blanks around it"
        )
    return value


def _json(value: Any, depth: int = 0) -> Any:
    if isinstance(value, date | time):
        raise PydanticCustomError("json_date", "JSON has no dates; put quotes around it")
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("json_number", "JSON has finite numbers only")
    if isinstance(value, int) and abs(value) >= 2**64:
        raise PydanticCustomError("json_integer", "a number below 2 to the power of 64")
    if depth > DEEPEST:
        raise PydanticCustomError("json_depth", f"at most {DEEPEST} tables in each other")
    for each in _inner(value):
        _json(each, depth + 1)
    return value


def _inner(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


Text = Annotated[str, AfterValidator(_text)]
"""A text that can be handed to commands."""

ArgumentName = Annotated[str, AfterValidator(_argument)]
"""What a build argument is called."""

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""What a variable of a shell is called."""

HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, AfterValidator(_header)]

Json = Annotated[Any, AfterValidator(_json)]
"""What JSON can say, of what TOML can."""

Seconds = Annotated[float, Field(gt=0, le=86_400.0, allow_inf_nan=False)]
"""A time to wait, a day at most: no timer waits for much longer."""

Replicas = Annotated[int, Field(ge=1, le=1000)]
Fraction = Annotated[float, Field(ge=0, le=1)]
