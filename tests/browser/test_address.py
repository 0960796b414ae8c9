"""The address is the state: what is set stands in it, a link sets it, and what a link says wrongly is refused like anything typed."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from browser.looking import Tab
from playground.runtimes.links import watch_id

KINDS = {"vae of 3": {"model": "vae", "dataset": "digits", "steps": 200, "latent_dim": 3}}


def query_of(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query)


def query(page) -> dict[str, list[str]]:
    return query_of(page.url)


def test_a_link_opens_what_was_set_in_another_browser(open_page) -> None:
    page = open_page("/?tab=vae")
    tab = Tab(page, "vae")
    tab.type("Steps", 60)
    tab.panel.locator('[data-field="dataset"] select').select_option("Digits")
    page.wait_for_function("() => location.search.includes('vae.steps=60') && location.search.includes('vae.dataset=digits')")
    tab.train()
    tab.expect_status("finished")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("() => navigator.clipboard.readText()")
    run = query(page)["vae"][0]
    assert "vae.steps=60" in link and query_of(link)["vae"] == [watch_id(run)] and run not in link

    other = open_page("/?" + urlsplit(link).query)
    there = Tab(other, "vae")
    expect(there.number("Steps")).to_have_value("60")
    expect(there.panel.locator(".preview .pg-title")).to_have_text("Digits")
    there.train()
    there.expect_status("finished")
    there.expect_step(60)
    there.type("Steps", 3000)
    other.wait_for_function("() => !location.search.includes('vae.steps')")


def test_a_link_by_hand_is_checked_and_hides_what_it_says(open_page) -> None:
    page = open_page("/?tab=ae&ae.learning_rate=abc&ae.dataset=nothing&ae.seed=-4&ae.bogus=1&hide=steps")
    tab = Tab(page, "ae")
    form = tab.panel.locator(".instrument-form")
    expect(form.locator('[data-field="learning_rate"] .setting-message')).to_contain_text("Learning rate = abc is refused")
    expect(form.locator('[data-field="dataset"] .setting-message')).to_contain_text("nothing is refused: it must be one of")
    expect(form.locator(".settings-unknown")).to_have_text("The address sets bogus, which is no setting here.")
    expect(form.locator('[data-field="steps"]')).to_be_hidden()
    tab.button("train").click()
    expect(tab.message).to_contain_text("learning_rate = 'abc' is refused")
    assert "ae" not in query(page)


MAP = "Latent map and prior"
CHOSEN = {"dims": "3", "colour": "kl", "drag": "decodes", "holes": "on", "prior": "off"}


def chosen(page, form: str = "vae.map") -> dict[str, str]:
    return {name.removeprefix(f"{form}."): values[0] for name, values in query(page).items() if name.startswith(f"{form}.")}


def expect_chosen(page, values: dict[str, str], form: str = "vae.map") -> None:
    page.wait_for_function(
        """([form, wanted]) => JSON.stringify(Object.fromEntries([...new URLSearchParams(location.search)]
            .filter(([key]) => key.startsWith(`${form}.`)).map(([key, value]) => [key.slice(form.length + 1), value]).sort())) === wanted""",
        arg=[form, json.dumps(dict(sorted(values.items())), separators=(",", ":"))],
    )


def expect_as_chosen(card) -> None:
    expect(card.locator("select.map-method")).to_have_value("pca")
    expect(card.locator("select.map-dims")).to_have_value("3")
    expect(card.locator("select.map-colour")).to_have_value("kl")
    for name, pressed in (("decode", "true"), ("move", "false"), ("holes", "true"), ("ellipses", "false"), ("prior", "false")):
        expect(card.locator(f"button.map-{name}")).to_have_attribute("aria-pressed", pressed)


@pytest.mark.thorough
def test_what_is_chosen_on_a_map_outlives_a_reload_and_goes_with_a_link(open_page, runs) -> None:
    page = open_page(f"/?tab=vae&vae={runs('vae of 3')}")
    card = Tab(page, "vae").card(MAP)
    expect(card.locator("select.map-method")).to_have_value("pca")
    card.locator("select.map-dims").select_option("3")
    expect_chosen(page, {"dims": "3"})
    card.locator("select.map-colour").select_option("kl")
    for name in ("decode", "holes", "prior"):
        card.locator(f"button.map-{name}").click()
    page.locator(".curves-log:visible").first.click()
    expect_chosen(page, CHOSEN)
    expect_chosen(page, {"log": "on"}, "vae.curves")
    page.reload()
    expect_as_chosen(card)
    expect(page.locator(".curves-log:visible").first).to_have_attribute("aria-pressed", "true")
    assert chosen(page) == CHOSEN and chosen(page, "vae.curves") == {"log": "on"} and not chosen(page, "ae.map")

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    other = open_page("/?" + urlsplit(page.evaluate("() => navigator.clipboard.readText()")).query)
    there = Tab(other, "vae")
    expect_as_chosen(there.card(MAP))
    there.type("Latent dimensions", 5)
    there.type("Steps", 40)
    there.train()
    there.expect_status("finished")
    there.wait_frame("frame.config.latent_dim === 5 && frame.views.map.dims === 3")
    expect_as_chosen(there.card(MAP))
    assert chosen(other) == CHOSEN

    first = Tab(other, "ae").open().card("Latent map")
    expect(first.locator("button.map-holes")).to_have_attribute("aria-pressed", "false")
    first.locator("button.map-move").click()
    expect_chosen(other, {"drag": "moves"}, "ae.map")
    assert chosen(other) == CHOSEN


def test_back_keeps_what_is_set(open_page) -> None:
    page = open_page("/?tab=vae&vae.map.holes=on")
    Tab(page, "vae").type("Steps", 60)
    page.wait_for_function("() => location.search.includes('vae.steps=60')")
    page.evaluate("() => history.pushState(history.state, '', location.search + '&compare=kept-vae')")
    Tab(page, "vae").type("Steps", 80)
    Tab(page, "vae").card(MAP).locator("button.map-ellipses").click()
    expect_chosen(page, {"ellipses": "on", "holes": "on"})
    page.go_back()
    page.wait_for_function("() => !location.search.includes('compare')")
    assert query(page)["vae.steps"] == ["80"] and chosen(page) == {"ellipses": "on", "holes": "on"}


def test_a_map_asked_for_by_hand_is_checked(open_page, runs) -> None:
    page = open_page(f"/?tab=vae&vae={runs('vae of 3')}&vae.map.layout=sphere&vae.map.dims=7&vae.map.colour=kl&vae.map.bogus=1")
    tab = Tab(page, "vae")
    expect(tab.card(MAP).locator(".map-message")).to_contain_text(
        "The address asks for layout = sphere, which the map has not: it would be one of raw, pca, tsne, umap."
    )
    expect(tab.card(MAP).locator(".map-message")).to_contain_text("bogus, of which the map knows nothing.")
    expect(tab.card(MAP).locator("select.map-colour")).to_have_value("kl")
    expect(tab.card(MAP).locator("select.map-method")).to_have_value("pca")
    assert tab.panel.locator(".settings-unknown").count() == 0
