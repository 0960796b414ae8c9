"""The words of the page: the field's terms, one for each thing, and every sampler explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playground.config import SampleConfig, field_specs
from playground.page.page import TABS
from playground.ui.prose import html
from playground.ui.tab import TrainingTab
from playground.ui.words import known

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
    diffusion = (PLAYGROUND / "features/exact/words.md").read_text("utf-8")
    vae = (PLAYGROUND / "features/reparametrisation/words.md").read_text("utf-8")
    assert diffusion.count("REINFORCE") == 1 and "slope in parameters" in diffusion
    assert vae.count("score-function estimator") == 1 and "\\nabla_x" in vae
    assert "score function" not in (PLAYGROUND / "features/reparametrisation/card.js").read_text("utf-8")


def test_nothing_is_promised_of_beta_that_three_seeds_do_not_show() -> None:
    words = (PLAYGROUND / "features/factors/words.md").read_text("utf-8")
    assert (
        "Locatello" in words
        and "often helps" not in words
        and all(mig in words for mig in ("0.063", "0.173", "0.113", "0.291", "0.339", "0.293"))
    )
    assert "this one model" in (PLAYGROUND / "features/factors/card.js").read_text("utf-8"), "± is not the spread over seeds"


@pytest.mark.parametrize("tab", [tab for _, _, tab, _ in TABS], ids=[name for name, *_ in TABS])
def test_every_bench_says_its_question_and_what_to_try(tab: type[TrainingTab]) -> None:
    for title, _ in tab.benches:
        words = known()[title]
        assert words.question.endswith("?") and "\n" not in words.question and words.tries.startswith("- "), title


def test_words_belong_to_something_that_is_on_the_page() -> None:
    benches = {title for _, _, tab, _ in TABS for title, _ in tab.benches}
    code = "".join(path.read_text("utf-8") for path in PLAYGROUND.rglob("*.py"))
    for title in known():
        card = title.removeprefix("Card: ")
        assert title in benches if card == title else f'"{card}"' in code or f">{card}<" in code, (
            f"words of {title}, which is nowhere"
        )


def test_words_are_text_and_never_markup() -> None:
    assert html("a <b> **c & d**\n\n- *e*\n- [f](https://g.h)") == (
        '<p>a &lt;b&gt; <strong>c &amp; d</strong></p><ul><li><em>e</em></li><li><a href="https://g.h" target="_blank" '
        'rel="noopener">f</a></li></ul>'
    )
