"""`python -m sklnoise`: the command line."""

from sklnoise.cli import main

if __name__ == "__main__":
    main()
