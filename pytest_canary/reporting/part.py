"""What every part of the report's document is made of: texts, numbers, and how they are masked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pytest_canary.core.wording import encodable

Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Share01 = Annotated[float, Field(ge=0, le=1)]


class Free:
    """What an app, a program or a person has said, secrets perhaps among it."""


# All other texts are names and words of ours, whatever secret may be called the same.
Text = Annotated[str, Free]
Texts = Annotated[tuple[str, ...], Free]


class Part(BaseModel):
    """A part of the document: nothing in it changes, and nothing has a name of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _hold_in_a_file(cls, given: Any) -> Any:
        return change_texts(given, encodable)

    def without_secrets(self, redact: Callable[[str], str]) -> Self:
        """The same with the secrets taken out of what was said; names and words of ours stay."""
        changes = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            free = Free in field.metadata
            changes[name] = change_texts(value, redact) if free else _parts_redacted(value, redact)
        return self.model_copy(update=changes)


def change_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A value with every text in it changed; parts stay as they are."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {
            change_texts(key, change): change_texts(each, change) for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return tuple(change_texts(each, change) for each in value)
    return value


def _parts_redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, Part):
        return value.without_secrets(redact)
    if isinstance(value, tuple):
        return tuple(_parts_redacted(each, redact) for each in value)
    return value
