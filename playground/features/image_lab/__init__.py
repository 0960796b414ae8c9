"""Image lab."""
