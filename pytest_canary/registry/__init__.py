"""A registry of the run's own: jobs push to it, the node pulls, and it is asked what it has."""
