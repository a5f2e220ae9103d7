"""Where preflight finds something: in the manifests, in what changes, in pipelines, in settings."""

from unit.stages.failing.preflight import changes, manifests, migrations, pipelines, settings
from unit.stages.failing.preflight.cases import CASES

__all__ = ["CASES", "changes", "manifests", "migrations", "pipelines", "settings"]
