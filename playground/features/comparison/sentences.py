"""What the numbers of a comparison say: by the energy distance, by the Fréchet distance, and where the two disagree."""

from __future__ import annotations

from collections.abc import Mapping

Row = Mapping[str, float | None]

PAIRS = (
    ("ae_gaussian", "ae_diffusion", "AE: z by diffusion in place of one Gaussian"),
    ("vae_prior", "vae_diffusion", "VAE, means E[x|z]: z by diffusion in place of the prior"),
    ("ae_box", "vae_prior", "Images D(z): the VAE's prior in place of the box around the AE's codes"),
)
"""Two rows, and what the second does in place of the first."""
MEASURES = (
    ("energy distance", (("distance_of_means", "std_of_means"), ("distance", "std")), 4),
    ("Fréchet distance", (("frechet", "frechet_std"),), 1),
)
"""Its name, where a row has it with its spread (of a VAE that of means, which is what a classifier looks at, too), and decimals."""
VERDICTS = {1: "closer to real images", -1: "further from real images", 0: "no more than the spread"}


def summary(known: Mapping[str, Row]) -> str:
    """A sentence for each pair of rows that are there, and whose fault it is where a prior is no nearer than a box."""
    found = [compared(what, known[old], known[new]) for old, new, what in PAIRS if old in known and new in known]
    return " ".join([*found, fault(known)]).strip()


def fault(known: Mapping[str, Row]) -> str:
    """By what classifiers see of codes of real images, whether the VAE's decoder or its prior keeps it from being nearer than the box."""
    rows = [reading(known.get(name, {}), MEASURES[1][1]) for name in ("ae_box", "vae_prior", "vae_codes", "ae_codes")]
    box, prior, own, other = rows
    if not (box and prior and own and other) or verdict(box, prior) > 0:
        return ""
    codes = f"Real codes are at {own[0]:.1f} through the VAE's decoder, at {other[0]:.1f} through the AE's"
    if verdict(box, own) <= 0:
        return f"{codes}: a better prior can hardly help, a sharper decoder can."
    return f"{codes}: what lies between {own[0]:.1f} and {prior[0]:.1f} is the prior's."


def compared(what: str, old: Row, new: Row) -> str:
    """How both distances changed, and whether they agree on what that means."""
    changes, verdicts = [], {}
    for name, places, decimals in MEASURES:
        a, b = (reading(row, places) for row in (old, new))
        if a and b:
            changes.append(f"the {name} from {number(a[0], decimals)} to {number(b[0], decimals)}")
            verdicts[name] = verdict(a, b)
    return f"{what} takes {' and '.join(changes)}: {judged(verdicts)}." if changes else ""


def reading(row: Row, places: tuple[tuple[str, str], ...]) -> tuple[float, float] | None:
    """The first that the row has, with its spread."""
    found = ((row.get(name), row.get(spread)) for name, spread in places)
    return next(((value, std or 0.0) for value, std in found if value is not None), None)


def number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".replace("-", "−")


def verdict(old: tuple[float, float], new: tuple[float, float]) -> int:
    """1 where the distance fell by more than both spreads together, -1 where it rose so, else 0."""
    gain, spread = old[0] - new[0], old[1] + new[1]
    return 1 if gain > spread else -1 if gain < -spread else 0


def judged(verdicts: Mapping[str, int]) -> str:
    """What the measures say, told once where all say the same."""
    if len(set(verdicts.values())) == 1:
        return VERDICTS[next(iter(verdicts.values()))] + (" by both" if len(verdicts) > 1 else "")
    words = ", ".join(f"{VERDICTS[value]} by the {name}" for name, value in verdicts.items())
    return f"{words}; the two disagree" if 0 not in verdicts.values() else words
