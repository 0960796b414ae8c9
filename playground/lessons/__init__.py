"""Lessons: text files that a teacher writes, what they ask of a run, and the panel that shows them beside the instrument."""
