"""What the page shows and measures, a folder each; `registry.py` finds those that the server has to know of."""
