"""Numbers as the page writes them: rounded once, with their unit, and the same everywhere."""

import pytest


@pytest.fixture
def write(open_page):
    """`write("duration", 75)`: what `window.playground.duration(75)` says."""
    page = open_page()
    page.wait_for_function("() => Boolean(window.playground.duration)")
    return lambda name, number: page.evaluate("([name, number]) => window.playground[name](number)", [name, number])


def test_durations_are_rounded_before_they_are_divided(write):
    expected = {
        0: "0.0 s",
        9.94: "9.9 s",
        9.96: "10 s",
        59.7: "60 s",
        89.4: "89 s",
        89.6: "1 min 30 s",
        119.6: "2 min 0 s",
        3599.7: "60 min 0 s",
        5399.4: "89 min 59 s",
        5399.6: "1 h 30 min",
        7199.0: "2 h 0 min",
        7260: "2 h 1 min",
    }
    assert {seconds: write("duration", seconds) for seconds in expected} == expected


def test_no_duration_has_sixty_seconds_or_minutes(write):
    for seconds in (60 * k - 0.3 for k in range(2, 90)):
        assert " 60 s" not in write("duration", seconds)
    for seconds in (3600 * k - 20 for k in range(2, 12)):
        assert " 60 min" not in write("duration", seconds)


def test_large_numbers_are_short(write):
    assert [write("short", n) for n in (0.03123, 450.3, 1_234_567, 2e8)] == ["0.0312", "450", "1.23 million", "200 million"]
