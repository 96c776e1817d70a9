"""Wherever notebooks are tested, their numbers are compared within tolerances."""

pytest_plugins = ["tools.comparison"]
