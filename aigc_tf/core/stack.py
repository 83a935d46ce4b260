"""Which stack this is, classic or current: the one place that asks.  Standard library only, since set-up uses it."""

import sys

STACKS = {(3, 11): "classic", (3, 12): "current", (3, 13): "current"}  # the Python version picks the lock file
NAME = "classic" if sys.version_info < (3, 12) else "current"
KERAS_3 = NAME == "current"
