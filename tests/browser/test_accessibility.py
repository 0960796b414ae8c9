"""What axe-core finds on every tab and bench, light and dark; and whether the keyboard's focus can be seen."""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from browser.looking import Tab, at_rest

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = """async () => (await axe.run({resultTypes: ['violations']})).violations.filter(found => ['serious', 'critical'].includes(found.impact))
  .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target.join(' ')} ${(node.any.concat(node.all, node.none)[0] || {}).message}`))"""
BENCHES = {
    "ae": ("Outcome",),
    "vae": ("Outcome", "Bound and gap", "Collapse doctor", "Rate and distortion", "Reparametrisation", "Factors"),
    "diffusion": (
        "Outcome",
        "Fresh samples",
        "Forward",
        "Exact answer",
        "Likelihood",
        "Image lab",
        "Scheduler arena",
        "Latent diffusion",
        "Reflow",
    ),
}
FOCUS = """() => {
  const node = document.activeElement, style = getComputedStyle(node);
  const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 || style.boxShadow !== 'none';
  return node === document.body ? null : [node.outerHTML.slice(0, 120), seen];
}"""


def findings(page) -> set[str]:
    """Serious and critical findings, light and dark."""
    found = set()
    for dark in (False, True):
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        at_rest(page)
        found |= {f"{'dark' if dark else 'light'} {finding}" for finding in page.evaluate(RUN)}
    return found


def read(tab: Tab, benches: tuple[str, ...]) -> dict[str, set[str]]:
    """What is found with each bench open."""
    found = {}
    for title in benches:
        tab.bench(title)
        expect(tab.panel.get_by_role("tab", name=title, exact=True)).to_have_attribute("aria-selected", "true")
        found[title] = findings(tab.page)
    return {title: findings for title, findings in found.items() if findings}


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name == "ae" else pytest.mark.thorough) for name in BENCHES])
def test_axe_finds_nothing_serious(open_page, name):
    page = open_page(f"/?tab={name}")
    page.evaluate(AXE)
    tab = Tab(page, name)
    shown = tab.panel.locator(".dock > .tab-wrapper [role=tab]").all_inner_texts()
    assert {title for title in shown if title} <= set(BENCHES[name]), "a bench that is not read"
    assert not read(tab, BENCHES[name]), "before a training"
    tab.bench("Outcome")
    tab.type("Steps", 40)
    tab.train()
    tab.expect_status("finished")
    assert not read(tab, BENCHES[name]), "after a training"


def test_the_focus_can_be_seen_on_everything_that_the_keyboard_reaches(open_page):
    page = open_page("/?tab=vae")
    expect(Tab(page, "vae").number("Steps")).to_be_visible()
    seen = {}
    for _ in range(70):
        page.keyboard.press("Tab")
        if at := page.evaluate(FOCUS):
            seen[at[0]] = at[1]
    assert len(seen) > 30 and all(seen.values()), [node for node, visible in seen.items() if not visible]
