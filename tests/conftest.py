"""Settings for all tests: TensorFlow without chatter, and Hypothesis with the same examples every time."""

import os

from hypothesis import HealthCheck, settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# No deadline and no health check of speed: a busy machine must not fail a test.
settings.register_profile(
    "same every time",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same every time")
