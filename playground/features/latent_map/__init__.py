"""Latent map."""
