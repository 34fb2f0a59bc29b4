"""The head of a report in plain words: what was found, and how far to trust it."""

import numpy as np

from sklnoise._text import enumerate_names, percent, shorten
from sklnoise.classifiers._noise_text import NOTHING, format_interval

# Half widths of the interval up to which a noise rate is exact, and still a rough number.
MAX_EXACT, MAX_ROUGH = 0.03, 0.1

# Fewer suspects of one kind are not worth a mention.
MIN_PAIR_COUNT = 2


def summary_context(findings):
    """Return the sentences and numbers at the head of a report."""
    noise, judgement = findings.noise, findings.judgement
    n_judged, n_issues = len(judgement.rows), int(judgement.is_issue.sum())
    n_rows = len(np.unique(judgement.rows)) + judgement.n_left_out
    rate, interval = "unknown", "not estimated"
    if noise.noise_rate is not None:
        rate = percent(noise.noise_rate)
        interval = format_interval(noise.noise_rate_interval)
        interval = f"very likely {interval}" if interval else "as given"
    return {
        "cautions": all_cautions(findings),
        "count": count_sentence(findings),
        "pair": most_frequent_pair(findings),
        "certainty": certainty_sentence(findings),
        "remarks": f"{trusted_sentence(findings)} {source_sentence(findings)}".strip(),
        "rate": rate,
        "interval": interval,
        "n_issues": n_issues,
        "issue_share": percent(n_issues / n_judged),
        "n_rows": n_rows,
        "n_judged": n_judged,
    }


def count_sentence(findings):
    """Say how many labels look wrong."""
    noise, judgement = findings.noise, findings.judgement
    if noise.noise_rate is None or findings.new_rows:
        n_labels = f"{len(judgement.rows):,} {findings.judged}"
        return f"{judgement.is_issue.sum():,} of the {n_labels} look wrong"
    count, of_labels = round(noise.noise_rate * n_untrusted(findings)), findings.judged
    if judgement.n_trusted:
        of_labels = f"other {findings.judged}"
    about = f"about {count:,} of the {n_untrusted(findings):,} {of_labels} look wrong"
    if findings.is_estimated:
        return about.capitalize()
    return f"By the noise that was given, {about}"


def n_untrusted(findings):
    """Return how many labels are judged without being known to be right."""
    return len(findings.judgement.rows) - findings.judgement.n_trusted


def most_frequent_pair(findings):
    """Return the suggested class and the label that most suspects have, if some do."""
    is_issue = findings.judgement.is_issue
    pairs = np.column_stack([findings.suggested, findings.labels])[is_issue]
    pairs, counts = np.unique(pairs, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    if not len(order) or counts[order[0]] < MIN_PAIR_COUNT:
        return None
    if len(order) > 1 and counts[order[0]] == counts[order[1]]:
        return None
    return [findings.names[k] for k in pairs[order[0]]]


def certainty_sentence(findings):
    """Say how sure the number of wrong labels is."""
    noise = findings.noise
    if noise.noise_rate is None:
        return (
            "not known. The labels are ranked by how well they fit; how many are wrong "
            "was not estimated."
        )
    if not findings.is_estimated:
        return "as sure as the noise that was given; nothing here checks it."
    low, high = noise.noise_rate_interval
    if findings.new_rows:
        of = "rows" if findings.judged == "labels" else findings.judged
        return (
            f"of the {of} that the model was fitted on, {percent(noise.noise_rate)} are "
            f"wrong, very likely {format_interval((low, high))}."
        )
    fewest, most = (f"{rate * n_untrusted(findings):,.0f}" for rate in (low, high))
    between = f"very likely (95 in 100) between {fewest} and {most}"
    if noise.weak_first_pass:
        return f"hardly, for the reason above. There may be none, or as many as {most}."
    if fewest == "0":
        return f"there may be none at all; very likely (95 in 100) at most {most}."
    half_width = (high - low) / 2
    if half_width <= MAX_EXACT:
        return (
            f"fairly sure, {between}. More, if rows that are hard to tell are more often "
            "wrong than others."
        )
    if half_width <= MAX_ROUGH:
        return f"roughly, {between}."
    return f"hardly more than that some are wrong, {between}."


def trusted_sentence(findings):
    """Say how many labels are known to be right."""
    n_trusted = findings.judgement.n_trusted
    if not n_trusted:
        return ""
    labels = f"{n_trusted:,} {findings.judged} are"
    if n_trusted == 1:
        labels = f"1 {findings.judged[:-1]} is"
    return f"{labels} known to be right: never suspected, and of quality 1."


def source_sentence(findings):
    """Say by what the labels were judged."""
    if findings.new_rows:
        return (
            "The rows below are new to the model. What is said of the noise of classes "
            "is that of the rows that it was fitted on."
        )
    if findings.judgement.judged_in_sample:
        return ""
    if findings.judged == "answers":
        return (
            "Every answer was judged by all answers to the row, and by a model that had "
            "not seen the row."
        )
    return "Every label was judged by a model that had not seen the row."


def all_cautions(findings):
    """List the reasons to distrust the report, in plain words."""
    noise, judgement, cautions = findings.noise, findings.judgement, []
    if noise.weak_first_pass:
        cautions.append(weakness_caution(noise))
    if noise.indistinguishable_classes:
        pairs = [" / ".join(map(shorten, p)) for p in noise.indistinguishable_classes]
        cautions.append(
            "The labels alone cannot tell these classes apart: "
            f"{enumerate_names(pairs)}. Their names may even be swapped. Only rows that "
            "a person has checked can settle it."
        )
    if noise.dominated_classes:
        names = enumerate_names(map(shorten, noise.dominated_classes))
        cautions.append(
            f"More often labelled as another class than as themselves: {names}. Check "
            "some of these rows before you rely on what is said of them."
        )
    if judgement.judged_in_sample:
        cautions.append(
            "The model has learned these very labels. What it learned by heart looks "
            "right, so wrong labels may be missed."
        )
    if judgement.n_left_out and findings.judged == "answers":
        cautions.append(
            f"{judgement.n_left_out:,} rows have answers but no weight. They are not "
            "judged."
        )
    elif judgement.n_left_out:
        cautions.append(
            f"{judgement.n_left_out:,} rows were never held out for a test, or have no "
            "weight. They are not judged."
        )
    return cautions


def weakness_caution(noise):
    """Say why what looks wrong may be the model's own mistakes."""
    if noise.verdict == NOTHING:
        gain = noise.diagnostics.accuracy_over_majority
        side = "less" if gain < 0 else "more"
        return (
            "Do not rely on the number below. The model hardly tells the classes apart: "
            f"it agrees with the labels in only {100 * abs(gain):.2g} of 100 rows {side} "
            "than if it always named the most frequent class. What looks wrong may be "
            "its own mistakes."
        )
    return (
        "The number below may be too high. The model itself is wrong on about "
        f"{percent(noise.diagnostics.impurity)} of the rows, so some of what looks wrong "
        f"is its own mistakes. At most {percent(noise.noise_rate_interval[1])} of the "
        "labels are wrong, perhaps none."
    )
