"""The words of the page: the field's terms, one for each thing, and every sampler explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playground.config import SampleConfig, field_specs

PLAYGROUND = Path(__file__).parents[1] / "playground"
PAGE = [
    path
    for room in ("ui", "features", "page", "views")
    for path in (PLAYGROUND / room).rglob("*")
    if path.suffix in (".py", ".js", ".md") and path.name != "run.py"
]
RETIRED = {
    r"\bpaint(ed|ing)? in\b": "inpainting",
    r"start from an image": "image-to-image",
    r"bits a dimension": "bits per dimension",
    r"it memorises\b": "it overfits",
    r"best possible\"": "irreducible",
    r"\b(numbers?|nats|bits) an? (image|example|pixel|dimension)\b": "per",
    r"\bone dimension a row\b|\bone dot an example\b": "per",
    r"rules? for z\b": "prior",
}


@pytest.mark.parametrize("retired", RETIRED)
def test_the_page_uses_the_terms_of_the_field(retired: str) -> None:
    found = [path.name for path in PAGE if re.search(retired, path.read_text("utf-8"), re.IGNORECASE)]
    assert not found, f"say {RETIRED[retired]!r} in {found}"


def test_every_sampler_is_explained_below_the_diffusion_tab() -> None:
    text = (PLAYGROUND / "page/text/diffusion.md").read_text("utf-8")
    for title in field_specs(SampleConfig)["sampler"].titles.values():
        name = re.split(r"[,(]", title)[0].strip()
        assert f"*{name}*" in text, f"{title} is offered and never explained"


def test_each_of_the_two_scores_is_told_from_the_other_once() -> None:
    diffusion = (PLAYGROUND / "page/text/diffusion.md").read_text("utf-8")
    vae = (PLAYGROUND / "features/reparametrisation/section.py").read_text("utf-8")
    assert diffusion.count("REINFORCE") == 1 and "slope in parameters" in diffusion
    assert vae.count("score-function estimator") == 1 and "\\\\nabla_x" in vae
    assert "score function" not in (PLAYGROUND / "features/reparametrisation/card.js").read_text("utf-8")


def test_nothing_is_promised_of_beta_that_three_seeds_do_not_show() -> None:
    words = (PLAYGROUND / "features/factors/section.py").read_text("utf-8")
    assert (
        "Locatello" in words
        and "often helps" not in words
        and all(mig in words for mig in ("0.063", "0.173", "0.113", "0.291", "0.339", "0.293"))
    )
    assert "this one model" in (PLAYGROUND / "features/factors/card.js").read_text("utf-8"), "± is not the spread over seeds"
