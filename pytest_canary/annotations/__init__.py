"""Findings beside the code that they are about, as GitHub, GitLab and SARIF have them."""
