"""The way to one cluster's API server: a kubeconfig's, with deadlines, and errors as sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.k8s.objects import Object

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# Seconds to connect to the API server, and for each of its answers.
API_TIMEOUT = (10, 60)


class Connection:
    """Calls an API server, reached through a kubeconfig file of the run's own.

    Args:
        kubeconfig: the file.
        context: which of its contexts; None for the current one.
        redactor: takes the secrets out of what the API server says.
    """

    def __init__(
        self, kubeconfig: Path, context: str | None = None, redactor: Redactor | None = None
    ) -> None:
        from kubernetes import client, config

        configuration = client.Configuration()
        config.load_kube_config(str(kubeconfig), context, configuration, persist_config=False)
        # The cluster is on loopback or named by the user: proxies of the environment are not meant.
        self.client: ApiClient = client.ApiClient(configuration)
        self.kubeconfig = kubeconfig
        self.redactor = redactor or Redactor()

    @property
    def authorization(self) -> str | None:
        """The header of that name that requests need; None where a certificate does."""
        configuration = self.client.configuration
        token: str | None = configuration.get_api_key_with_prefix("authorization") or (
            configuration.get_api_key_with_prefix("BearerToken")
        )
        return token

    def call(
        self,
        what: str,
        namespace: str,
        method: Any,
        *args: Any,
        gone_is_fine: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call a method of the client's.

        Args:
            what: what it does, as an infinitive.
            namespace: for which namespace.
            method: the client's method.
            args: its arguments.
            gone_is_fine: whether it has done its work where the API server knows no such object.
            kwargs: its keyword arguments.

        Returns:
            What the method does; None where the object is gone.

        Raises:
            ClusterError: the API server refuses, or does not answer.
        """
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return method(*args, _request_timeout=API_TIMEOUT, **kwargs)
        except ApiException as error:
            if gone_is_fine and error.status == 404:
                return None
            why = self.redactor.redact(_message(error))
            raise ClusterError(f"can't {what} in namespace {namespace}: {why}") from error
        except HTTPError as error:
            raise ClusterError(
                f"can't {what}: {self.client.configuration.host} does not answer; see that the "
                "cluster runs, and that the context is the right one",
                str(error),
            ) from error

    def items(
        self, what: str, namespace: str, lister: Any, *args: str, **selector: Any
    ) -> list[Object]:
        """What a method of the client's lists; its arguments and errors are `call`'s own."""
        response = self.call(what, namespace, lister, *args, _preload_content=False, **selector)
        items: list[Object] = json.loads(response.data)["items"]
        return items


def _message(error: Any) -> str:
    """The API server's own sentence, where it gave one."""
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason or error).strip()
