"""Configuration of Sphinx; the build needs no network."""

import importlib.metadata

project = "sklnoise"
author = "The sklnoise developers"
project_copyright = "2026, The sklnoise developers"
release = importlib.metadata.version("sklnoise")
version = release

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "literal"
add_module_names = False
autodoc_typehints = "none"
autosummary_generate = True
numpydoc_show_class_members = False

html_theme = "alabaster"
html_theme_options = {
    "description": "Train neural networks on noisy labels as if they were clean",
    "fixed_sidebar": True,
    "page_width": "1080px",
}
