"""Shim."""
from functools import partial
from sklnoise.training import *
from sklnoise.training import Trainer, TrainingConfig as Setting, available_threads as threads_at_hand, isolated as undisturbed, sample_shape as row_shape

def fit_net(net, data, rows, loss, setting, *, seed, warm_up=0.0, warm_up_loss=None, start_from=None, verbose=0, fit_params=None, observed=True, watch=None):
    t = Trainer(net, data, setting, seed, fit_params, observed, verbose, watch)
    return t.fit(rows, loss, start_from=start_from, warm_up=warm_up, warm_up_loss=warm_up_loss)

def fit_nets(net, data, row_sets, loss, setting, seeds, finish, *, fit_params, observed, n_jobs, watch=None):
    t = Trainer(net, data, setting, 0, None, observed, 0, watch)
    return t.fit_folds([(r, None) for r in row_sets], loss, list(seeds), list(fit_params), finish, n_jobs=n_jobs)
