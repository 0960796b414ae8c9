"""Reflow."""
