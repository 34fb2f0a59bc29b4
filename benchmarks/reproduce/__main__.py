"""Run a table: `python -m benchmarks.reproduce mnist --seeds 5 --jobs 2`.

`page` writes the tables of the docs from the CSVs.
"""

import argparse
from importlib import import_module

from benchmarks.reproduce._cells import read_results, run_missing

TABLES = "mnist", "imdb", "cifar10", "goldberger", "tabular", "tune"
PAGE = "page"


def main():
    """Run what is missing of a table, or write those of the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reproduce")
    parser.add_argument("table", choices=(*TABLES, PAGE))
    parser.add_argument("--seeds", type=int, help="draws of the noise, where not fixed")
    parser.add_argument("--jobs", type=int, default=1, help="cells at the same time")
    parser.add_argument("--only", help="run models whose name contains this")
    args = parser.parse_args()
    if args.table == PAGE:
        import_module("benchmarks.reproduce._page").write()
        return
    table = import_module(f"benchmarks.reproduce.{args.table}")
    cells = table.cells(table.SEEDS if args.seeds is None else args.seeds)
    if args.only:
        cells = [cell for cell in cells if args.only in cell.model]
    run_missing(args.table, cells, table.run, args.jobs)
    if hasattr(table, "draw"):
        table.draw(read_results(args.table))


if __name__ == "__main__":
    main()
