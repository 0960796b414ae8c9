"""Forward."""
