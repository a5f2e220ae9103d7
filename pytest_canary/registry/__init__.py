"""A registry of the run's own, that pipelines push to and the cluster pulls from."""
