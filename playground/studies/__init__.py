"""Studies: what takes too long for an answer is measured in a run of its own, with progress, pause, stop and results so far.

Each is a generator of results, `X(config, ...)`, and `X_run(config, ..., control)` is the run that `playground/driver.py` makes of it.

`bounds` and `likelihood` measure log p(x) under a VAE and under a diffusion model, `comparison` five ways to sample a decoder,
`reflow` straightens a flow (`reflow_run` is its run), `arena` tries the schedulers of diffusers. Their settings stand in
`playground/study_settings.py`.
"""
