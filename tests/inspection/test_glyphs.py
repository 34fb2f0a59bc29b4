"""Texts are drawn as they are where the font can, and by numbers where it cannot."""

import matplotlib
import pytest

from sklnoise.inspection._glyphs import drawable, fitting


@pytest.mark.parametrize("text", ["plain", "", "naïve → “quoted” … ±", "a\\u732b"])
def test_what_the_font_has_stays(text):
    assert drawable(text) == text


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("a猫b", "a\\u732bb"),
        ("🦊", "\\U0001f98a"),
        ("\x07", "\\x07"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_it_lacks_becomes_a_number(text, drawn):
    assert drawable(text) == drawn


def test_fonts_that_the_user_adds_are_asked():
    with matplotlib.rc_context({"font.family": ["cmr10"]}):
        assert drawable("ж") == "\\u0436"
    with matplotlib.rc_context({"font.family": ["no such font", "cmr10", "DejaVu Sans"]}):
        assert drawable("ж") == "ж"


def test_numbers_are_shortened_too():
    assert fitting("猫" * 50, 20) == "\\u732b\\u73…32b\\u732b"
    assert len(fitting("猫" * 50, 20)) == 20
