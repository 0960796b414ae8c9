"""The bridge to diffusers, and the only place that imports it: its schedulers run our models, and our models become its own.

    catalogue     every scheduler class that this version of diffusers has, and which of them cannot even be made
    conventions   what a scheduler hands a network and what it wants back, as coefficients
    driving       one scheduler, one denoiser, one trajectory; evaluations counted
    probing       which schedulers are mathematically right, found by running each with an exact denoiser
    unet          diffusers' own `UNet2DModel` as a network of ours
    exporting     a trained model as a folder that `DiffusionPipeline.from_pretrained` loads
    importing     such a folder, ours or another's, as a denoiser

diffusers takes seconds to import, so nothing here is imported by the process that serves the page: only workers do.
"""
