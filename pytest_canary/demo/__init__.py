"""The bundled app as a project of its own, to be walked where there is no other.

It is `app/`, `manifests/` and `apply.sh`, which the wheel has too.
"""
