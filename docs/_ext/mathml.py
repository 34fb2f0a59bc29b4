"""Formulas as MathML, which browsers show without a script from the network."""

from docutils.utils.math.latex2mathml import tex2mathml


def _write_inline(translator, node):
    translator.body.append(tex2mathml(node.astext(), as_block=False))
    raise _skip()


def _write_block(translator, node):
    formula = tex2mathml(node.astext(), as_block=True)
    translator.body.append(f'<div class="math">{formula}</div>\n')
    raise _skip()


def _skip():
    from docutils.nodes import SkipNode

    return SkipNode()


def setup(app):
    """Replace the math renderer of Sphinx."""
    app.add_html_math_renderer("mathml", (_write_inline, None), (_write_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
