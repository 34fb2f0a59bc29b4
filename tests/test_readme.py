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
    (quoted,) = re.findall(r"```text\n(.*?)```", text, flags=re.DOTALL)
    exec(code, {})
    printed = capsys.readouterr().out
    assert re.sub(r"[\d\s]+", " ", printed) == re.sub(r"[\d\s]+", " ", quoted)
    # Other processors round otherwise, and training goes on from that.
    per_cents = [
        [int(n) for n in re.findall(r"(\d+)%", out)] for out in (printed, quoted)
    ]
    assert per_cents[0] == pytest.approx(per_cents[1], abs=3)


def test_files_that_are_linked_exist():
    links = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert [link for link in links if not (README.parent / link).exists()] == []
