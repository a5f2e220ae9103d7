"""The pages of metrics that an app's pods show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_canary.analysis import prometheus
from pytest_canary.analysis.prometheus import Metrics
from pytest_canary.api.client import Api
from pytest_canary.config.api_settings import ApiSettings, Request
from pytest_canary.core.errors import ApiError, ReleaseError
from pytest_canary.k8s.namespace_api import MeasuredPods

# What pages of metrics are asked for as.
TEXT_FORMAT = {"Accept": "text/plain; version=0.0.4"}


@dataclass(frozen=True)
class Page:
    """A pod's page of metrics.

    Attributes:
        at: when it was read, in seconds from any beginning.
        restarts: how often the pod's containers had been restarted by then.
        metrics: what it holds.
    """

    at: float
    restarts: int
    metrics: Metrics

    def is_anothers(self, later: Page) -> bool:
        """Whether a later page is another process's, which no restart of the pod's explains."""
        again = later.restarts != self.restarts
        return not again and prometheus.is_another_process(self.metrics, later.metrics)


class Pages:
    """Asks pods for their pages, one by one, past the Service.

    Args:
        namespace: where the pods live.
        api: the settings that tell where an app shows its metrics.
        request: seconds for one page.
        port: tells the port that a pod listens on, by its name.
    """

    def __init__(
        self, namespace: MeasuredPods, api: ApiSettings, request: float, port: Callable[[str], int]
    ) -> None:
        self._namespace = namespace
        self._settings = api
        self._request = request
        self._port = port

    def read(self, pod: str) -> Metrics | None:
        """A pod's metrics; None where it shows none, which many apps don't."""
        try:
            base, session = self._namespace.proxy(pod, self._port(pod))
        except ReleaseError:
            return None  # the Service does not know it yet
        api = Api(base, self._settings, self._request, session, f"pod {pod}")
        wanted = Request(method="GET", path=self._settings.metrics, headers=TEXT_FORMAT)
        # A path that answers with something else is no page of metrics.
        try:
            return prometheus.read(api.expect(wanted).text, wanted.path)
        except ApiError:
            return None
        finally:
            session.close()
