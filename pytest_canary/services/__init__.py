"""GitHub's and GitLab's pipelines: read for the runner of `jobs`, and their jobs run as there."""
