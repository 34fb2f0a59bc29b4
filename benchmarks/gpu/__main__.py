"""Run a part: `python -m benchmarks.gpu --minutes 9 --part 1`.

    1  checks    devices, types, files, equal bits, bfloat16, no waiting in the steps
    2  samples   X on the device against X in pinned memory
    3  folds     stacked folds against one after another; a step as a CUDA graph
    4  speed     seconds of fits, of bare torch, of skorch and of cleanlab
    5  cifar     the tables of Patrini et al. (2017) on CIFAR-10 and CIFAR-100
    6  clothing  the protocol of Clothing1M on a folder of images, `--images`
    7  human     CIFAR-10 with labels of people, `--labels`

What is in `benchmarks/results/gpu_<part>.csv` is not run again, so that a command can be
repeated until the part is complete. `--device cpu --tiny` runs all of it on little made
data, in a temporary folder, to show that it runs.
"""

import argparse
import tempfile
from importlib import import_module
from pathlib import Path

import torch

from benchmarks.gpu._cases import PARTS, Options, run_part
from benchmarks.reproduce._cells import RESULTS


def main():
    """Run the cases of a part that are missing and fit into the time."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    numbers = range(1, len(PARTS) + 1)
    parser.add_argument("--part", type=int, choices=numbers, required=True)
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="little made data")
    parser.add_argument("--images", type=Path, help="folder of part 6")
    parser.add_argument("--labels", type=Path, help=".npz file of part 7")
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no CUDA device; try --device cpu --tiny")
    if args.device == "cpu" and not args.tiny:
        parser.error("on a CPU the parts take days; add --tiny")
    results = Path(tempfile.mkdtemp(prefix="gpu-")) if args.tiny else RESULTS
    options = Options(args.device, args.tiny, results, args.images, args.labels)
    name = PARTS[args.part - 1]
    try:
        cases = import_module(f"benchmarks.gpu.{name}").cases(options)
    except ValueError as error:
        parser.error(str(error))
    n_left = run_part(name, cases, options, 60 * args.minutes)
    print(f"{n_left} of {len(cases)} cases are left; {options.path_of(name)}")


if __name__ == "__main__":
    main()
