"""Whatever model Hypothesis builds: a Retrainer trains it as `model.fit` does."""

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from helpers.training import Retrainer
from tests.helpers.random_models import draw_model, samples
