"""The verdict's metrics, a module each: what of the canary is held against the baseline's."""
