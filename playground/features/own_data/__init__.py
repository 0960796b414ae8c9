"""Data of one's own: files that are brought, and distributions that are drawn."""
