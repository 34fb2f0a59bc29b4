"""Programs of one or a few calls of public names, found by introspection."""

import inspect
from dataclasses import dataclass, replace
from functools import cache

from sklearn.base import ClassifierMixin

from tests.fuzzing.problem import public_names
from tests.fuzzing.values import ANYTHING, GOOD, ODD, OWN_ONLY, look_up

# They download, are there for others to inherit from, or need a file.
FETCHERS = {"fetch_cifar10", "fetch_cifar100", "fetch_imdb", "fetch_mnist"}
NOT_CALLED = FETCHERS | {"BaseTransitionEstimator"}
NOT_CALLED |= {"load", "save"}
# Of scikit-learn, torch, or with arguments that are no arrays.
NOT_A_STEP = {"fit", "forward", "get_metadata_routing", "set_params", "save", "export"}
SCORER = [
    ("make_noise_corrected_scorer", None),
    ("noisy_log_likelihood_scorer", "__call__"),
]
# Parameters that are always passed: their defaults take seconds, or processes.
ALWAYS = {"NoiseRobustClassifier.estimator", "NoiseRobustClassifier.cv"}
ALWAYS |= {"ConfidentLearningClassifier.cv", "ResNet.depth", "ResNet.width", "hidden"}
ALWAYS |= {"n_bootstraps", "embedding_dim", "dense", "widths", "random_state"}
PLAIN_SIZES = {"n": 30, "d": 2, "K": 3, "seed": 0}


@dataclass(frozen=True)
class Step:
    """A call: of a public name, or of a method of what the first step returned."""

    owner: str
    method: str | None
    args: tuple  # of pairs: name of the parameter, expression

    def __str__(self):
        args = ", ".join(f"{name}={text}" for name, text in self.args)
        if self.method is None:
            return f"it = {self.owner}({args})"
        return f"{'it' if self.method == '__call__' else f'it.{self.method}'}({args})"


@dataclass(frozen=True)
class Program:
    """Steps that are run in turn on a problem of some size."""

    sizes: dict
    steps: tuple

    def __str__(self):
        sizes = {k: v for k, v in self.sizes.items() if v != PLAIN_SIZES[k]}
        text = "; ".join(map(str, self.steps)).replace("it = ", "", len(self.steps) == 1)
        if len(self.steps) > 1:
            text = text.replace("; it.", ".", 1).removeprefix("it = ")
        return f"{text}  # {sizes}" if sizes else text

    def simpler(self):
        """Yield programs that differ by one argument, which is plain or left out."""
        if self.sizes != PLAIN_SIZES:
            yield replace(self, sizes=PLAIN_SIZES)
        for at, step in reversed(list(enumerate(self.steps))):
            if step.method not in (None, "fit", "__call__"):
                yield replace(self, steps=self.steps[:at] + self.steps[at + 1 :])
            for name, text in step.args:
                plain = look_up(GOOD, step.owner, step.method, name)[0]
                left = tuple(pair for pair in step.args if pair[0] != name)
                plainer = tuple((k, plain if k == name else v) for k, v in step.args)
                args = plainer if is_required(step.owner, step.method, name) else left
                if (name, text) in args:
                    continue
                steps = list(self.steps)
                steps[at] = replace(step, args=args)
                yield replace(self, steps=tuple(steps))


@cache
def parameters(owner, method):
    """Return the parameters of a public name, or of a method of it, by name."""
    function = public_names()[owner]
    if method == "__call__":
        function = getattr(function, "forward", function)
    elif method is not None:
        function = getattr(function, method)
    found = dict(inspect.signature(function).parameters)
    found.pop("self", None)
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {name: p for name, p in found.items() if p.kind not in kinds}


def is_required(owner, method, name):
    """Return whether a parameter has no default, or none that is quick."""
    default = parameters(owner, method)[name].default
    in_list = name in ALWAYS or f"{owner}.{name}" in ALWAYS
    return default is inspect.Parameter.empty or (in_list and method is None)


def own_methods(public):
    """List the public methods that sklnoise defines, and score."""
    kinds = [kind for kind in public.__mro__ if kind.__module__.startswith("sklnoise")]
    found = {name for kind in kinds for name, v in vars(kind).items() if is_method(v)}
    found |= {"score"} & set(dir(public))
    found = {name for name in found - NOT_A_STEP if not name.endswith("_request")}
    return sorted(name for name in found if not name.startswith("_"))


def is_method(value):
    """Return whether an attribute of a class is a method, also of `available_if`."""
    return inspect.isroutine(value) or hasattr(value, "attribute_name")


def routes():
    """Return the steps of each program: lists of pairs of owner and method."""
    found = [SCORER]
    for owner, public in public_names().items():
        if owner in NOT_CALLED:
            continue
        made = [(owner, None)]
        if not inspect.isclass(public):
            found.append(made)
            continue
        made += [(owner, "fit")] * hasattr(public, "fit")
        made += [(owner, "__call__")] * hasattr(public, "forward")
        methods = own_methods(public)
        found += [made] * (len(made) > 1 or not methods)
        for name in methods:
            kind = inspect.getattr_static(public, name)
            is_alone = isinstance(kind, classmethod | staticmethod)
            found.append([(owner, name)] if is_alone else [*made, (owner, name)])
    return found


def is_classifier_class(owner):
    """Return whether a public name is a classifier."""
    kind = public_names()[owner]
    return inspect.isclass(kind) and issubclass(kind, ClassifierMixin)


def without_strategy():
    """List the parameters of public names that no value is known for."""
    steps = {step for route in routes() for step in route}
    return sorted(
        f"{owner}.{method}({name})".replace(".None", "")
        for owner, method in steps
        for name in parameters(owner, method)
        if not look_up(GOOD, owner, method, name)
    )


def draw_step(rng, owner, method, fitted):
    """Draw a step of values that somebody could pass, most of them plain ones."""
    args = {}
    for name in parameters(owner, method):
        good = look_up(GOOD, owner, method, name) or ANYTHING
        if name in fitted and rng.random() < 0.9:
            args[name] = fitted[name]
        elif is_required(owner, method, name):
            args[name] = good[0] if rng.random() < 0.6 else rng.choice(good)
        elif rng.random() < 0.2:
            args[name] = rng.choice(good)
    return Step(owner, method, tuple(args.items()))


def draw_wrong(rng, owner, method, name):
    """Draw a wrong value, None where torch or matplotlib is left to check it."""
    odd = look_up(ODD, owner, method, name)
    module = public_names()[owner].__module__
    drawing = (None, "plot", "from_accuracies")
    is_drawing = module.startswith("sklnoise.inspection") and method in drawing
    if module.startswith("sklnoise.nn"):
        return None
    if odd and (name in OWN_ONLY or is_drawing or rng.random() < 0.6):
        return rng.choice(odd)
    return None if name in OWN_ONLY or is_drawing else rng.choice(odd + ANYTHING)


def draw_program(rng, routes):
    """Draw a program of an unusual size, and with up to two wrong values, or without."""
    sizes = dict(PLAIN_SIZES)
    if rng.random() < 0.5:
        n = rng.choice([30, 80, 12, 5, 3, 2, 1])
        K = min(n, rng.choice([1, 2, 3, 4, 10]))
        sizes = {"n": n, "d": rng.choice([1, 2, 7]), "K": K, "seed": rng.randrange(5)}
    steps, fitted = [], {}  # later steps mostly get the X of the fit
    for owner, method in rng.choice(routes):
        steps.append(draw_step(rng, owner, method, fitted))
        if method == "fit":
            fitted = {k: v for k, v in steps[-1].args if k in ("X", "y")}
    places = [
        (at, n) for at, s in enumerate(steps) for n in parameters(s.owner, s.method)
    ]
    for at, name in rng.sample(places, min(len(places), rng.choice([0, 0, 0, 1, 1, 2]))):
        wrong = draw_wrong(rng, steps[at].owner, steps[at].method, name)
        if wrong is not None:
            args = dict(steps[at].args) | {name: wrong}
            steps[at] = replace(steps[at], args=tuple(args.items()))
    return Program(sizes, tuple(steps))


def call_routes():
    """Return the routes of functions and of classes that are no classifiers."""
    return [route for route in routes() if not is_classifier_class(route[0][0])]


def fit_routes():
    """Return for each classifier a route through its fit and all of its methods."""
    found = {}
    for route in routes():
        if is_classifier_class(route[0][0]):
            found.setdefault(route[0][0], route[:2]).extend(route[2:])
    return list(found.values())
