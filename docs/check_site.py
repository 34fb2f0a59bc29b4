"""Check a built site without the network: `python docs/check_site.py docs/_build/html`.

Every link within the site must lead to a file, and to an anchor that is there; every
image needs a text for those who do not see it. Where SKLNOISE_CHROMIUM names a Chromium
and SKLNOISE_NODE_MODULES a node_modules with puppeteer-core, no page, except references,
may be higher than 12 000 pixels on a wide screen, and none may scroll sideways or cut a
text at the edge of a wide or a narrow screen.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

WIDE, NARROW, MAX_HEIGHT = 1366, 390, 12_000
NO_PAGES = "_static", "_downloads", "_sources"


class Page(HTMLParser):
    """The anchors of a page, what it links to, and its images without a text."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.targets, self.nameless = {"", "top"}, [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Note what a tag holds."""
        attrs = dict(attrs)
        self.anchors |= {attrs.get("id"), attrs.get("name")}
        self.targets += [attrs[key] for key in ("href", "src") if attrs.get(key)]
        if tag == "img":
            source, text = attrs.get("src", ""), attrs.get("alt")
            # Without a text, Sphinx writes the name of the file.
            if text is None or (text and Path(text).name == Path(source).name):
                self.nameless.append(source)


def find_pages(folder):
    """Return the pages of a site."""
    return [
        path
        for path in sorted(folder.rglob("*.html"))
        if path.relative_to(folder).parts[0] not in NO_PAGES
    ]


def check_page(path, folder, read):
    """Return what is wrong with the links and images of a page."""
    page = read(path)
    problems = [f"image {source} has no text" for source in page.nameless]
    for target in dict.fromkeys(page.targets):
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not file.is_relative_to(folder) or not file.is_file():
            problems.append(f"{target} leads to no file")
        elif file.suffix == ".html" and unquote(parts.fragment) not in read(file).anchors:
            problems.append(f"{target} leads to no anchor")
    return problems


def measure_pages(pages, chromium, modules):
    """Return the height and the overflow of each page at each width, by Chromium."""
    driver = Path(__file__).with_name("measure_pages.mjs")
    done = subprocess.run(
        ["node", driver, modules, chromium, str(WIDE), str(NARROW)],
        input="\n".join(map(str, pages)),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def check_sizes(name, sizes):
    """Return what is wrong with the size of a page."""
    problems = [
        f"scrolls sideways by {size['overflow']} pixels at {width}"
        for width, size in sizes.items()
        if size["overflow"] > 0
    ]
    problems += [
        f"cuts {size['cut']!r} at {width}"
        for width, size in sizes.items()
        if "cut" in size
    ]
    height = sizes[str(WIDE)]["height"]
    if height > MAX_HEIGHT:
        problems.append(f"is {height} pixels high at {WIDE}, more than {MAX_HEIGHT}")
    return problems


def main(arguments=None):
    """Print the problems of a site, and return how many there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder.resolve()
    pages = find_pages(folder)
    if not pages:
        parser.error(f"{folder} has no pages; build the documentation first")
    read = cache(Page)
    problems = {path: check_page(path, folder, read) for path in pages}
    chromium = os.environ.get("SKLNOISE_CHROMIUM")
    modules = os.environ.get("SKLNOISE_NODE_MODULES")
    sizes_too = bool(chromium and modules and shutil.which("node"))
    if sizes_too:
        for path, sizes in measure_pages(pages, chromium, modules).items():
            name = Path(path).relative_to(folder).as_posix()
            problems[Path(path)] += check_sizes(name, sizes)
    for path, found in problems.items():
        for problem in found:
            print(f"{path.relative_to(folder)}: {problem}")
    n_problems = sum(map(len, problems.values()))
    checked = "links, images and sizes" if sizes_too else "links and images"
    print(f"{len(pages)} pages, {n_problems} problems of {checked}")
    return n_problems


if __name__ == "__main__":
    sys.exit(bool(main()))
