"""Which client an app's API has."""

from __future__ import annotations

from pytest_canary.api.addressbook import Addressbook
from pytest_canary.api.client import Api
from pytest_canary.api.writes import Writes
from pytest_canary.config.api_settings import GET_ALL, PUT_PERSON
from pytest_canary.config.settings import Settings
from pytest_canary.core.masking import Redactor


def client_for(
    base_url: str,
    settings: Settings,
    writes: Writes | None = None,
    redactor: Redactor | None = None,
) -> Api:
    """The client of the API that the settings describe, by default an addressbook's.

    Args:
        base_url: the Service's, without a path.
        settings: every setting.
        writes: the journal that its writes are entered in; None for one of its own.
        redactor: takes the secrets out of what is told of answers.
    """
    api = settings.api
    default = (api.write, api.read) == (PUT_PERSON, GET_ALL)
    client = Addressbook if default else Api
    timeout = settings.deadlines.request
    return client(base_url, api, timeout, writes=writes, redactor=redactor)
