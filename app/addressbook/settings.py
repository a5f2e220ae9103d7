"""Settings, from the environment alone."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingsError(Exception):
    """The environment lacks something, or has it wrong; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where PostgreSQL is and who asks; the name is called DB_SCHEMA outside, as in the book."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    ssl: bool

    def __str__(self) -> str:
        return f"{self.name} at {self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the server needs to know; the delay is in seconds."""

    database: DatabaseSettings
    port: int
    pod: str
    shutdown_delay: float


def database_settings(environment: Mapping[str, str] = os.environ) -> DatabaseSettings:
    """Read the six DB_ variables; raise SettingsError naming all that are wrong at once."""
    wrong: list[str] = []
    settings = _database(environment, wrong)
    _refuse(wrong)
    return settings


def server_settings(environment: Mapping[str, str] = os.environ) -> ServerSettings:
    """Read the DB_ variables, PORT, POD_NAME and SHUTDOWN_DELAY; raise SettingsError likewise."""
    wrong: list[str] = []
    settings = ServerSettings(
        database=_database(environment, wrong),
        port=_port("PORT", environment.get("PORT", "3000"), wrong),
        pod=environment.get("POD_NAME") or socket.gethostname(),
        shutdown_delay=_seconds("SHUTDOWN_DELAY", environment.get("SHUTDOWN_DELAY", "5"), wrong),
    )
    _refuse(wrong)
    return settings


def _database(environment: Mapping[str, str], wrong: list[str]) -> DatabaseSettings:
    names = ("DB_HOST", "DB_PORT", "DB_SCHEMA", "DB_USER", "DB_PASSWORD", "DB_SSL")
    wrong += [f"{name} is not set" for name in names if not environment.get(name)]
    values = {name: environment.get(name, "") for name in names}
    ssl = values["DB_SSL"].lower()
    if ssl not in ("true", "false", ""):
        wrong.append(f"DB_SSL must be true or false, not {ssl!r}")
    return DatabaseSettings(
        host=values["DB_HOST"],
        port=_port("DB_PORT", values["DB_PORT"], wrong) if values["DB_PORT"] else 0,
        name=values["DB_SCHEMA"],
        user=values["DB_USER"],
        password=values["DB_PASSWORD"],
        ssl=ssl == "true",
    )


def _port(name: str, text: str, wrong: list[str]) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    wrong.append(f"{name} must be a port from 1 to 65535, not {text!r}")
    return 0


def _seconds(name: str, text: str, wrong: list[str]) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 600:
        wrong.append(f"{name} must be from 0 to 600 seconds, not {text!r}")
    return seconds


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise SettingsError("; ".join(wrong))
