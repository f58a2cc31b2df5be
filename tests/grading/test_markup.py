"""Emphasis changes no value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.grading import is_equivalent
from tts.grading.markup import without_emphasis, without_label_fonts

EMPHASES = [
    r"\boldsymbol{%s}",
    r"\bm{%s}",
    r"\textcolor{red}{%s}",
    r"\textcolor[rgb]{1,0,0}{%s}",
    r"\color{red}{%s}",
    r"{\color{red}%s}",
    r"\colorbox{yellow}{%s}",
    r"\fcolorbox{red}{white}{%s}",
    r"\underline{%s}",
    r"\emph{%s}",
    r"\large %s",
    r"{\Large %s}",
    "**%s**",
    "<b>%s</b>",
    '<span style="color:red">%s</span>',
    r"\mathbf{%s}",
]


@pytest.mark.parametrize("emphasis", EMPHASES)
@pytest.mark.parametrize("value", ["34", r"\frac{1}{2}", "x^{2}+1"])
def test_emphasis_hides_no_value(emphasis: str, value: str) -> None:
    assert is_equivalent(value, emphasis % value)
    assert is_equivalent(value, r"\boxed{%s}" % (emphasis % value))
    assert not is_equivalent(value, emphasis % (value + "7"))


@given(st.lists(st.sampled_from(EMPHASES), min_size=1, max_size=5))
def test_emphasis_within_emphasis(emphases: list[str]) -> None:
    text = "34"
    for emphasis in emphases:
        if emphasis != "**%s**":
            text = emphasis % text
    assert without_emphasis(text).strip("{}") == "34"


def test_what_is_no_emphasis_stays() -> None:
    for text in (
        r"\overline{27}",
        r"\mathbb{R}",
        r"\emptyset",
        r"\smallsetminus",
        r"\text{red}",
        "a < b",
        r"\cancel{3}",
    ):
        assert without_emphasis(text) == text
    assert without_emphasis(r"x^\boldsymbol{23}") == "x^{23}", "an exponent stays one group"
    assert without_emphasis(r"\mathbf{v}") == r"\mathbf{v}", "a vector's name"
    assert without_emphasis(r"{\15}") == "15"
    assert without_emphasis(r"\boldsymbol{34") == r"\boldsymbol{34"


def test_only_a_font_around_a_label_is_opened() -> None:
    assert without_label_fonts(r"\text{ANSWER: } \text{red}") == r"ANSWER:  \text{red}"
