"""One tab a file; `common.py` holds what all three share."""
