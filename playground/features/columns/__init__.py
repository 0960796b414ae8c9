"""The columns of a table: rows that a model makes beside held-out ones, as lines across parallel axes."""
