"""One object that trains clones of a net: the way from the classifiers to the engine."""

import dataclasses

from sklnoise.engine._data import LabelledData
from sklnoise.engine._device import Setting
from sklnoise.engine._routes import fit_nets
from sklnoise.engine._training import fit_net

TrainingConfig = Setting


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Trainer:
    """Trains clones of a net on samples of one data set."""

    net: object
    data: LabelledData
    config: TrainingConfig
    seed: int
    fit_params: dict | None = None
    observed: bool = True
    verbose: int = 0
    on_epoch: object = None

    def replace(self, **changes):
        """Return a copy with other attributes."""
        return dataclasses.replace(self, **changes)

    def fit(
        self, rows, loss, *, data=None, start_from=None, warm_up=0.0, warm_up_loss=None
    ):
        """Train a clone of the net and return it."""
        return fit_net(
            self.net,
            self.data if data is None else data,
            rows,
            loss,
            self.config,
            seed=self.seed,
            start_from=start_from,
            warm_up=warm_up,
            warm_up_loss=warm_up_loss,
            fit_params=self.fit_params,
            observed=self.observed,
            verbose=self.verbose,
            watch=self.on_epoch,
        )

    def fit_folds(self, splits, loss, seeds, fit_params, finish, *, n_jobs=None):
        """Train one clone per split and yield what `finish(net, fold)` returns."""
        return fit_nets(
            self.net,
            self.data,
            [train for train, _ in splits],
            loss,
            self.config,
            seeds,
            finish,
            fit_params=fit_params,
            observed=self.observed,
            n_jobs=n_jobs,
            watch=self.on_epoch,
        )
