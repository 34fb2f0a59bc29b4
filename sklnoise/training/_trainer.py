"""Training of nets on some samples: alone, or one per fold."""

from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial

import torch
from joblib import effective_n_jobs
from skorch import NeuralNetClassifier
from skorch.dataset import ValidSplit
from torch.utils.data import Dataset

from sklnoise._parallel import run_parallel
from sklnoise.nn._mlp import has_known_layers, set_generator
from sklnoise.training._averages import average_of, trained_parameters
from sklnoise.training._callbacks import (
    AverageWeights,
    EpochListener,
    acts_alone,
    interrupts,
)
from sklnoise.training._config import (
    TrainingConfig,
    is_small_step,
    mixed_precision,
    n_weights,
    seeded,
    thread_limit,
)
from sklnoise.training._data import HoldOut, LabelledData, densify_if_small
from sklnoise.training._explanations import explain, explained
from sklnoise.training._hidden import HiddenFeatures
from sklnoise.training._loop import (
    Member,
    SingleNet,
    has_plain_steps,
    prepare_scoring,
    run_epochs,
)
from sklnoise.training._net import AutoSizedNet, is_net
from sklnoise.training._net_checks import check_net
from sklnoise.training._optimizers import drop_eager, drop_state
from sklnoise.training._preparation import count_epochs, prepare
from sklnoise.training._processes import (
    AverageOverProcesses,
    begin_together,
    check_accelerator,
    is_shared,
    share_of,
)
from sklnoise.training._stack import StackedMLP, can_stack, group_alike
from sklnoise.training._workers import attempt, workers

# Weights of a net above which one per thread takes too much memory.
MAX_WEIGHTS_PER_THREAD = 2**23


@dataclass(frozen=True)
class Trainer:
    """What is common to the trainings of a net; `fit` leaves all global state as it was.

    `observed` is whether callbacks that only observe the training are called; `on_epoch`
    is called as `on_epoch(event, net, n_epochs)` at "on_train_begin", "on_epoch_begin"
    and "on_epoch_end", where it returns True to stop the training.
    """

    net: NeuralNetClassifier  # a template, which is cloned
    data: LabelledData
    config: TrainingConfig
    seed: int  # of initial weights, orders, dropout and validation split
    fit_params: dict | None = None
    observed: bool = True
    verbose: int = 0
    on_epoch: object = None
    of_fold: bool = False  # fewer steps, for a net that only has to rank the samples

    def __post_init__(self):
        if is_net(self.net):
            chosen = ("lr", "max_epochs") if isinstance(self.net, AutoSizedNet) else ()
            check_net(self.net, chosen=chosen)
            check_accelerator(self.net)

    def replace(self, **changes):
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def fit(
        self, rows, loss, *, data=None, start_from=None, warm_up=0.0, warm_up_loss=None
    ):
        """Fit a clone of the net to some samples with a loss per sample.

        `warm_up` is the share of the training steps that use `warm_up_loss`
        (cross-entropy, if None) before `loss`; `start_from` are weights as `weights_of`
        returns them.
        """
        trainer = self.replace(data=densify_if_small(self.data if data is None else data))
        prepared = prepare(
            trainer,
            rows,
            loss,
            start_from=start_from,
            warm_up=warm_up,
            warm_up_loss=warm_up_loss,
        )
        return train(prepared)

    def fit_seeds(self, rows, loss, seeds, **start):
        """Fit one net per seed to the same samples; return a list of them."""
        if len(seeds) == 1 or not getattr(self.net, "averages_weights", None):
            return [self.replace(seed=s).fit(rows, loss, **start) for s in seeds]
        n_nets = len(seeds)
        nets = self.fit_folds(
            [(rows, rows[:0])] * n_nets,
            loss,
            seeds,
            [self.fit_params] * n_nets,
            lambda net, number: net,
            n_jobs=1,
            of_fold=False,
            **start,
        )
        with closing(nets):
            return [raise_if_failed(net) for net in nets]

    def fit_folds(
        self,
        splits,
        loss,
        seeds,
        fit_params,
        finish,
        *,
        n_jobs=None,
        data=None,
        of_fold=True,
        **how,
    ):
        """Fit one net per fold; return an iterator over what `finish(net, fold)` returns.

        An exception takes the place of the net that has failed. The result does not
        depend on `n_jobs`, as only model, shapes and dtype decide how nets are trained.
        `how` is what else `prepare` takes; with `least_steps` each net keeps its
        trajectory on the samples that its fold holds out.
        """
        data = densify_if_small(self.data if data is None else data)
        # What processes do together they do in one order.
        n_jobs = 1 if is_shared(self.net) else n_jobs
        prepare_one = partial(
            prepare_fold, self.replace(data=data, of_fold=of_fold), loss, how
        )
        per_fold = list(zip(range(len(splits)), splits, seeds, fit_params, strict=True))
        tasks = [partial(prepare_one, *fold) for fold in per_fold]
        first = attempt(tasks[0])
        if isinstance(first, Exception):
            return (failure for failure in [first])  # closed like the others
        if has_plain_steps(first) and can_stack(first, len(tasks)):
            return fit_stacked([first, *map(attempt, tasks[1:])], finish)
        n_threads = None
        if may_share_threads(first):
            n_workers = min(self.config.n_threads, len(tasks))
            share = max(1, self.config.n_threads // len(tasks))
            is_alone = effective_n_jobs(n_jobs) == 1 and self.on_epoch is None
            if is_alone and n_workers > 1:
                return fit_on_threads(tasks, share, n_workers, finish)
            n_threads = share
        del first
        fit, common = partial(attempt, fit_one), (prepare_one, finish, n_threads)
        if effective_n_jobs(n_jobs) == 1:
            # scikit-learn's wrapper of a task exchanges the filters of warnings, which
            # are those of all threads.
            return (fit(*common, *fold) for fold in per_fold)
        return run_parallel(fit, common, *zip(*per_fold), n_jobs=n_jobs)


def raise_if_failed(outcome):
    """Return what a training gave, or raise what it failed with."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def train(prepared):
    """Train a net while no other is trained in this process."""
    config = prepared.config
    is_small = is_small_step(prepared.net.module_, prepared.batch_shape())
    with (
        seeded(prepared.seed, config.device),
        thread_limit(1 if is_small else config.n_threads),
        interrupts() as interrupted,
    ):
        run(prepared, interrupted)
    return prepared.net


def run(prepared, interrupted):
    """Train a net by one of the two routes, with torch's global state as it is."""
    net, dataset, config = prepared.net, prepared.dataset, prepared.config
    with mixed_precision(config), explained(net, dataset.all_X):
        prepared.begin()
        rank, _ = share_of(net)
        generator = torch.Generator(config.device).manual_seed(prepared.seed + rank)
        set_generator(net.module_, generator)
        with observed_features(net, dataset):
            if has_plain_steps(prepared):
                member = Member(prepared, interrupted)
                run_epochs([member], SingleNet(member))
                if member.error is not None:
                    raise member.error
            else:
                run_skorch(prepared, interrupted)
    release(net)


def run_skorch(prepared, interrupted):
    """Train a net by skorch's loop, with a callback of ours at the end of its list."""
    net, dataset, fit_params = prepared.net, prepared.dataset, prepared.fit_params
    dataset.keep_sparse = False
    average = AverageWeights(average_of(net, trained_parameters(net)))
    listener = EpochListener(prepared.on_epoch, count_epochs(net, prepared), average)
    prepare_scoring(net)
    first, last = [("average", average)], [("epoch_listener", listener)]
    if is_shared(net):
        begin_together(net)
        first = [("processes", AverageOverProcesses(share_of(net)[0])), *first]
    net.callbacks_ = [*first, *net.callbacks_, *last]
    try:
        net.fit_loop(dataset, prepared.y, **fit_params)
    except KeyboardInterrupt:  # skorch's way to end a training, or the user
        if interrupted():
            raise
        average.on_epoch_end(net)
        listener.end_epoch_of_stop(net)
    finally:
        added = *first, *last
        net.callbacks_ = [named for named in net.callbacks_ if named not in added]
    prepared.end()


@contextmanager
def observed_features(net, dataset):
    """Give a loss that wants the hidden features access to them during the training."""
    if not getattr(net.criterion_.loss, "wants_features", False):
        yield
        return
    with HiddenFeatures(net, dataset.probe()) as hidden:
        net.criterion_.hidden = hidden
        yield
        net.criterion_.hidden = None


def release(net):
    """Drop what only a training needs, such as a memory of its samples.

    A schedule holds the weights of the optimizer: without it a net is pickled once, and
    can be loaded where there is no such device.
    """
    set_generator(net.module_, None)
    net.criterion_.forget()
    for name in net._optimizers:
        optimizer = getattr(net, f"{name}_")
        drop_eager(optimizer)
        drop_state(optimizer)
    for _, callback in net.callbacks_:
        vars(callback).pop("lr_scheduler_", None)


def prepare_fold(trainer, loss, how, fold, split, seed, fit_params):
    """Make the net of one fold ready to be trained."""
    # The tables of several nets could not be told apart.
    verbose = 0 if fold else trainer.verbose
    trainer = trainer.replace(seed=seed, fit_params=fit_params, verbose=verbose)
    train, test = split
    return prepare(trainer, train, loss, held_out=test, **how)


def fit_one(prepare_one, finish, n_threads, fold, *of_fold):
    """Fit the net of one fold, while no other is fitted in this process.

    Its steps use `n_threads` threads, unless that is None.
    """
    prepared = prepare_one(fold, *of_fold)
    if n_threads is not None:
        prepared.config = prepared.config._replace(n_threads=n_threads)
    net = train(prepared)
    with thread_limit(prepared.config.n_threads):
        return finish(net, fold)


def fit_stacked(prepared, finish):
    """Fit small MLPs together, those alike in one stack."""
    config = prepared[0].config
    members, failure = [], None
    with thread_limit(1), interrupts() as interrupted, mixed_precision(config):
        for one in prepared:
            member = one
            if not isinstance(one, Exception):
                with seeded(one.seed, config.device):  # a user's split may draw
                    member = attempt(begin_member, one, interrupted)
            if isinstance(member, Exception):
                failure = member
                break
            members.append(member)
        report_first(members)
        for group in group_alike(members):
            alike = [members[index] for index in group]
            seed = prepared[group[0]].seed
            generator = torch.Generator(config.device).manual_seed(seed)
            if len(alike) == 1:
                set_generator(alike[0].net.module_, generator)
                model = SingleNet(alike[0])
            else:
                model = StackedMLP(alike, generator)
            run_epochs(alike, model)
    for fold, member in enumerate(members):
        release(member.net)
        error = member.error and explain(member.error, member.net)
        yield error or attempt(finish, member.net, fold)
    if failure is not None:
        yield failure


def report_first(members):
    """Let the first running one of several nets report its epochs, and stop all of them.

    All of them are one training to those who follow it.
    """
    if not members or members[0].on_epoch is None:
        return
    on_epoch, lead, stops = members[0].on_epoch, None, False

    def report(event, net, n_epochs):
        nonlocal lead, stops
        if event == "on_epoch_begin":
            is_first = lead is None or len(net.history) > len(lead.history)
            lead = net if is_first else lead
        if net is lead:
            stops = on_epoch(event, net, n_epochs)
        return stops

    for member in members:
        member.on_epoch = report


def begin_member(prepared, interrupted):
    """Begin the training of a net that takes part in the loop."""
    prepared.begin()
    return Member(prepared, interrupted)


def may_share_threads(prepared):
    """Return whether nets of folds are trained on one thread each.

    Our MLP draws from a generator of its own: such nets share nothing of torch's global
    state, as long as their splits draw nothing and their callbacks write no file.
    """
    net, config = prepared.net, prepared.config
    return (
        has_known_layers(net.module_)
        and config.device.type == "cpu"
        and not is_small_step(net.module_, prepared.batch_shape())
        and n_weights(net.module_) <= MAX_WEIGHTS_PER_THREAD
        and not isinstance(prepared.dataset.all_X, Dataset)  # code of the user
        and (net.train_split is None or type(net.train_split) in (HoldOut, ValidSplit))
        and all(acts_alone(callback) for _, callback in net.callbacks_)
        and has_plain_steps(prepared)
    )


def fit_on_threads(tasks, n_threads, n_workers, finish):
    """Fit one net per thread."""

    def fit(prepared, fold):
        if isinstance(prepared, Exception):
            return prepared
        run(prepared, interrupted=lambda: False)  # workers receive no signals
        return finish(prepared.net, fold)

    with thread_limit(n_threads), workers(n_workers) as work:
        prepared = map(attempt, tasks)  # one after another, as the threads take them up
        yield from work(partial(attempt, fit), prepared, range(len(tasks)))
