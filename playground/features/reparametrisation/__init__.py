"""Reparametrisation."""
