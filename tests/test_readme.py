"""Numbers and links of the README."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_code_prints_the_numbers_that_are_quoted(capsys):
    text = README.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    exec(code, {})
    printed = re.findall(r"(\d+)% of", capsys.readouterr().out)
    [quoted] = re.findall(r"It prints about (\d+), (\d+) and (\d+) %", text)
    # Other processors round otherwise, and training goes on from that.
    assert [int(n) for n in printed] == pytest.approx([int(n) for n in quoted], abs=1)


def test_files_that_are_linked_exist():
    links = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert [link for link in links if not (README.parent / link).exists()] == []
