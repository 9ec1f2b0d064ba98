"""Ears: they turn frames into opinions with times, and decide nothing."""
