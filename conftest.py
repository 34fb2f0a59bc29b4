"""Set up the whole test run, doctests included."""

import os

# scikit-learn's array API check runs only when scipy was imported with this.
os.environ["SCIPY_ARRAY_API"] = "1"
