"""What migrates the database, takes that back, and says whether it can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_canary.discovery.answers import Answer, Question, Setting
from pytest_canary.discovery.databases import traces
from pytest_canary.discovery.repository import Repository, table

PING = ("ping", "db:ping")
MIGRATE = ("migrate", "db:migrate", "migrate:up", "migrate:latest", "migration:run")
DOWN = ("migrate:down", "db:migrate:undo", "migrate:rollback", "db:rollback", "migration:revert")


@dataclass(frozen=True)
class Tool:
    """A way to migrate.

    Attributes:
        why: what speaks for it.
        migrate: its command.
        ping: the one that says whether the database can be reached; none for none.
        down: the one that takes the migration back; likewise.
    """

    why: str
    migrate: tuple[str, ...] = ()
    ping: tuple[str, ...] = ()
    down: tuple[str, ...] = ()


def commands(repository: Repository, *, migrates: bool = True) -> Iterator[Answer]:
    """The commands; none for what is not there, as the usual ones are npm's.

    Args:
        repository: the app's.
        migrates: whether one of them migrates; else no more is asked than what takes that back.
    """
    tool = next((each for each in _tools(repository) if each.migrate), Tool("nothing was found"))
    for key in ("ping", "migrate", "down") if migrates else ("down",):
        words = getattr(tool, key)
        yield Setting(f"commands.{key}", list(words), tool.why if words else "none was found")
    if migrates and not tool.migrate and traces(repository):
        yield Question(
            "commands",
            "what migrates the database",
            "write the command as it is run in a container of the image, such as "
            '["bin/app", "migrate"]',
        )


def _tools(repository: Repository) -> Iterator[Tool]:
    yield _npm(repository)
    yield _python(repository)
    yield _rails(repository)


def _npm(repository: Repository) -> Tool:
    file = repository.first("package.json")
    scripts = table(repository.json(file).get("scripts"))
    runner = "npm"
    for lock, other in (("yarn.lock", "yarn"), ("pnpm-lock.yaml", "pnpm")):
        runner = other if file and repository.beside(file, lock) else runner

    def run(*names: str) -> tuple[str, ...]:
        found = next((each for each in names if each in scripts), "")
        return (runner, "run", found) if found else ()

    if run(*MIGRATE):
        return Tool(f"{file} has the script", run(*MIGRATE), run(*PING), run(*DOWN))
    if "prisma" in traces(repository):
        return Tool(f"{file} needs prisma", ("npx", "prisma", "migrate", "deploy"))
    return Tool(file)


def _python(repository: Repository) -> Tool:
    manage = repository.first("manage.py")
    if manage:
        program = ("python", "manage.py")
        ping = (*program, "check", "--database", "default")
        return Tool(f"{manage} is Django's", (*program, "migrate", "--noinput"), ping)
    if "flask-migrate" in traces(repository):
        flask = ("flask", "db")
        return Tool("Flask-Migrate is needed", (*flask, "upgrade"), down=(*flask, "downgrade"))
    alembic = repository.first("alembic.ini")
    if alembic or "alembic" in traces(repository):
        up, down = ("alembic", "upgrade", "head"), ("alembic", "downgrade", "-1")
        return Tool(f"{alembic} is there" if alembic else "Alembic is needed", up, down=down)
    return Tool("")


def _rails(repository: Repository) -> Tool:
    gemfile = repository.first("Gemfile")
    if gemfile and "rails" in traces(repository):
        rails = "bin/rails"
        return Tool(f"{gemfile} has Rails", (rails, "db:migrate"), down=(rails, "db:rollback"))
    return Tool("")
