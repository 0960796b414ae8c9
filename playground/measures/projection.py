"""Latents of any size as points on a plane, or in space, that stay put from one frame to the next.

PCA is a linear map with a way back. t-SNE and UMAP keep neighbours together and nothing else: their axes and distances
mean nothing, and there is no way back. No function here raises on numbers that are not finite: such rows of `z` become
NaN, and the others are placed without them.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

Method = Literal["raw", "pca", "tsne", "umap"]
NAMES: dict[str, str] = {"raw": "raw axes", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
SLOW = ("tsne", "umap")
"""These take seconds, so they are computed beside the run and lag behind it."""
FIRST_ITERATIONS = 500
"""Of the first t-SNE picture, the first 250 with early exaggeration."""
NEXT_ITERATIONS = 250
"""Of the ones that start from the picture before; the fewest that scikit-learn takes."""


@dataclass(frozen=True)
class ProjectionSettings:
    """What a person chose; None is "as is usual for this latent size"."""

    method: Method | None = None
    dims: int = 2
    perplexity: float = 30.0
    """Effective number of neighbours that t-SNE looks at; UMAP takes it, rounded, as its `n_neighbors`."""
    seed: int = 0

    @classmethod
    def parse(cls, values: Any, latent_dim: int) -> ProjectionSettings:
        """Checks what came from anybody. Raises `ValueError` with a sentence."""
        if not isinstance(values, dict) or not set(values) <= {"method", "dims", "perplexity", "seed"}:
            raise ValueError('A projection is given by name, such as {"method": "pca", "dims": 2, "perplexity": 30, "seed": 0}.')
        offered = methods(latent_dim)
        asked, dims = values.get("method"), values.get("dims", 2)
        perplexity, seed = values.get("perplexity", 30), values.get("seed", 0)
        method: Method | None = next((name for name in offered if name == asked), None)
        if method is None:
            known = ", ".join(offered)
            raise ValueError(f"method = {str(asked)[:20]!r} is refused: with {counted(latent_dim)} it must be one of {known}.")
        if method == "raw":
            dims = offered["raw"][0]
        if type(dims) is not int or dims not in offered[method]:
            known = " or ".join(map(str, offered[method]))
            raise ValueError(f"dims = {str(dims)[:20]} is refused: {NAMES[method]} of {counted(latent_dim)} is shown in {known}.")
        if isinstance(perplexity, bool) or not isinstance(perplexity, (int, float)) or not 2 <= perplexity <= 100:
            raise ValueError(f"perplexity = {str(perplexity)[:20]} is refused: it must be a number from 2 to 100.")
        if type(seed) is not int or not 0 <= seed < 2**31:
            raise ValueError(f"seed = {str(seed)[:20]} is refused: it must be a whole number from 0 to {2**31 - 1}.")
        return cls(method, dims, float(perplexity), seed)


def counted(latent_dim: int) -> str:
    """ "1 latent dimension" and the like."""
    return f"{latent_dim} latent dimension{'s' if latent_dim != 1 else ''}"


def methods(latent_dim: int) -> dict[Method, tuple[int, ...]]:
    """Projections on offer -> the numbers of dimensions that each may show. One latent dimension is shown as a line."""
    offered: dict[Method, tuple[int, ...]] = {"raw": (latent_dim,)} if latent_dim <= 3 else {}
    if latent_dim > 1:
        offered["pca"] = (2, 3) if latent_dim > 2 else (2,)
    offered["tsne"] = (2, 3)
    if importlib.util.find_spec("umap"):
        offered["umap"] = (2, 3)
    return offered


@dataclass(frozen=True)
class Projection:
    """`points = (z - mean) @ axes`: (n, k); `explained` is each axis' share of the variance of `z`."""

    points: np.ndarray
    mean: np.ndarray
    axes: np.ndarray
    explained: np.ndarray


def finite_rows(z: np.ndarray) -> np.ndarray:
    """Which rows of `z` (n, d) hold numbers only: (n,) of bool."""
    return np.asarray(np.isfinite(z).all(axis=1))


def cleared(z: np.ndarray) -> np.ndarray:
    """`z` with NaN in all of a row that holds a number which is not finite."""
    z = np.asarray(z, dtype=np.float64)
    return np.where(finite_rows(z)[:, None], z, np.nan)


def pca(z: np.ndarray, previous: Projection | None = None, dims: int = 2) -> Projection:
    """The first `dims` principal components of `z`, (n, d) with d >= dims, by the eigenvectors of its covariance.

    Principal axes are defined up to sign (and, where variances are equal, up to rotation), so they are turned among
    themselves to lie as close as they can to the `previous` axes (orthogonal Procrustes): points glide, they do not jump.
    Where fewer than two rows are finite, the previous axes are kept, or the first coordinates of `z` are shown.
    """
    z = cleared(z)
    rows, d = z[finite_rows(z)], z.shape[1]
    known = previous.axes if previous is not None and previous.axes.shape == (d, dims) else None
    if len(rows) < 2:
        mean = rows.mean(0) if len(rows) else np.zeros(d)
        axes = known if known is not None else np.eye(d)[:, :dims]
        return Projection((z - mean) @ axes, mean, axes, np.zeros(dims))
    mean = rows.mean(0)
    values, vectors = np.linalg.eigh(np.cov(rows - mean, rowvar=False).reshape(d, d))
    axes, total = vectors[:, np.argsort(values)[::-1][:dims]], max(float(values.sum()), 1e-12)
    if known is not None:
        axes = axes @ rotation(axes, known)
    return Projection((z - mean) @ axes, mean, axes, ((rows - mean) @ axes).var(0, ddof=1) / total)


def rotation(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation or reflection R (k, k) which makes `|points R - target|` least (orthogonal Procrustes)."""
    left, _, right = np.linalg.svd(points.T @ target)
    return left @ right


def unit(points: np.ndarray) -> np.ndarray:
    """Centred, and scaled to a mean squared distance of 1 from the centre."""
    centred = points - points.mean(0)
    return centred / max(float(np.sqrt((centred**2).sum(1).mean())), 1e-12)


@dataclass(frozen=True)
class Embedding:
    """`points` (n, k) around their centre, at a mean squared distance of 1; `scale` times that is what the method found.

    The scale of a t-SNE grows for as long as it is computed, and means nothing.
    """

    points: np.ndarray
    scale: float


def embed(z: np.ndarray, settings: ProjectionSettings, previous: Embedding | None = None, fresh: bool = False) -> Embedding:
    """t-SNE or UMAP of `z` (n, d), turned to lie as close as it can to `previous`.

    It starts where `previous` ended, or from a PCA, with t-SNE's early exaggeration, if there is no embedding before or
    a `fresh` start is wanted. Raises `ImportError` where the method is not installed.
    """
    z = cleared(z)
    good, k = finite_rows(z), settings.dims
    points = np.full((len(z), k), np.nan)
    if good.sum() < 8 or not np.ptp(z[good], axis=0).any():  # too few to have neighbours, or all in one place
        points[good] = 0.0
        return Embedding(points, 1.0)
    old = start = None
    if previous is not None and previous.points.shape == (len(z), k):
        old = np.nan_to_num(previous.points[good])
        start = old * previous.scale if not fresh and np.ptp(old) > 0 else None
    found = (tsne if settings.method == "tsne" else umap)(z[good], settings, start)
    scale = float(np.sqrt(((found - found.mean(0)) ** 2).sum(1).mean()))
    shown = unit(found)
    points[good] = shown @ rotation(shown, first_axes(z[good], k) if old is None else old)
    return Embedding(points, scale)


def first_axes(z: np.ndarray, dims: int) -> np.ndarray:
    """`z` (n, d) in `dims` dimensions, (n, dims): the first principal components, and zeros where d is smaller."""
    components = pca(z, dims=min(dims, z.shape[1])).points
    return np.pad(components, ((0, 0), (0, dims - components.shape[1])))


def tsne(z: np.ndarray, settings: ProjectionSettings, start: np.ndarray | None) -> np.ndarray:
    """scikit-learn's Barnes-Hut t-SNE of `z`, in one thread; as it is found, (n, dims)."""
    from sklearn.manifold import TSNE

    init = start
    if init is None:
        init = first_axes(z, settings.dims)
        init = init / max(float(init[:, 0].std()), 1e-12) * 1e-4
    return TSNE(
        settings.dims,
        perplexity=min(settings.perplexity, (len(z) - 1) / 3),
        early_exaggeration=12.0 if start is None else 1.0,
        max_iter=FIRST_ITERATIONS if start is None else NEXT_ITERATIONS,
        init=cast(Any, init.astype(np.float32)),  # scikit-learn declares only its words
        learning_rate="auto",
        random_state=settings.seed,
        n_jobs=1,
    ).fit_transform(standard(z))


def umap(z: np.ndarray, settings: ProjectionSettings, start: np.ndarray | None) -> np.ndarray:
    """UMAP of `z` by `umap-learn`, which is not among the requirements; as it is found, (n, dims).

    Its steps are drawn at random, so what starts from a picture takes small ones: at the usual rate of 1, the points of an
    unchanged model jump by a fifth of their spread.
    """
    from umap import UMAP  # pyright: ignore[reportMissingImports] (optional: it may not be installed)

    return UMAP(
        n_neighbors=min(round(settings.perplexity), len(z) - 1),
        n_components=settings.dims,
        n_epochs=None if start is None else 100,
        learning_rate=1.0 if start is None else 0.02,
        init="spectral" if start is None else start.astype(np.float32),
        random_state=settings.seed,
        n_jobs=1,
    ).fit_transform(standard(z))


def standard(z: np.ndarray) -> np.ndarray:
    """`z` around its mean, divided by one number for all axes: distances of any size as ordinary 32-bit floats."""
    return (unit(z) * math.sqrt(z.shape[1])).astype(np.float32)
