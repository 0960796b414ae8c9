"""The page in a real Chromium: what a person does, and what they then see."""
