"""Broken links, images without a text and pages of a wrong size are found."""

import os
import shutil

import pytest

from docs.check_site import main

needs_browser = pytest.mark.skipif(
    not (
        os.environ.get("SKLNOISE_CHROMIUM")
        and os.environ.get("SKLNOISE_NODE_MODULES")
        and shutil.which("node")
    ),
    reason="SKLNOISE_CHROMIUM and SKLNOISE_NODE_MODULES are not set",
)
LINKS = """<a href="other.html">1</a> <a href="other.html#there">2</a>
<a href="#here">3</a> <a href="#">4</a> <a href="https://example.org/none">5</a>
<h1 id="here">Title</h1>
<img src="a%20figure.png" alt="A figure"> <img src="a%20figure.png" alt="">"""


@pytest.fixture
def site(tmp_path):
    """Write a site of two pages and a figure, and return how to check another body."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "other.html").write_text('<p id="there">')
    (tmp_path / "sub" / "page.html").write_text('<a href="../index.html#here">up</a>')
    (tmp_path / "a figure.png").touch()

    def check(body):
        page = f"<!DOCTYPE html><html><body>{LINKS}<main>{body}</main></body></html>"
        (tmp_path / "index.html").write_text(page)
        return main([str(tmp_path)])

    return check


@pytest.fixture
def no_browser(monkeypatch):
    monkeypatch.delenv("SKLNOISE_CHROMIUM", raising=False)


@pytest.mark.usefixtures("no_browser")
def test_site_in_order_has_no_problem(site, capsys):
    assert site("") == 0
    assert capsys.readouterr().out == "3 pages, 0 problems of links and images\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<a href="none.html">', "none.html leads to no file"),
        ('<a href="sub">', "sub leads to no file"),
        ('<a href="../none.html">', "../none.html leads to no file"),
        ('<a href="other.html#none">', "other.html#none leads to no anchor"),
        ('<a href="#none">', "#none leads to no anchor"),
        ('<script src="none.js"></script>', "none.js leads to no file"),
        ('<img src="a%20figure.png">', "a%20figure.png has no text"),
        ('<img src="other.html" alt="_images/other.html">', "other.html has no text"),
    ],
)
@pytest.mark.usefixtures("no_browser")
def test_problem_is_named_with_its_page(site, capsys, body, expected):
    assert site(body) == 1
    assert expected in capsys.readouterr().out
    assert site("") == 0


def test_folder_without_pages_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "has no pages" in capsys.readouterr().err


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize(
    ("body", "n_problems"),
    [
        ('<div style="height: 11000px; width: 300px"></div>', 0),
        ('<div style="height: 12001px"></div>', 1),
        ('<div style="overflow-x: auto"><div style="width: 3000px">wide</div></div>', 0),
        ('<div style="width: 800px">wide</div>', 1),
        ('<h1 style="overflow: hidden; font-size: 60px">NoiseRobustClassifier</h1>', 1),
    ],
)
def test_page_of_a_wrong_size_is_found(site, capsys, body, n_problems):
    assert site(body) == n_problems, capsys.readouterr().out
