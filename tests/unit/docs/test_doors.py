"""CONTRIBUTING.md names every module that takes secrets out of something."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TAKES_OUT = re.compile(r"redact\(|\.redact\b|\bRedactor\(")


def test_every_module_that_takes_secrets_out_is_named() -> None:
    package = ROOT / "pytest_canary"
    doors = {
        str(path.relative_to(package).with_suffix(""))
        for path in package.rglob("*.py")
        if TAKES_OUT.search(path.read_text())
    }
    text = (ROOT / "CONTRIBUTING.md").read_text()
    told = text.partition("\n### Secrets\n")[2].partition("\n### ")[0]
    named = set(re.findall(r"`([a-z0-9_]+/[a-z0-9_]+)`", told))
    assert len(doors) > 20
    assert doors - named == set()
