"""The quality of samples."""
