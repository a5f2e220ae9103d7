"""What makes a version's objects, be it the project's script or a tool, and what applies them.

`tracks` makes a walk's two Deployments of one, purely.
"""
