"""What Secrets among manifests hold that nobody may read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from itertools import chain

from pytest_canary.core.secret_variables import secrets_of
from pytest_canary.manifests.documents import Document


def secret_values(documents: Iterable[Document]) -> list[str]:
    """The values of the Secrets' keys that are secret by their names, or by what they hold.

    Args:
        documents: objects of any kind.
    """
    found = (secrets_of(_texts(each)) for each in documents if each.kind == "Secret")
    return list(dict.fromkeys(chain.from_iterable(found)))


def _texts(document: Document) -> dict[str, str]:
    """What is in it by key, as pods see it; what is no text is left out."""
    found = {key: _decode(value) for key, value in document.table("data").items()}
    plain = {key: str(value) for key, value in document.table("stringData").items()}
    return {key: value for key, value in found.items() if value} | plain


def _decode(value: object) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""  # the schema's rules tell of the one, and nobody reads the other
