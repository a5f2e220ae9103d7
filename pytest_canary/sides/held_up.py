"""Whether this machine has sent too little for a verdict to say anything of the app."""

from __future__ import annotations

from pytest_canary.core.machine import busy_with

# The share of requests that this machine may fail to send before nothing is said of the app.
UNSENT = 0.01


def lack_of_sending(unsent: float) -> str:
    """Why the machine, and not the app, is what was measured; empty where it isn't so.

    Args:
        unsent: the share of what was due that this machine did not get to, of 1.
    """
    if unsent <= UNSENT:
        return ""
    return (
        f"the load generator could not keep up: {unsent * 100:.1f} % of the requests were not "
        f"sent; lower verdict.rate, or free the machine, which has {busy_with()}"
    )
