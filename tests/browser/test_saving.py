"""A run that is taken away by the Save menu: the forms with their sizes, a refusal where one is not for it, and a report that opens without a network."""

import re

from playwright.sync_api import expect

from browser.looking import Tab


def test_a_run_is_saved_as_a_report_that_works_offline(open_page, chromium, tmp_path):
    page = open_page()
    tab = Tab(page, "ae").open()
    tab.choose("Data", "Digits")
    tab.type("Steps", 20)
    tab.train()
    tab.expect_status("finished")
    tab.bar.get_by_role("button", name="Save", exact=True).click()
    menu = page.get_by_role("dialog", name="Save this run")
    expect(menu.get_by_role("button", name=re.compile("^Weights"))).to_contain_text("MB")
    expect(menu.get_by_role("button", name=re.compile("^diffusers folder"))).to_be_disabled()
    expect(menu.get_by_role("button", name="Film of the map, GIF")).to_be_enabled()
    with page.expect_download() as saving:
        menu.get_by_role("button", name=re.compile("^Report")).click()
    expect(menu.locator(".save-said")).to_contain_text("Saved: ae_digits_report.html")
    saving.value.save_as(tmp_path / "report.html")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    trouble, context = [], chromium.new_context(offline=True)
    context.on("console", lambda message: message.type == "error" and trouble.append(message.text))
    context.on("weberror", lambda error: trouble.append(str(error.error)))
    context.on("request", lambda request: request.url.startswith("http") and trouble.append(request.url))
    report = context.new_page()
    report.goto((tmp_path / "report.html").as_uri())
    expect(report.locator("h1")).to_have_text("Autoencoder, Digits")
    expect(report.locator(".plot .main-svg").first).to_be_visible()
    context.close()
    assert not trouble
