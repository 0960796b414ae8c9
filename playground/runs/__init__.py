"""How a run goes: what it says, what it is told, its checkpoints, the one trainer, and drawing samples."""
