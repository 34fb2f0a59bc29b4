"""Links, names and numbers of the documentation, without building it."""

import importlib
import io
import re
from pathlib import Path

import pytest
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from docs._ext.gallery_order import ORDER, by_need
from docs._ext.measured import is_met, measure
from tests.test_public_api import PUBLIC

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BUILT_FOLDERS = {"_build", "auto_examples", "api"}
PAGES = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.rst"))
    if path.relative_to(DOCS).parts[0] not in BUILT_FOLDERS
    and "_templates" not in path.parts
}
SCRIPTS = {
    "auto_examples": sorted(ROOT.glob("examples/*.py")),
    "auto_examples/tutorials": sorted(ROOT.glob("tutorials/*.py")),
}
GALLERY = {
    path.stem: path.read_text(encoding="utf-8")
    for paths in SCRIPTS.values()
    for path in paths
}
BUILT = {
    f"{folder}/{name}"
    for folder, paths in SCRIPTS.items()
    for name in ["index", *(path.stem for path in paths)]
}

each_page = pytest.mark.parametrize("page", PAGES)


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


def test_all_pages_are_reached_from_the_front_page():
    reached, ahead = set(), ["index"]
    while ahead:
        name = ahead.pop()
        reached.add(name)
        entries = toctree_entries(PAGES.get(name, ""))
        ahead += [absolute(e, name) for e in entries if absolute(e, name) not in reached]
    assert PAGES.keys() - reached == set()


@each_page
def test_pages_that_are_linked_exist(page):
    linked = targets("doc", PAGES[page]) | set(
        re.findall(r":link: (\S+)\n +:link-type: doc", PAGES[page])
    )
    known = PAGES.keys() | BUILT
    assert {name for name in linked if absolute(name, page) not in known} == set()


def test_labels_that_are_linked_exist():
    everything = "\n".join(PAGES.values())
    labels = set(re.findall(r"\.\. _(\w+):", everything))
    assert targets("ref", everything) - labels == set()


def test_figures_of_the_gallery_have_their_example():
    everything = "\n".join(PAGES.values())
    figures = re.findall(r"images/sphx_glr_(plot_\w+)_\d{3}\.png", everything)
    assert set(figures) - GALLERY.keys() == set()


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


def test_files_that_the_page_on_development_names_exist():
    text = PAGES["development"]
    paths = re.findall(r"((?:sklnoise|tests|docs)/[\w/]+(?:\.\w+)?)", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


@each_page
def test_formulas_can_be_shown_without_a_network(page):
    directive = r"(?m)^ *\.\. math::((?:.+\n|\n(?= +\S))(?: +.*\n)*)"
    for formula in [*targets("math", PAGES[page]), *re.findall(directive, PAGES[page])]:
        assert tex2mathml(formula.strip(), as_block=False).startswith("<math")


@each_page
def test_numbers_that_are_quoted_are_in_the_results(page):
    for text in targets("measured", PAGES[page]):
        assert re.fullmatch(r"-?[\d.]+%?", measure(text))
    for text in targets("met", PAGES[page]):
        assert is_met(text) in (True, False)


@pytest.fixture
def results(tmp_path, monkeypatch):
    table = "system,noise,accuracy\nours,none,90\nours,none,91\ntheirs,none,80\n,,\n"
    folder = tmp_path / "benchmarks" / "results"
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text(table)
    monkeypatch.setattr("docs._ext.measured.RESULTS", folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("table accuracy; system=ours; noise=none", "90.5"),
        ("largest table accuracy; system=ours", "91.0"),
        ("deviation table\n  accuracy; system=ours -> .3f", "0.707"),
        ("count table; system!=", "3"),
        ("count table; system!=; accuracy<90.5", "2"),
    ],
)
def test_measured_is_a_statistic_of_the_lines_that_match(results, text, expected):
    assert measure(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("table accuracy; system=ours at least 90.5", True),
        ("table accuracy; system=ours at most 90", False),
        (
            "table accuracy; system=ours at least table accuracy; system=theirs + 10.5",
            True,
        ),
        (
            "table accuracy; system=ours at least table accuracy; system=theirs + 11",
            False,
        ),
    ],
)
def test_claim_is_met_if_the_numbers_say_so(results, text, expected):
    assert is_met(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("elsewhere accuracy", "no elsewhere.csv"),
        ("table speed", "no columns ['speed']"),
        ("table accuracy; seed=0", "no columns ['seed']"),
        ("table accuracy; system=nobody", "no row"),
    ],
)
def test_number_that_was_not_measured_is_an_error(results, text, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        measure(text)


def build(tmp_path, text):
    """Build a page, and return its warnings and its file."""
    source, out = tmp_path / "docs", tmp_path / "out"
    source.mkdir()
    (source / "index.rst").write_text(text)
    warnings = io.StringIO()
    with docutils_namespace():
        overrides = {"extensions": ["docs._ext.measured"]}
        folders = source, None, out, out / "doctrees"
        app = Sphinx(*folders, "html", overrides, status=None, warning=warnings)
        app.build()
    return warnings.getvalue(), (out / "index.html").read_text(encoding="utf-8")


def test_rows_that_match_are_shown_and_all_can_be_downloaded(results, tmp_path):
    warnings, page = build(
        tmp_path,
        "Title\n=====\n\n.. measured-table:: table\n   :where: system=ours\n"
        "   :columns: accuracy; noise\n   :digits: 1\n",
    )
    assert warnings == ""
    cells = re.findall(r"<t[hd][^>]*><p>(.*?)</p>", page)
    assert cells == ["accuracy", "noise", "9e+01", "none", "9e+01", "none"]
    assert "2 of 4 rows." in page
    (link,) = re.findall(r'href="(_downloads/[^"]+)"', page)
    read = (tmp_path / "out" / link).read_text()
    assert read == (tmp_path / "benchmarks" / "results" / "table.csv").read_text()


@pytest.mark.parametrize(
    "option", ["where: system=nobody", "columns: seed", "runs: runs"]
)
def test_table_that_was_not_measured_is_an_error(results, tmp_path, option):
    text = f"Title\n=====\n\n.. measured-table:: table\n   :{option}\n"
    assert "ERROR: measured-table" in build(tmp_path, text)[0]


def test_every_example_has_its_place_in_the_gallery():
    assert set(ORDER) == GALLERY.keys()
    assert by_need("plot_digits.py") < by_need("plot_hard_data.py") < by_need("new.py")


@pytest.mark.parametrize("name", GALLERY)
def test_example_downloads_nothing(name):
    assert not re.search(r"fetch_\w+\(|openml|https?://", GALLERY[name])
