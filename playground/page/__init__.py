"""The page itself: its tabs, its endpoints, its words."""
