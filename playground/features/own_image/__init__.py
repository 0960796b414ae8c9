"""One image that a person draws or pastes: what the model makes of it, and how usual it is."""
