"""Likelihood."""
