"""The registry's certificate, made for the run alone: it signs itself, and is its own authority."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes

# Days for which it is good, as a cluster may be kept; seconds in which openssl has made it.
DAYS, MAKING = 30, 60.0

_CONFIG = """\
[req]
prompt = no
distinguished_name = subject
x509_extensions = own
[subject]
CN = pytest-canary
[own]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = {names}
"""
_PART = re.compile(r"-----BEGIN ([A-Z ]+)-----\n.+?-----END \1-----\n", re.DOTALL)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str = field(repr=False)


def make_certificate(processes: Processes, hosts: Sequence[str]) -> Certificate:
    """A certificate for hosts, and for 127.0.0.1; its key is written nowhere.

    Args:
        processes: run openssl.
        hosts: names of the server.

    Raises:
        ClusterError: there is no openssl, or it makes none.
    """
    names = ", ".join([*(f"DNS:{host}" for host in hosts), "IP:127.0.0.1"])
    # What it reads and writes goes through pipes: nobody else can read those.
    argv = ["openssl", "req", "-x509", "-nodes", "-sha256"]
    argv += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    argv += ["-days", str(DAYS), "-config", "/dev/stdin"]
    argv += ["-keyout", "/dev/stdout", "-out", "/dev/stdout"]
    config = _CONFIG.format(names=names).encode()
    try:
        made = processes.read(argv, timeout=MAKING, stdin=[config])
    except CommandError as error:
        raise ClusterError(
            f"no certificate for the run's registry can be made: {error.sentence}; install openssl",
            _PART.sub("…\n", error.output),
        ) from error
    parts = {found[1]: found[0] for found in _PART.finditer(made)}
    key = next((text for title, text in parts.items() if title.endswith("PRIVATE KEY")), "")
    if not key or "CERTIFICATE" not in parts:
        raise ClusterError(
            "no certificate for the run's registry can be made: `openssl req` has written "
            f"{' and '.join(parts) or 'none'}; see that `openssl version` is OpenSSL or LibreSSL"
        )
    return Certificate(parts["CERTIFICATE"], key)
