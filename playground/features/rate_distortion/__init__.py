"""Rate distortion."""
