"""Draws samples with any scheduler of diffusers: images, points, or images by way of latents; of given classes, where the model knows some.

pipe = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)
pipe(batch_size=16, num_inference_steps=20, generator=torch.Generator().manual_seed(0)).images    # or .points
"""

import inspect
from dataclasses import dataclass

import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor


@dataclass
class PointsOutput(BaseOutput):
    """Points in the plane, (n, 2)."""

    points: torch.Tensor


class RunPipeline(DiffusionPipeline):
    """A denoiser, `unet`, and a scheduler."""

    def __init__(self, unet, scheduler):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    def shape(self):
        """Of one sample."""
        config = self.unet.config
        if "sample_shape" in config:
            return tuple(config.sample_shape)
        size = config.sample_size
        return config.in_channels, *((size, size) if isinstance(size, int) else size)

    def predict(self, x, t, classes, guidance_scale):
        """What the network says of x; with classes, by classifier-free guidance. A network is told 0 for no class."""
        if classes is None or guidance_scale in (0.0, 1.0):
            told = {} if classes is None else {"class_labels": classes if guidance_scale == 1.0 else 0 * classes}
            return self.unet(x, t, **told).sample
        without, within = self.unet(torch.cat([x, x]), t, class_labels=torch.cat([0 * classes, classes])).sample.chunk(2)
        return without.lerp(within, guidance_scale)

    @torch.no_grad()
    def __call__(
        self, batch_size=1, num_inference_steps=20, class_labels=None, guidance_scale=1.0, generator=None, output_type="pil"
    ):
        """`class_labels`: a class or one for each sample, from 0; None is no class. `output_type`: pil, np or pt."""
        scheduler, shape, classes = self.scheduler, self.shape(), None
        if getattr(self.unet.config, "num_class_embeds", None) or getattr(self.unet.config, "n_labels", 0):
            wanted = torch.as_tensor(-1 if class_labels is None else class_labels, device=self.device)
            classes = wanted.expand(batch_size) + 1
        elif class_labels is not None:
            raise ValueError("This model was trained without classes: leave class_labels out.")
        scheduler.set_timesteps(num_inference_steps)
        x = randn_tensor((batch_size, *shape), generator=generator, device=self.device) * getattr(
            scheduler, "init_noise_sigma", 1.0
        )
        options = {"generator": generator, "use_clipped_model_output": True}
        options = {name: value for name, value in options.items() if name in inspect.signature(scheduler.step).parameters}
        for t in self.progress_bar(scheduler.timesteps):  # pyright: ignore
            seen = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
            x = scheduler.step(self.predict(seen, t, classes, guidance_scale), t, x, **options).prev_sample
        if hasattr(self.unet, "decode"):
            images = self.unet.decode(x).clamp(0.0, 1.0)
        elif len(shape) == 3:
            images = (x / 2.0 + 0.5).clamp(0.0, 1.0)
        else:
            return PointsOutput(points=x)
        if output_type == "pt":
            return ImagePipelineOutput(images=images)  # pyright: ignore
        images = images.cpu().permute(0, 2, 3, 1).numpy()
        return ImagePipelineOutput(images=self.numpy_to_pil(images) if output_type == "pil" else images)
