"""Annotators who copied from each other."""

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import binom

from sklnoise._blocks import sample_blocks
from sklnoise._text import enumerate_names, percent, shorten
from sklnoise._warnings import warn_caller
from sklnoise.annotators._em import fit_em
from sklnoise.exceptions import AnnotatorWarning

MIN_SHARED = 10  # samples that both answered

# Answers that are equal by chance, if all of fewer are.
MIN_EQUAL = 20

# Probability, over all pairs, that one which is independent is found.
COPY_LEVEL = 0.001

# Of the pool, so that no answer of an annotator is impossible.
PSEUDO_ANSWERS = 1.0
MAX_STEPS = 20

# Pairs that are tried one by one, the closest first.
MAX_PAIRS = 20


def find_duplicates(answers):
    """Return for each annotator the first one who gave exactly the same answers.

    It is the annotator, unless both have answered the same samples, and enough of them.
    """
    leader = np.arange(answers.n_annotators)
    order = np.argsort(answers.annotator, kind="stable")  # samples stay sorted
    ends = np.cumsum(answers.usage.sum(axis=1))
    first_of = {}
    for a, part in enumerate(np.split(order, ends[:-1])):
        if len(part) >= MIN_EQUAL:
            given = answers.sample[part].tobytes(), answers.code[part].tobytes()
            leader[a] = first_of.setdefault(given, a)
    return leader


def warn_of_duplicates(answers, leader):
    """Warn of annotators whose answers are those of another one."""
    found = np.flatnonzero(leader != np.arange(len(leader)))
    is_told = len(np.unique(leader)) == 1  # that all agree
    if len(found) and not is_told:
        names = (
            f"{shorten(answers.annotators[a])} of "
            f"{shorten(answers.annotators[leader[a]])}"
            for a in found
        )
        warn_caller(
            f"{len(found)} of {len(leader)} annotators gave exactly the answers of "
            f"another one: {enumerate_names(names)}. They count once.",
            AnnotatorWarning,
        )


def merge_duplicates(answers, leader):
    """Return the answers of those who lead, and the place of each annotator there."""
    leaders, place = np.unique(leader, return_inverse=True)
    own = leader[answers.annotator] == answers.annotator
    kept = answers.select(own)
    annotator = place[kept.annotator].astype(np.int32)
    return replace(
        kept, annotator=annotator, annotators=answers.annotators[leaders]
    ), place


def without_duplicates(answers, leader):
    """Leave out the answers that somebody else gave in the place of an annotator."""
    own = leader[answers.annotator] == answers.annotator
    if own.all():
        return answers
    cell = answers.sample.astype(np.int64) * len(leader)
    has_leader = np.isin(
        cell + leader[answers.annotator], (cell + answers.annotator)[own]
    )
    return answers.select(own | ~has_leader)


def warn_of_copies(answers):
    """Warn of pairs who agree more than the clean classes explain."""
    pairs = find_copies(answers)
    if not pairs:
        return
    texts = (
        f"{shorten(answers.annotators[b])} of {shorten(answers.annotators[a])} "
        f"({percent(observed)} equal answers, {percent(expected)} expected)"
        for a, b, observed, expected in pairs
    )
    warn_caller(
        "annotators agree more often than independent ones would, as if their answers "
        f"were copies: {enumerate_names(texts)}. Keep one of them: the others make the "
        "consensus too certain.",
        AnnotatorWarning,
    )


def find_copies(answers):
    """Find annotators whose answers are better explained as copies of another's.

    Copies make each other look right. So of a group who agree with each other more than
    with the rest, one is kept, the model is fitted without the others, and each of them
    copies the kept one with some probability. That gains nothing if both are just good.
    """
    pairs = agreement_of_pairs(answers)
    close = close_pairs(answers.n_annotators, *pairs)
    if not len(close):
        return []
    a, b = pairs[0][close], pairs[1][close]
    margin = np.log(len(pairs[0]) / COPY_LEVEL)
    together = fit_em(answers, prior=PSEUDO_ANSWERS)
    to_beat = together.log_likelihood + margin
    found = better_as_copies(answers, leaders_of_groups(answers, a, b), to_beat, margin)
    if found:
        return found
    # Good annotators agree with those who copied from each other, and with them only.
    for k in range(min(len(close), MAX_PAIRS)):
        leader = leaders_of_groups(answers, a[k : k + 1], b[k : k + 1])
        found += better_as_copies(answers, leader, to_beat, margin)
    return found


def better_as_copies(answers, leader, to_beat, margin):
    """Return whose answers are copies of their leaders', if that explains all better."""
    kept = leader == np.arange(answers.n_annotators)
    if kept.sum() < 2:  # nobody is left to compare with
        return []
    apart = fit_em(select_annotators(answers, kept), prior=PSEUDO_ANSWERS)
    copies = [
        (leader[b], b, *explain_as_copy(answers, apart, leader[b], b))
        for b in np.flatnonzero(~kept)
    ]
    total = apart.log_likelihood + sum(log_likelihood for *_, log_likelihood, _ in copies)
    if total < to_beat:
        return []
    return [(a, b, *rates) for a, b, *rates, _, gain in copies if gain > margin]


def leaders_of_groups(answers, a, b):
    """Return for each annotator the one of most answers in the same group."""
    m = answers.n_annotators
    graph = csr_array((np.ones(len(a)), (a, b)), shape=(m, m))
    group = connected_components(graph, directed=False)[1]
    order = np.argsort(-answers.usage.sum(axis=1), kind="stable")
    return order[np.unique(group[order], return_index=True)[1]][group]


def explain_as_copy(answers, model, first, second):
    """Explain the answers of the second as copies of the first, or by a T of their own.

    Returns the observed and the expected agreement, the log-likelihood of the answers,
    and by how much the copies improve it.
    """
    mine, theirs = (np.flatnonzero(answers.annotator == a) for a in (first, second))
    _, at, shared = np.intersect1d(
        answers.sample[mine], answers.sample[theirs], return_indices=True
    )
    sample, code = answers.sample[theirs], answers.code[theirs]
    copied = answers.code[mine[at]]
    equal = np.zeros(len(theirs), dtype=bool)
    equal[shared] = code[shared] == copied
    has_source = np.isin(np.arange(len(theirs)), shared)
    q = model.proba[sample]
    one_hot = np.eye(answers.n_classes)[code]
    log_likelihood = []
    for rate in (0.0, equal[shared].mean()):
        weight = 1 - rate * equal
        for _ in range(MAX_STEPS):
            T = q.T @ (weight[:, np.newaxis] * one_hot) + PSEUDO_ANSWERS * model.pool
            T /= T.sum(axis=1, keepdims=True)
            alone = (q * T[:, code].T).sum(axis=1)
            own = np.where(has_source, 1 - rate, 1) * alone
            likelihood = own + rate * equal
            weight = own / likelihood
            rate = 1 - weight[shared].mean() if rate else 0.0
        log_likelihood.append(float(np.log(likelihood).sum()))
        if not rate:
            expected = float((q[shared] * T[:, copied].T).sum(axis=1).mean())
    alone, as_copy = log_likelihood
    return float(equal[shared].mean()), expected, as_copy, as_copy - alone


def agreement_of_pairs(answers):
    """Return pairs of annotators, the samples both answered, and the equal answers."""
    n, m, K = answers.n_samples, answers.n_annotators, answers.n_classes
    a, b, shared = common_rows(answers.sample, answers.annotator, n, m, MIN_SHARED)
    if not len(a):
        return a, b, shared, shared
    cell = answers.sample.astype(np.int64) * K + answers.code
    cell = np.unique(cell, return_inverse=True)[1]
    first, second, n_equal = common_rows(cell, answers.annotator, n * K, m, 1)
    pair, equal = (i.astype(np.int64) * m + k for i, k in ((a, b), (first, second)))
    at = np.searchsorted(equal, pair).clip(max=max(len(equal) - 1, 0))
    agreed = np.where(equal[at] == pair, n_equal[at], 0) if len(equal) else 0 * shared
    return a, b, shared, agreed


def common_rows(row, annotator, n_rows, m, at_least):
    """Return pairs of annotators and how many rows they have in common, in order."""
    ones = np.ones(len(row), dtype=np.int32)
    has_row = csr_array((ones, (row, annotator)), shape=(n_rows, m))
    rows_of = has_row.T.tocsr()
    found = []
    for block in sample_blocks(m, 4 * m):  # most of many pairs have few in common
        common = coo_array(rows_of[block] @ has_row)
        first = common.row + block.start
        kept = (first < common.col) & (common.data >= at_least)
        order = np.lexsort((common.col[kept], first[kept]))
        parts = first, common.col, common.data
        found.append([part[kept][order] for part in parts])
    return [np.concatenate(part) for part in zip(*found)]


def close_pairs(m, a, b, shared, agreed):
    """Return the pairs who agree with each other more than with others, by p-value."""

    def total(values):
        return np.bincount(a, values, minlength=m) + np.bincount(b, values, minlength=m)

    all_shared, all_agreed = total(shared), total(agreed)
    rates = []
    for person in (a, b):
        rest = all_shared[person] - shared
        rate = (all_agreed[person] - agreed) / np.maximum(rest, 1)
        rates.append(np.where(rest > 0, rate, 1))  # with nobody else, nobody is close
    rate = np.maximum(*rates)
    p_value = np.ones(len(a))
    above = agreed - shared * rate > 2 * np.sqrt(shared * rate * (1 - rate))
    p_value[above] = binom.sf(agreed[above] - 1, shared[above], rate[above])
    order = np.lexsort((-agreed / shared, p_value))
    return order[p_value[order] < COPY_LEVEL / max(len(a), 1)]


def select_annotators(answers, kept):
    """Leave out the answers of some annotators."""
    return answers.select(kept[answers.annotator])
