"""Live settings changed from a form: what holds is said with every refusal, and nonsense is answered in words."""

import pytest

from playground.config import VAEConfig, change_live
from playground.runtimes import UnknownRun
from playground.ui.live import changing


class Stand:
    """A service with one run, "r"."""

    def __init__(self) -> None:
        self.registry, self.config, self.sent = self, {"learning_rate": 0.002, "steps": 10}, []

    def set(self, run, values):
        self.get(run)
        change_live(VAEConfig(), values)
        self.sent.append(values)

    def get(self, run):
        if run != "r":
            raise UnknownRun("That run is not known here.")
        return self


def test_a_change_reaches_the_run():
    service = Stand()
    assert changing(service)(["r", {"learning_rate": 0.01}]) == {"ok": True} and service.sent == [{"learning_rate": 0.01}]


@pytest.mark.parametrize("value", [-3, 0, 1000, "abc", "", None, [1], {}, True])
def test_a_refusal_says_what_the_run_goes_on_with(value):
    service = Stand()
    answer = changing(service)(["r", {"learning_rate": value}])
    assert answer["holds"] == 0.002 and "learning_rate" in answer["error"] and not service.sent


@pytest.mark.parametrize(
    "request_",
    [
        None,
        3,
        "r",
        [],
        ["r"],
        ["r", 3],
        ["r", {}],
        ["r", {"beta": 1, "steps": 2}],
        ["x", {"beta": 1}],
        [["r"], {"beta": 1}],
        ["r", {"steps": 5}],
        ["r", {"self": 5}],
    ],
)
def test_nonsense_is_answered_in_words(request_):
    assert len(changing(Stand())(request_)["error"]) > 10
