"""What jobs get of secrets: nobody's values, but for the run's own."""

from pytest_canary.config.pipeline_settings import PipelineSettings, SecretSettings
from pytest_canary.delivery.provided import described_secrets, registry_variables


def test_a_variable_has_a_value_of_its_own_but_for_what_the_run_has() -> None:
    settings = PipelineSettings(
        secrets={
            "db": SecretSettings(variables=["DB_HOST", "DB_PASSWORD"], files=[]),
            "key": SecretSettings(variables=["TOKEN"], files=["~/key.json"]),
        }
    )
    known = {"DB_HOST": "db", "DB_PASSWORD": "s3cret-of-the-run", "OTHER": "x"}
    found = described_secrets(settings, known)
    assert dict(found["db"].variables) == {"DB_HOST": "db", "DB_PASSWORD": "s3cret-of-the-run"}
    assert len(found["key"].variables["TOKEN"]) > 20
    assert (
        found["key"].variables["TOKEN"]
        != described_secrets(settings, known)["key"].variables["TOKEN"]
    )
    assert set(found["key"].files) == {"~/key.json"}


def test_semaphores_registry_is_no_ones() -> None:
    found = registry_variables()
    assert found["SEMAPHORE_REGISTRY_URL"].endswith(".invalid")
    assert found["SEMAPHORE_REGISTRY_PASSWORD"] != found["SEMAPHORE_REGISTRY_USERNAME"]
