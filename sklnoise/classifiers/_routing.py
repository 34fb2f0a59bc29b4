"""Metadata of `fit`: what the splitter gets, and what the models get."""

from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from sklnoise._compat import routing_enabled


def router_of(classifier, **models):
    """Return the metadata routing of a classifier that makes folds."""
    cv = classifier.cv
    splitter = cv if hasattr(cv, "split") else StratifiedKFold()
    to_fit = MethodMapping().add(caller="fit", callee="fit")
    to_split = MethodMapping().add(caller="fit", callee="split")
    return (
        MetadataRouter(owner=classifier)
        .add_self_request(classifier)
        .add(method_mapping=to_fit, **models)
        .add(splitter=splitter, method_mapping=to_split)
    )


def route_fit(classifier, sample_weight, fit_params):
    """Sort metadata into what the splitter and what the models get."""
    if routing_enabled():
        if sample_weight is not None:
            fit_params = {**fit_params, "sample_weight": sample_weight}
        return process_routing(classifier, "fit", **fit_params)
    rest = dict(fit_params)
    groups = rest.pop("groups", None)
    return Bunch(splitter=Bunch(split={"groups": groups}), estimator=Bunch(fit=rest))
