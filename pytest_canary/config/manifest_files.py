"""Where a project's manifests are, and what makes objects of them, said or recognised."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.config.chart_values import WORDS, unknown
from pytest_canary.config.manifest_settings import ManifestSettings, RendererName

# Where manifests are mostly kept.
FOLDERS = ("manifests", "k8s", "kubernetes", "kube", "deploy", "deployment", "kustomize", ".")

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")

CHART = "Chart.yaml"

# Where a chart mostly is.
CHARTS = ("chart", "helm", "charts", "deploy/chart", "deploy/helm")

# What kubectl takes of a folder.
ENDINGS = (".yaml", ".yml", ".json")

DEPLOYMENT = re.compile(r"^[\"']?kind[\"']?:\s*[\"']?Deployment\b", re.MULTILINE)

# A name that a script fills in: of such a file, only the script makes two Deployments.
TEMPLATE = re.compile(r"^\s+name:\s*[\"']?[^\s#]*(\$|\{\{)", re.MULTILINE)

# Of a file, what is looked at for a Deployment.
LOOKED_AT = 200_000


@dataclass(frozen=True)
class ManifestFiles:
    """What makes the objects, and of what.

    Attributes:
        renderer: what does.
        sources: files and folders; none for a script, which has settings of its own.
    """

    renderer: RendererName
    sources: tuple[Path, ...] = ()


def find_manifests(manifests: ManifestSettings, root: Path) -> ManifestFiles:
    """The manifests that the settings name; or, where they name none, those that are there.

    Where several may be meant, it is a template and a script, which are then found missing.
    """
    named = tuple(root / each for each in manifests.path)
    renderer = manifests.renderer
    if renderer == "apply.sh" or (renderer is None and not named and manifests.of_script):
        return ManifestFiles("apply.sh")
    if named:
        return ManifestFiles(renderer or _renderer_of(named), named)
    if renderer is None and (root / manifests.apply).is_file():
        return ManifestFiles("apply.sh")
    found = [each for each in _recognise(root) if renderer in (None, each.renderer)]
    if len(found) == 1:
        return found[0]
    return ManifestFiles(renderer, (root / FOLDERS[0],)) if renderer else ManifestFiles("apply.sh")


def misfit(
    found: ManifestFiles, manifests: ManifestSettings, root: Path
) -> tuple[str, object, str] | None:
    """What is wrong with what the settings name: key, value, what; None for nothing."""
    path = manifests.path[0] if len(manifests.path) == 1 else manifests.path
    if found.renderer == "apply.sh":
        if manifests.path:
            return "manifests.path", path, 'goes with renderer "yaml", "kustomize" or "helm"'
        if manifests.container:
            return "manifests.container", manifests.container, 'goes with "yaml" and "kustomize"'
        return _misfit_of_chart(found, manifests, root)
    if manifests.of_script:
        key = manifests.of_script[0]
        why = f'goes with renderer "apply.sh"; for "{found.renderer}" name all of it in path'
        return f"manifests.{key}", getattr(manifests, key), why
    key, value = ("path", path) if manifests.path else ("renderer", found.renderer)
    for each in found.sources:
        if not each.exists():
            return f"manifests.{key}", value, f"there is no file or folder {each}"
        for file in yaml_files(each):
            if not os.access(file, os.R_OK):
                return f"manifests.{key}", value, f"{file} can't be read: permission denied"
    if found.renderer != "yaml" and len(found.sources) > 1:
        return f"manifests.{key}", value, "one folder"
    if found.renderer == "kustomize" and not kustomization(found.sources[0]):
        what = f"{found.sources[0]} is no folder with a {KUSTOMIZATIONS[0]}"
        return f"manifests.{key}", value, what
    if found.renderer == "helm" and not (found.sources[0] / CHART).is_file():
        return f"manifests.{key}", value, f"{found.sources[0]} is no folder with a {CHART}"
    return _misfit_of_chart(found, manifests, root)


def misfits_of_prerequisites(
    manifests: ManifestSettings, root: Path
) -> Iterator[tuple[str, object, str]]:
    """What is wrong with what the release presupposes: key, value, what."""
    key = "manifests.prerequisites"
    for each in manifests.prerequisites:
        path = root / each
        if not path.exists():
            yield key, each, f"there is no file or folder {path}"
        elif not yaml_files(path):
            yield key, each, f"folder {path} has no {', '.join(ENDINGS)}"
        for file in yaml_files(path) if path.exists() else ():
            if not os.access(file, os.R_OK):
                yield key, each, f"{file} can't be read: permission denied"


def _misfit_of_chart(
    found: ManifestFiles, manifests: ManifestSettings, root: Path
) -> tuple[str, object, str] | None:
    if found.renderer != "helm":
        for name in ("values", "set", "releases"):
            field = "set_" if name == "set" else name
            if field in manifests.model_fields_set:
                return f"manifests.{name}", getattr(manifests, field), 'goes with renderer "helm"'
        return None
    for each in manifests.values:
        if not os.access(root / each, os.R_OK) or not (root / each).is_file():
            return "manifests.values", each, f"there is no file {root / each} that can be read"
    for name, word in unknown(manifests.set_, manifests.releases):
        words = ", ".join(WORDS[manifests.releases])
        why = f"there is no {{{word}}}; there are {words}"
        return f"manifests.set.{name}", manifests.set_[name], why
    return None


def yaml_files(source: Path) -> list[Path]:
    """The files that `kubectl apply -f` takes of a file or a folder: not those further down."""
    if not source.is_dir():
        return [source]
    return sorted(each for each in source.iterdir() if each.suffix in ENDINGS and each.is_file())


def kustomization(folder: Path) -> Path | None:
    """A folder's kustomization; None where it has none."""
    return next((folder / each for each in KUSTOMIZATIONS if (folder / each).is_file()), None)


def _renderer_of(sources: tuple[Path, ...]) -> RendererName:
    if len(sources) == 1 and (sources[0] / CHART).is_file():
        return "helm"
    return "kustomize" if len(sources) == 1 and kustomization(sources[0]) else "yaml"


def _recognise(root: Path) -> Iterator[ManifestFiles]:
    """What a folder that is usual for manifests holds, or for a chart."""
    charts = [root / name for name in CHARTS] + _folders(root / "charts")
    for chart in charts:
        if (chart / CHART).is_file():
            yield ManifestFiles("helm", (chart,))
    for name in FOLDERS:
        folder = root / name
        overlays = [each for each in _folders(folder / "overlays") if kustomization(each)]
        # A base is there for its overlays.
        kustomized = overlays or [each for each in [folder] if kustomization(each)]
        yield from (ManifestFiles("kustomize", (each,)) for each in kustomized)
        if not kustomized and name != "." and any(map(_is_plain, _yaml_in(folder))):
            yield ManifestFiles("yaml", (folder,))


def _folders(folder: Path) -> list[Path]:
    return [each for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []


def _yaml_in(folder: Path) -> list[Path]:
    return yaml_files(folder) if folder.is_dir() else []


def _is_plain(path: Path) -> bool:
    """Whether a file has a Deployment that is no template."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(LOOKED_AT)
    except OSError:
        return False
    return bool(DEPLOYMENT.search(text)) and not TEMPLATE.search(text)
