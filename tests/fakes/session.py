"""A whole session of pytest in the world of fakes, with secrets put in and looked for."""

from __future__ import annotations

import base64
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fakes.folders import ROOT
from fakes.leaks import HOSTILE, encoded, forms, leaks
from fakes.world import World
from fakes.world_settings import SETTINGS

from pytest_canary.plugin import state
from pytest_canary.plugin.parts import Parts, ReportWriter
from pytest_canary.reporting.document import Report

TOKEN = "to\"ké+n/=7&<sh'h>"
KEY = "-----BEGIN KEY-----\nMIIEow+IBAA/KCAQEA==\nq83vEjRWeJq8\n-----END KEY-----"
FROM_CI = "hunter2-from-ci"
UNTOLD = "nobody-told-of-this"


# A command to GitHub that says what was found, as only we write it.
ANNOTATION = re.compile(
    r"^::(?:error|warning) (?:file=[^:,\s]+,(?:line=\d+,)?)?title=canary%3A (?=[\w-]+::\S)",
    re.MULTILINE,
)


class Session:
    """A session of pytest on a project, in a world of fakes.

    Attributes:
        world: what the project is rehearsed in.
        screen: what its user sees.
        report_writer: writes the report; its pictures, which take a second, are drawn once only.
    """

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pytester = pytester
        self.folder = pytester.path
        environment = {"PORT": "3000", "API_TOKEN": TOKEN, "SIGNING_KEY": KEY}
        self.world = World(self.folder, monkeypatch, empty=True, environment=environment)
        shutil.copytree(ROOT / "manifests", self.folder / "manifests")
        (self.folder / "Dockerfile").write_text("FROM scratch\n")
        # Counting whose version answers takes some 400 requests at a time, each with its log lines.
        silent = SETTINGS["api"] | {"version-header": ""}
        tables = SETTINGS | {"environment": environment, "api": silent}
        (self.folder / "canary.toml").write_text(
            'name = "addressbook"\n' + "".join(map(_table, tables, tables.values()))
        )
        (self.folder / "pytest.ini").write_text(
            "[pytest]\naddopts = -p no:cacheprovider\nfilterwarnings = default\n"
        )
        self.extend("apply.sh", "#!/bin/sh\n", ': "$API_TOKEN" "$SIGNING_KEY"\n')
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(self.folder / "summary.md"))
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("SMTP_PASSWORD", FROM_CI)
        (self.folder / "temporary").mkdir()
        monkeypatch.setenv("TMPDIR", str(self.folder / "temporary"))
        monkeypatch.setattr(tempfile, "tempdir", None)
        self.screen = ""
        self.report_writer: Callable[[], ReportWriter] = JsonWriter

    @property
    def secrets(self) -> list[str]:
        """All that nobody is to read; the password has to be made first."""
        passwords = [
            base64.b64decode(item["data"]["DB_PASSWORD"]).decode()
            for item in self.world.namespace.objects("Secret")
            if item["metadata"]["name"] == "db-params"
        ]
        return [*passwords, TOKEN, KEY, FROM_CI]

    @property
    def said(self) -> str:
        """The secrets in every form, as something may tell them, and what does harm."""
        told = [form for each in self.secrets for form in (*encoded(each), *forms(each))]
        return "\n".join([*told, f"postgres://shop:{UNTOLD}@db", HOSTILE])

    def extend(self, script: str, after: str, text: str) -> None:
        """Put something into a script of the world's."""
        path = self.folder / script
        path.write_text(path.read_text().replace(after, after + text, 1))

    def tell_versions(self) -> None:
        """Let the app tell its version, so that whose version answers is counted."""
        path = self.folder / "canary.toml"
        path.write_text(path.read_text().replace('version-header = ""\n', ""))

    def run(self, *arguments: str) -> None:
        """Run pytest as its user does."""
        parts = Parts(
            builders=self.world.builders,
            clock=self.world.clock,
            reap=lambda *_: 0,
            report_writer=self.report_writer,
        )
        result = self._pytester.runpytest_inprocess(
            *arguments,
            "--junitxml=junit.xml",
            "--canary-findings=github",
            "--canary-findings=sarif:found.sarif",
            "--canary-findings=gitlab:found.json",
            "-rA",
            plugins=[Given(parts)],
            no_reraise_ctrlc=True,
        )
        self.screen = "\n".join([*result.outlines, *result.errlines])

    def shown(self) -> dict[str, str]:
        """All that goes out, by where."""
        # What is said in commands of ours is looked at; that they are some is meant.
        found = {"screen": ANNOTATION.sub("annotation ", self.screen)}
        names = ("log.txt", "summary.md", "found.sarif", "found.json")
        kept = [self.folder / name for name in names]
        for folder in ("canary-report", "state", "temporary"):
            kept += (self.folder / folder).rglob("*")
        found |= {path.name: path.read_text() for path in kept if path.is_file()}
        xml = ElementTree.parse(self.folder / "junit.xml")
        texts = [text for each in xml.iter() for text in (each.text or "", *each.attrib.values())]
        return found | {"junit.xml": "\n".join(texts)}

    def leaks(self) -> list[str]:
        """Where a secret has come out, and in which form; and what does harm."""
        shown = self.shown()
        untold = [f"{where}: {UNTOLD}" for where, text in shown.items() if UNTOLD in text]
        return leaks(self.secrets, shown) + untold


class JsonWriter:
    """Writes report.json, and no page."""

    def prepare(self) -> None:
        """Nothing takes long."""

    def write(self, report: Report, folder: Path) -> list[Path]:
        """Write it."""
        (folder / "report.json").write_text(report.text)
        return [folder / "report.json"]

    def close(self) -> None:
        """Nothing was begun."""


class Given:
    """Hands the plugin what it works with."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[state.PARTS] = self._parts


def _table(name: str, table: dict[str, Any]) -> str:
    lines = []
    for key, value in table.items():
        if isinstance(value, dict):
            lines.append(_table(f"{name}.{key}", value))
        elif isinstance(value, list) and isinstance(value[0], dict):
            lines.append(f"{key} = [{', '.join(map(_inline, value))}]")
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join([f"[{name}]", *lines, ""])


def _inline(table: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items()) + "}"
