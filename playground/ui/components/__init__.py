"""The pieces of the live page: each a Python factory and a plain `.js` (and `.css`) file beside it."""
