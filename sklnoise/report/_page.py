"""The page: a template, a style sheet and a script, in one file that fetches nothing."""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from sklnoise._text import as_text

# Characters that are not seen, or change the order in which others are. Line breaks and
# tabs stay, as do the joiners inside of words and emoji.
INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)

# Nothing may be fetched or run, whatever a label or a cell says, but this script.
POLICY = (
    "default-src 'none'; style-src {style}; script-src {script}; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def render_page(context):
    """Return the page of a context as HTML."""
    template = load_template("report.html.jinja", finalize=reveal, autoescape=True)
    from markupsafe import Markup  # comes with jinja2, which is known to be there

    style, script = read_part("report.css"), read_part("csv.js") + read_part("report.js")
    policy = POLICY.format(style=hash_source(style), script=hash_source(script))
    ours = {"style": style, "script": script, "policy": policy}
    ours = {name: Markup(part) for name, part in ours.items()}  # not to be escaped
    return f"{template.render(context, **ours)}\n"


def load_template(name, *, finalize, autoescape):
    """Return a template, which passes all that it is given through `finalize`."""
    try:
        import jinja2
    except ImportError as error:
        raise ImportError(
            "noise_report needs jinja2, which torch installs: pip install jinja2"
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(read_part),
        autoescape=autoescape,
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def read_part(name):
    """Return a file of the template, with the line ends that a browser sees."""
    return files("sklnoise.report").joinpath("template", name).read_text("utf-8")


def hash_source(text):
    """Return the name of an inline style or script in a policy."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def reveal(value):
    """Return a value as text whose invisible characters are written as escapes."""
    if hasattr(value, "__html__"):
        return value
    text = as_text(value).replace("\r\n", "\n")
    return INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
