"""The order of tutorials and gallery: what a reader needs first comes first."""

ORDER = (
    "plot_table",
    "plot_text",
    "plot_images",
    "plot_review",
    "plot_did_it_help",
    "plot_how_many",
    "plot_digits",
    "plot_label_issues",
    "plot_known_rate",
    "plot_trusted_rows",
    "plot_prediction_sets",
    "plot_search",
    "plot_robustness",
    "plot_human_labels",
    "plot_annotators",
    "plot_confident_learning",
    "plot_weights_groups",
    "plot_torch_loop",
    "plot_losses",
    "plot_transition_estimators",
    "plot_noise_kinds",
    "plot_hard_data",
)


def by_need(file_name):
    """Return the position of an example in the gallery."""
    name = file_name.removesuffix(".py")
    return ORDER.index(name) if name in ORDER else len(ORDER)
