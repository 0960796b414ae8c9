"""The autoencoder and the VAE, in the order of their theory: likelihoods, autoencoder, objectives, bounds, quadrature, gaps."""
