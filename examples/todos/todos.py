"""Things to do, in PostgreSQL: version 2 adds when each is due."""

import os
from datetime import date
from pathlib import Path

from flask import Flask, Response, jsonify, request
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import OperationalError

VERSION = (Path(__file__).parent / "VERSION").read_text().strip()


def url() -> URL:
    """Where the database is; the app and Alembic both ask here."""
    return URL.create(
        "postgresql+psycopg",
        username=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        host=os.environ["DB_HOST"],
        port=int(os.environ["DB_PORT"]),
        database=os.environ["DB_SCHEMA"],
        query={"sslmode": "require" if os.environ.get("DB_SSL") == "true" else "disable"},
    )


app = Flask(__name__)
engine = create_engine(url(), pool_pre_ping=True, connect_args={"connect_timeout": 5})
# `due` is there since schema 2; version 1 neither writes nor shows it.
COLUMNS = ("id", "task") if VERSION == "1" else ("id", "task", "due")


@app.post("/todos")
def add():
    """Write one down."""
    given = request.get_json(silent=True)
    given = given if isinstance(given, dict) else {}
    task = given.get("task")
    if not isinstance(task, str) or not task.strip() or "\0" in task:
        return {"error": "task must be a string with something in it."}, 400
    values = {"task": task}
    if "due" in COLUMNS:
        try:
            values["due"] = date.fromisoformat(given["due"]) if given.get("due") else None
        except (TypeError, ValueError):
            return {"error": "due must be a date such as 2026-11-29."}, 400
    named = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    statement = f"INSERT INTO todo ({named}) VALUES ({marks}) RETURNING {', '.join(COLUMNS)}"
    with engine.begin() as connection:
        return shown(connection.execute(text(statement), values).one()), 201


@app.get("/todos")
def listed():
    """All of them."""
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {', '.join(COLUMNS)} FROM todo ORDER BY id"))
        return jsonify([shown(row) for row in rows])


@app.get("/ready")
def ready():
    """Whether the database answers."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return {"ready": True}


@app.get("/live")
def live():
    """Whether the process does."""
    return {"live": True}


def shown(row) -> dict:
    """A row as its version shows it."""
    found = dict(row._mapping)
    if found.get("due"):
        found["due"] = found["due"].isoformat()
    return found


@app.after_request
def tell_version(response: Response) -> Response:
    """Say which version has answered."""
    response.headers["X-Version"] = VERSION
    return response


@app.errorhandler(OperationalError)
def unavailable(error: OperationalError):
    """The database does not answer."""
    app.logger.error("%s %s: %s", request.method, request.path, error.orig)
    return {"error": "The database does not answer; try again in a moment."}, 503
