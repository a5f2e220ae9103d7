"""Where the project's own files are: what tests read, copy and run."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The repository's."""

DOCS = ROOT / "docs"
FIXTURES = ROOT / "fixtures"
TESTS = ROOT / "tests"
"""Where another Python finds `fakes`."""

BUNDLED_TEMPLATE = ROOT / "manifests" / "deployment.yml"
"""That of the bundled app's Deployments."""
