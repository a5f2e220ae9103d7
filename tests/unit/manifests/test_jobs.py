"""The manifest of the Job that migrates, filled in as the template of the Deployment is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.jobs import job_faults, jobs, render_job
from pytest_canary.manifests.rendered import Given
from pytest_canary.manifests.templates import Script

GIVEN = Given("shop-canary", 1, "shop:2", {"REGION": "eu"})
JOB = """apiVersion: batch/v1
kind: Job
metadata: {name: NAME}
spec: {template: {spec: {containers: [{name: migrate, image: IMAGE}]}}}
"""


def rendered(text: str, script: str) -> dict[str, str]:
    source = Source(Path("job.yml"), "job.yml", text)
    template = render_job(source, Script("apply.sh", script), GIVEN)
    (job,) = jobs(template)
    assert list(job_faults(source, template)) == []
    return {
        "name": job.name,
        "image": job.at("spec", "template", "spec", "containers", 0, "image"),
    }


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (JOB.replace("NAME", "migrate-$REGION").replace("IMAGE", "$img"), "export img=$4; awk x"),
        (JOB.replace("NAME", "migrate-eu"), 'sed "s|IMAGE|$4|" $1 | kubectl apply -f -'),
    ],
    ids=["variables", "words"],
)
def test_a_job_gets_what_the_script_puts_into_the_template(text: str, script: str) -> None:
    assert rendered(text, script) == {"name": "migrate-eu", "image": "shop:2"}


def test_what_the_script_does_not_know_stays() -> None:
    assert rendered(JOB.replace("NAME", "x"), "envsubst") == {"name": "x", "image": "IMAGE"}
