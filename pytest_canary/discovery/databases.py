"""Which database the app has, by what it runs beside in development and by what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.config.settings import DatabaseSettings
from pytest_canary.discovery.answers import Answer, Question, Setting
from pytest_canary.discovery.compose import databases
from pytest_canary.discovery.manifests import files_with
from pytest_canary.discovery.repository import Repository, table

POSTGRES = r"(^|/)(postgres|postgis|timescaledb)(:|@|$)"
OTHERS = r"(^|/)(mysql|mariadb|mongo|mssql|oracle|cockroach)(:|@|$)"

# What needs them, in whatever language.
DRIVERS = ("pg", "postgres", "psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "pgx", "pq")
TOOLS = ("alembic", "flask-migrate", "prisma", "rails", "django", "sequelize", "knex", "typeorm")

IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def database(repository: Repository, source: Repository) -> Iterator[Answer]:
    """The image, the database's name and its user; "none" where nothing speaks for one."""
    # A compose file stands at the top, and what the app needs beside its sources.
    found = next(databases(repository, POSTGRES), None)
    other = next(databases(repository, OTHERS), None)
    needed = traces(source)
    driver = next((each for each in needed if each in DRIVERS), "")
    if found:
        yield Setting("database.image", found.image, f"{found.file} runs it")
        for key, value in (("name", found.name), ("user", found.user)):
            if IDENTIFIER.fullmatch(value):
                yield Setting(f"database.{key}", value, f"{found.file} says so")
    elif other:
        yield Setting("database.image", "none", f"{other.file} runs {other.image}")
        yield Question(
            "database",
            f"{other.image} can't be rehearsed, but PostgreSQL alone",
            "walk without it where the app starts so; the migration is left out then",
        )
    elif manifest := _among_manifests(repository):
        file, image = manifest
        yield Setting("database.image", image, f"{file} runs it")
        yield Question(
            "database",
            f"{file} runs a PostgreSQL of its own, and what migrates is looked at in the one that "
            "the rehearsal makes, Service db",
            "leave it out of manifests.path, and let the app take DB_HOST and the like of the "
            'Secret db-params; or write image = "none", and no migration is looked at',
        )
    elif driver:
        yield Setting("database.image", DatabaseSettings().image, f"the app needs {driver}")
        yield Question("database", "which PostgreSQL is live", "name the image of its version")
    elif needed:
        yield Setting("database.image", "none", f"the app needs {needed[0]}, and no driver")
        yield Question(
            "database", "which database the app has", "name its image, if it is a PostgreSQL"
        )
    else:
        yield Setting("database.image", "none", "nothing was found that needs one")


def _among_manifests(repository: Repository) -> tuple[str, str] | None:
    """The PostgreSQL that manifests run, with the file; None where they run none."""
    for kind in ("StatefulSet", "Deployment"):
        for file in files_with(repository, kind):
            for image in re.findall(r"image:\s*[\"']?([^\s\"'},]+)", repository.text(file)):
                if re.search(POSTGRES, image):
                    return file, image
    return None


def traces(repository: Repository) -> list[str]:
    """The drivers and tools that are named among what the app needs."""
    words = _dependencies(repository)
    return [each for each in (*DRIVERS, *TOOLS) if each in words]


def _dependencies(repository: Repository) -> set[str]:
    words: set[str] = set()
    for file in repository.with_name("package.json"):
        words |= set(table(repository.json(file).get("dependencies")))
    for file in repository.with_name("pyproject.toml"):
        project = table(repository.toml(file).get("project"))
        given = project.get("dependencies")
        words |= (
            {_package(str(each)) for each in given if isinstance(given, list)} if given else set()
        )
    for file in repository.with_name("requirements.txt"):
        words |= {_package(each) for each in repository.text(file).splitlines()}
    for file in repository.with_name("go.mod"):
        words |= set(re.findall(r"/(pgx|pq)\b", repository.text(file)))
    for file in repository.with_name("Gemfile"):
        words |= set(re.findall(r"""^\s*gem\s+["']([\w-]+)""", repository.text(file), re.MULTILINE))
    return words


def _package(requirement: str) -> str:
    """The name in a line of requirements: "Flask-Migrate[x]>=4 ; …" is flask-migrate."""
    return re.split(r"[^\w-]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-")
