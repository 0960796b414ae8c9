"""A tab of the page as a person sees it: buttons, settings, numbers and pictures, and how to wait for them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

TITLES = {"ae": "1 · Autoencoder", "vae": "2 · VAE", "diffusion": "3 · Diffusion"}

PIXELS = """card => [...card.querySelectorAll('.tiles-row canvas, canvas.map-dots, .pg-body > canvas')].filter(canvas => {
    const inked = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte);
    return inked && canvas.getBoundingClientRect().width > 0;
}).map(canvas => canvas.toDataURL()).join()"""

OTHER_PIXELS = f"""([title, before]) => {{
    const card = [...document.querySelectorAll(`section[aria-label="${{title}}"]`)].find(card => card.offsetParent);
    if (!card) return false;
    card.scrollIntoView({{block: 'nearest'}});
    const empty = card.querySelector('.pg-empty'), now = ({PIXELS})(card);
    return (!empty || !empty.offsetParent) && now !== before && now;
}}"""

AT_REST = """async () => {
    await document.fonts.ready;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return document.getAnimations().every(one => one.playState !== 'running' || one.effect.getComputedTiming().endTime === Infinity);
}"""


def expect_standstill(bar: Locator) -> None:
    """Waits until the counter of a run bar, which is drawn a fifth of a second late, has said the same for a second."""
    counter = bar.locator('[data-fact="step"]')
    for _ in range(60):
        before = counter.inner_text()
        bar.page.wait_for_timeout(1000)  # that nothing happens can only be seen by waiting
        if counter.inner_text() == before:
            return
    raise AssertionError(f"The counter goes on beyond {before}.")


def at_rest(page: Page) -> None:
    """Waits until the fonts are there and nothing fades or slides any more."""
    page.wait_for_function(AT_REST)


class Tab:
    """One training tab of an open page, and its run bar (`bar=1` is the second one of the diffusion tab)."""

    def __init__(self, page: Page, name: str, bar: int = 0) -> None:
        self.page, self.name = page, name
        self.channel = "samples" if bar else name
        self.panel = page.locator("[role=tabpanel]:visible").first  # a tab that was left stays in the page, hidden
        self.bar = self.panel.locator(".run").nth(bar)
        self.message = self.bar.locator(".run-message")
        if bar:
            self.bench("Fresh samples")

    def open(self) -> Tab:
        self.page.get_by_role("tab", name=TITLES[self.name]).click()
        expect(self.button("train")).to_be_enabled()
        return self

    def bench(self, title: str) -> None:
        """Opens a bench of the dock; "Outcome" closes it."""
        there = self.panel.get_by_role("tab", name=title, exact=True)
        at_rest(self.page)
        if not there.is_visible():  # on a narrow page the last ones are in a menu
            dock = self.panel.locator(".dock > .tab-wrapper")
            dock.get_by_role("button", name="More tabs").click()
            there = dock.locator(".overflow-dropdown button", has_text=title)
        there.click()

    # --- the run bar ----------------------------------------------------------------------------------------------------

    def button(self, name: str) -> Locator:
        return self.bar.locator(f'[data-do="{name}"]')

    def press(self, name: str, then: str) -> None:
        """Presses a button and waits for the status that must follow."""
        self.button(name).click()
        self.expect_status(then)

    def train(self) -> str:
        """Presses Train and waits for the first step; returns the run's id."""
        before = self.run_id()
        self.button("train").click()
        run = self.page.wait_for_function(
            "([channel, before]) => { const id = new URL(location.href).searchParams.get(channel); return id !== before && id; }",
            arg=[self.channel, before],
        ).json_value()
        self.expect_status("running|paused|finished")
        return run

    def expect_status(self, status: str) -> None:
        expect(self.bar).to_have_attribute("data-status", re.compile(f"^({status})$"))

    def run_id(self) -> str | None:
        """The run in the page's address."""
        return self.page.evaluate("channel => new URL(location.href).searchParams.get(channel)", self.channel)

    def step(self) -> int:
        """The step counter; -1 before there is one."""
        text = self.bar.locator('[data-fact="step"]').inner_text()
        return int(text.removeprefix("step ").replace(",", "")) if text.startswith("step") else -1

    def expect_step(self, step: int) -> None:
        expect(self.bar.locator('[data-fact="step"]')).to_have_text(re.compile(rf" {step:,}$"))

    def wait_beyond(self, step: int) -> None:
        """Waits until the counter shows more than `step`."""
        self.page.wait_for_function(
            "([bar, step]) => Number(bar.querySelector('[data-fact=step]').textContent.replace(/[^0-9]/g, '') || -1) > step",
            arg=[self.bar.element_handle(), step],
        )

    def frame(self, expression: str):
        """Something of the newest frame that has it, such as `frame.config`."""
        found = self.page.wait_for_function(
            f"""channel => {{ const frame = window.playground.lastFrame(channel);
                try {{ const found = {expression}; return found !== undefined && {{found}}; }} catch {{ return false; }} }}""",
            arg=self.channel,
        )
        return found.json_value()["found"]

    def wait_frame(self, condition: str) -> None:
        self.page.wait_for_function(
            f"channel => {{ const frame = window.playground.lastFrame(channel); return frame && ({condition}); }}", arg=self.channel
        )

    # --- settings ---------------------------------------------------------------------------------------------------------

    def choose(self, label: str, option: str) -> None:
        self.field(label).select_option(label=option)

    def field(self, label: str) -> Locator:
        return self.panel.get_by_label(label, exact=True)

    def setting(self, label: str) -> Locator:
        """A field with its label, its help and what is said of it."""
        return self.panel.locator(".setting").filter(has=self.page.locator("label").get_by_text(label, exact=True)).first

    def number(self, label: str) -> Locator:
        """The field of a number, with or without a slider."""
        return self.setting(label).locator("input.setting-number")

    def setting_message(self, label: str) -> Locator:
        """What a field says of its value."""
        return self.setting(label).locator(".setting-message")

    def type(self, label: str, value: float | str) -> None:
        field = self.number(label)
        field.fill(str(value))
        field.press("Tab")

    # --- pictures ---------------------------------------------------------------------------------------------------------

    def card(self, title: str) -> Locator:
        return self.panel.locator(f'section[aria-label="{title}"]').first

    def pixels(self, title: str) -> str:
        """All pictures of a card, as one text; empty while there is none."""
        card = self.card(title)
        card.scroll_into_view_if_needed()
        return card.evaluate(PIXELS)

    def wait_other(self, title: str, before: str = "") -> str:
        """Waits until the pictures of a card are there and others than `before`; returns their pixels. The card is looked for anew
        each time, since one for points may give way to one for images."""
        return self.page.wait_for_function(OTHER_PIXELS, arg=[title, before], polling=250).json_value()

    def pixels_at_rest(self, title: str, before: str = "") -> str:
        """The pictures of a card of a run that stands still, others than `before`, once the last of them is drawn."""
        last = self.wait_other(title, before)
        for _ in range(60):
            self.page.wait_for_timeout(600)  # the last pictures of a run may come after the news of its end
            if (now := self.pixels(title)) == last:
                return now
            last = now
        raise AssertionError(f"The pictures of {title} go on.")

    def expect_pixels(self, title: str, wanted: str) -> None:
        """Waits until the pictures of a card are those."""
        self.card(title).scroll_into_view_if_needed()
        self.page.wait_for_function(
            f"([card, wanted]) => ({PIXELS})(card) === wanted", arg=[self.card(title).element_handle(), wanted]
        )
