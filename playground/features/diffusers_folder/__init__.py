"""Diffusers folder."""
