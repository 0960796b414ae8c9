"""Runs side by side: their pictures, their numbers, and trainings that are begun together."""
