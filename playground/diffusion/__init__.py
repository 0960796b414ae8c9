"""Diffusion, in the order of its theory: noise, denoiser, objectives, sampling, oracle, likelihood; and the bridge to diffusers."""
