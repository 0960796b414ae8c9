"""What a diffusion in a latent space looks like while it learns."""

from playground.features.feature import Feature
from playground.features.latent_diffusion.view import latent_diffusion_views

FEATURE = Feature("latent_diffusion", pictures={"latent_diffusion": latent_diffusion_views})
