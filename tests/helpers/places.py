"""Where the repository and its golden values lie, whatever the working directory is."""

from pathlib import Path


REPOSITORY = Path(__file__).parents[2]
GOLDEN = REPOSITORY / "tests" / "golden"
