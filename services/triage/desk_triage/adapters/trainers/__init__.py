"""Trainers: what fits coefficients to a training set and calibrates them."""
