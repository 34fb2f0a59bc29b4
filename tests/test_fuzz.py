"""Whatever is passed: a sensible result or an error of our own, and nothing else changes.

Programs of public calls are drawn at random; their arguments are expressions, so that a
failure is shown as a call, to be repeated after `from tests.fuzzing.problem import *` and
`globals().update(NAMES | make_problem())`.
"""

from collections import Counter
from itertools import chain

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzzing.oracle import make_value, run, simplify
from tests.fuzzing.problem import NAMES, make_problem
from tests.fuzzing.programs import call_routes, draw_program, fit_routes, without_strategy
from tests.fuzzing.values import ANYTHING, GOOD, ODD

# As many as take about half a minute.
N_EXAMPLES = {"calls": 220, "fits": 40}

FAMILIES = {"calls": call_routes, "fits": fit_routes}


def test_every_public_parameter_has_values():
    assert without_strategy() == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "table", [GOOD, ODD, {"any": ANYTHING}], ids=["good", "odd", "any"]
)
def test_every_value_can_be_made(table):
    names = NAMES | make_problem()
    for text in chain.from_iterable(table.values()):
        make_value(text, names)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_outcome_is_a_sensible_result_or_our_own_error(
    family, request, tmp_path, monkeypatch
):
    n_examples = request.config.getoption("--fuzz-examples")
    report = request.config.getoption("--fuzz-report")
    monkeypatch.chdir(tmp_path)  # names of files are drawn too
    routes, counts, failures = FAMILIES[family](), Counter(), {}

    @settings(
        max_examples=n_examples or N_EXAMPLES[family],
        derandomize=n_examples is None,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=True))
    def draw_and_run(rng):
        program = draw_program(rng, routes)
        outcome = run(program)
        counts[outcome.kind] += 1
        if outcome.is_failure:
            failures.setdefault(outcome.group, []).append((program, outcome))

    draw_and_run()
    lines = []
    for found in sorted(failures.values(), key=len, reverse=True):
        program, outcome = min(found, key=lambda pair: len(str(pair[0])))
        program = simplify(program, outcome)
        lines.append(f"{len(found)} x {outcome.kind}: {outcome.detail}")
        lines += [f"    {' | '.join(map(str, outcome.group))}", f"    {program}"]
    text = "\n".join([f"{family}: {dict(counts)}", *lines])
    if report is not None:
        with report.open("a") as file:
            file.write(f"{text}\n")
    assert not failures, text
