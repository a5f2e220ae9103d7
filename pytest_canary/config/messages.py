"""Mistakes in settings and options, in the words of who made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_origin

from pydantic import BaseModel

from pytest_canary.core.masking import MASK, Redactor
from pytest_canary.core.secret_variables import is_secret, secrets_of
from pytest_canary.core.wording import cut, did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Letters that are shown of a wrong value.
SHOWN = 200

# Pydantic's messages are about Python's types; a settings file's reader knows TOML's.
ALLOWED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "list_type": "a list of strings",
    "dict_type": "a table",
    "model_type": "a table",
    "missing": "a value",
}


def key(detail: ErrorDetails) -> str:
    """The setting's name with its tables': "replicas.stable"."""
    return ".".join(str(part) for part in detail["loc"] if part != "[key]")


def quote(value: object) -> str:
    """A value as it is shown beside what is wrong with it."""
    try:
        return cut(repr(value), SHOWN)
    except (ValueError, RecursionError):
        return "…"  # a number of thousands of digits, or tables within tables


def mistake(detail: ErrorDetails, tables: type[BaseModel]) -> str:
    """One mistake as its reader needs it: key, value, what is allowed, the nearest right name."""
    name = cut(key(detail), SHOWN)
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden" and name == "preflight":
        return f"{name} = {_show_value(detail)}: no such setting; {_advise_level(detail['input'])}"
    if kind == "extra_forbidden":
        names = _names([*detail["loc"]][:-1], tables)
        hint = nearest(str(detail["loc"][-1]), names) if names else ""
        return f"{name} = {_show_value(detail)}: no such setting{hint}"
    if kind == "missing":
        return f"{name} is missing"
    allowed = ALLOWED.get(kind)
    if kind == "greater_than_equal":
        allowed = f"a whole number from {context['ge']}"
    elif kind == "less_than_equal":
        whole = "" if isinstance(context["le"], float) else "whole "
        allowed = f"a {whole}number up to {context['le']:g}"
    elif kind == "greater_than":
        allowed = f"a number above {context['gt']:g}"
    elif kind == "literal_error":
        allowed = f"one of {context['expected']}"
    elif kind == "string_pattern_mismatch":
        allowed = f"a string that matches {context['pattern']}"
    elif kind in ("string_too_short", "too_short"):
        allowed = "must not be empty"
    return f"{name} = {_show_value(detail)}: {allowed or detail['msg']}"


def _show_value(detail: ErrorDetails) -> str:
    """The value that is wrong, unless its name says that it is a secret, or a part's does."""
    value, name = detail["input"], str(detail["loc"][-1])
    if name != "[key]" and is_secret(name):
        return MASK
    parts = value if isinstance(value, dict) else {}
    # Quoted, as nothing else is sure to be short, or to become a text at all.
    secrets = secrets_of({str(key): quote(part).strip("'") for key, part in parts.items()})
    return Redactor(secrets).redact(quote(value))


def _advise_level(preflight: object) -> str:
    """What to write in the place of [preflight.silenced]."""
    silenced = preflight.get("silenced") if isinstance(preflight, dict) else None
    rule = next(iter(silenced), "RULE") if isinstance(silenced, dict) else "RULE"
    return f'write [findings.{cut(str(rule), SHOWN)}] with level = "off" and why = "…"'


def nearest(wrong: str, right: Sequence[str]) -> str:
    """The right word that comes nearest, or all of them, as the end of a sentence."""
    return "; " + did_you_mean(wrong, right, otherwise=f"there are {', '.join(right)}")


def _names(location: list[int | str], tables: type[BaseModel]) -> list[str]:
    """The names that a table may hold."""
    model: Any = tables
    named = False  # by whoever wrote the file, as a rule or a variable is
    for part in location:
        if isinstance(part, int) or named:
            named = False
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if part not in fields:
            return []
        annotation = fields[part].annotation
        named = get_origin(annotation) is dict
        inner = [annotation, *getattr(annotation, "__args__", ())]
        models = [a for a in inner if isinstance(a, type) and issubclass(a, BaseModel)]
        if not models:
            return []
        model = models[0]
    return [field.alias or name for name, field in model.model_fields.items()]
