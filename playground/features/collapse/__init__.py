"""Collapse."""
