"""The addressbook: a small service whose releases are rehearsed."""

from pathlib import Path

# Written into the image when it is built: a release is what was built, not what it is told to be.
RELEASE = int((Path(__file__).parent / "RELEASE").read_text(encoding="ascii"))
