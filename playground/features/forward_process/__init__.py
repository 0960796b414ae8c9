"""The forward process: data drowning in noise, under every schedule."""
