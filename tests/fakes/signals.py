"""A process that hears signals as one does that a user has started."""

import signal


def heed_signals() -> None:
    """For `preexec_fn`: what ignores a signal hands that on to what it starts.

    A shell's background does so with SIGINT and SIGQUIT, nohup with SIGHUP.
    """
    for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)
