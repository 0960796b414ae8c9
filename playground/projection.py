"""Latents of any size as points on a plane that stay put from one frame to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Projection:
    """`points = (z - mean) @ axes`: (n, 2); `explained` is each axis' share of the variance of `z`."""

    points: np.ndarray
    mean: np.ndarray
    axes: np.ndarray
    explained: np.ndarray


def pca(z: np.ndarray, previous: Projection | None = None) -> Projection:
    """The first two principal components of `z`, (n, d) with d >= 2, by the eigenvectors of its covariance.

    Principal axes are defined up to sign (and, where variances are equal, up to rotation), so they are turned within their
    plane to lie as close as they can to the `previous` axes (orthogonal Procrustes): points glide, they do not jump.
    """
    mean = z.mean(0)
    values, vectors = np.linalg.eigh(np.cov(z - mean, rowvar=False))
    order = np.argsort(values)[::-1][:2]
    axes, total = vectors[:, order], max(float(values.sum()), 1e-12)
    if previous is not None and previous.axes.shape == axes.shape:
        left, _, right = np.linalg.svd(axes.T @ previous.axes)
        axes = axes @ (left @ right)
    points = (z - mean) @ axes
    return Projection(points, mean, axes, points.var(0, ddof=1) / total)
