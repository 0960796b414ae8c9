"""The teacher's page: all runs of a class on one wall, and what steers them; it is there only where the server was started with a token."""
