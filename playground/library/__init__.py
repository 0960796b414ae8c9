"""The library: a panel with all runs that are kept."""
