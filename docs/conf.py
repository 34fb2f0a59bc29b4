"""Configuration of Sphinx; the build needs no network."""

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "sklnoise"
author = "The sklnoise developers"
project_copyright = "2026, The sklnoise developers"
release = importlib.metadata.version("sklnoise")
version = release

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "measured",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "auto_examples/**/*.ipynb", "auto_examples/**/*.py"]
default_role = "literal"
add_module_names = False
autodoc_typehints = "none"
autosummary_generate = True
numpydoc_show_class_members = False

# Every reference must resolve, but for names of other projects: the build has no network.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(sklearn|skorch|torch|numpy|pandas|matplotlib)\..*")]

sphinx_gallery_conf = {
    "examples_dirs": ["../tutorials", "../examples"],
    "gallery_dirs": ["auto_examples/tutorials", "auto_examples"],
    "copyfile_regex": r".*\.csv\.gz",
    "doc_module": ("sklnoise",),
    "reference_url": {"sklnoise": None},
    "backreferences_dir": "auto_examples/backreferences",
    "abort_on_example_error": True,
    "within_subsection_order": "gallery_order.by_need",
    "capture_repr": (),
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
    "plot_gallery": True,
    "parallel": 2,
}

html_theme = "pydata_sphinx_theme"
html_title = "sklnoise"
html_static_path = ["_static"]
html_css_files = ["sklnoise.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": [], "start": [], "coming_from": []}
html_theme_options = {
    "logo": {"text": "sklnoise"},
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 7,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "article_footer_items": [],
}
