"""Timings that anyone can rerun, side by side in one run: `make benchmark`."""
