"""What a stage is and works with, what happened, and what asserts.

`Stage` is what it is; `Workspace` what it works with from the first moment, and `Context` once the
cluster is up; `Journal` is what happened; `expect` and `expectations` assert.
"""
