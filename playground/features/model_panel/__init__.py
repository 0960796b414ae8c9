"""Model panel."""
