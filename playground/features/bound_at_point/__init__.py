"""Bound at point."""
