"""The pages of the docs hang together; whether they build, `make docs` checks."""

import importlib
import re
from pathlib import Path

import pytest
from docutils.utils.math.latex2mathml import tex2mathml

from docs._ext.gallery_order import ORDER, by_need
from docs._ext.measured import measure
from tests.test_public_api import PUBLIC

ROOT = Path(__file__).parents[1]
DOCS, EXAMPLES = ROOT / "docs", ROOT / "examples"
WRITTEN_BY_THE_BUILD = {"_build", "auto_examples", "api"}
PAGES = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.rst"))
    if path.relative_to(DOCS).parts[0] not in WRITTEN_BY_THE_BUILD
    and "_templates" not in path.parts
}
GALLERY = {path.stem: path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.py"))}
KNOWN = PAGES.keys() | {f"auto_examples/{name}" for name in [*GALLERY, "index"]}


def toctree_entries(text):
    trees = re.findall(r"\.\. toctree::\n((?:   .*\n|\n)*)", text)
    lines = [line.strip() for tree in trees for line in tree.splitlines()]
    entries = [line for line in lines if line and not line.startswith(":")]
    return [re.sub(r".*<(.*)>", r"\1", entry) for entry in entries]


def targets(role, text):
    found = re.findall(rf":{role}:`([^`]+)`", text)
    return {re.sub(r"(?s).*<(.*)>", r"\1", target) for target in found}


def absolute(target, page):
    if target.startswith("/"):
        return target[1:]
    path = (DOCS / page).parent / target
    return Path(path.resolve()).relative_to(DOCS).as_posix()


def test_pages_are_reached_from_the_front_page():
    reached, ahead = set(), ["index"]
    while ahead:
        name = ahead.pop()
        reached.add(name)
        entries = {absolute(e, name) for e in toctree_entries(PAGES.get(name, ""))}
        ahead += entries - reached
    assert PAGES.keys() - reached == set()


@pytest.mark.parametrize("page", PAGES)
def test_pages_that_are_linked_exist(page):
    linked = targets("doc", PAGES[page]) | set(
        re.findall(r":link: (\S+)\n +:link-type: doc", PAGES[page])
    )
    assert {name for name in linked if absolute(name, page) not in KNOWN} == set()


def test_labels_that_are_linked_exist():
    everything = "\n".join(PAGES.values())
    labels = set(re.findall(r"\.\. _(\w+):", everything))
    assert targets("ref", everything) - labels == set()


def test_pictures_of_the_gallery_have_their_example():
    everything = "\n".join(PAGES.values())
    pictures = re.findall(r"images/sphx_glr_(plot_\w+)_\d{3}\.png", everything)
    assert set(pictures) - GALLERY.keys() == set()


def test_every_public_name_is_in_the_api():
    listed = set(re.findall(r"^   (\w+)$", PAGES["api"], flags=re.MULTILINE))
    assert {name for _, name in PUBLIC} - {"__version__"} - listed == set()


def test_every_name_of_the_api_exists():
    package = None
    for line in PAGES["api"].splitlines():
        if line.startswith(".. currentmodule:: "):
            package = importlib.import_module(line.split()[-1])
        elif re.fullmatch(r"   \w+", line):
            assert hasattr(package, line.strip()), line


@pytest.mark.parametrize("page", PAGES)
def test_formulas_can_be_shown_without_a_network(page):
    blocks = re.findall(
        r"^ *\.\. math::((?:.+\n|\n(?= +\S))(?: +.*\n)*)", PAGES[page], re.MULTILINE
    )
    for formula in [*targets("math", PAGES[page]), *blocks]:
        assert tex2mathml(formula.strip(), as_block=False).startswith("<math")


@pytest.mark.parametrize("page", PAGES)
def test_numbers_that_are_quoted_are_in_the_results(page):
    for text in targets("measured", PAGES[page]):
        assert float(measure(" ".join(text.split()))) > 0


@pytest.fixture
def results(tmp_path, monkeypatch):
    table = "system,noise,accuracy\nours,none,90\nours,none,91\ntheirs,none,80\n"
    (tmp_path / "table.csv").write_text(table)
    monkeypatch.setattr("docs._ext.measured.RESULTS", tmp_path)


def test_measured_is_the_mean_over_the_rows_that_match(results):
    assert measure("table accuracy; system=ours; noise=none") == "90.5"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("elsewhere accuracy", "no elsewhere.csv"),
        ("table speed", "no columns ['speed']"),
        ("table accuracy; seed=0", "no columns ['seed']"),
        ("table accuracy; system=nobody", "no row"),
    ],
)
def test_number_that_was_not_measured_is_an_error(results, text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        measure(text)


def test_every_example_has_its_place_in_the_gallery():
    assert set(ORDER) == GALLERY.keys()
    assert by_need("plot_digits.py") < by_need("plot_hard_data.py") < by_need("new.py")


@pytest.mark.parametrize("name", GALLERY)
def test_example_ends_in_a_figure_and_downloads_nothing(name):
    assert "plt.show()" in GALLERY[name]
    assert not re.search(r"fetch_\w+\(|openml|https?://", GALLERY[name])


def test_start_installs_as_the_readme_does():
    (command,) = re.findall(
        r"^    (pip install .*)$",
        (ROOT / "README.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert command in PAGES["start"]
