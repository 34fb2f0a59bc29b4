"""Numbers as people write them: $1,234.50, 1.234,56, 12%, 23.4 km, (5), 5k, 32-36."""

import re
from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd

# Larger numbers are no measurements, and their squares overflow.
MAX_NUMBER = 1e30

# Longer cells are not numbers; they are not searched for one.
MAX_LENGTH = 60

MULTIPLIERS = {"k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "mio.": 1e6, "mln": 1e6}
MULTIPLIERS |= {"b": 1e9, "bn": 1e9, "mrd": 1e9, "mrd.": 1e9, "t": 1e12}
MULTIPLIERS |= {"thousand": 1e3, "lakh": 1e5, "million": 1e6, "crore": 1e7}
MULTIPLIERS |= {"billion": 1e9, "trillion": 1e12}

# The unit of a column whose cells end in different multipliers.
MULTIPLIED = "k, M or B"

# Share of the most frequent unit from which on a column has one unit.
MIN_UNIT_SHARE = 0.8

# Characters that are written in many ways.
PLAIN = str.maketrans(
    dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000", " ")
    | dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d", "-")
    | dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'")
    | {chr(0xFF01 + i): chr(0x21 + i) for i in range(94) if i != 0xC}
)

CURRENCY = (
    r"(?:[A-Za-z]{0,3}[$€£¥₹₽₩₪₫฿₺₴₦₱₿¢]|Rs\.?|RM|kr\.?|zł"
    r"|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|BRL|MXN|ZAR|TRY)"
)
UNIT = r"[^\d\s.,;:()<>+\-=?!*/#'_½¼¾][^\d,;:()<>+]{0,14}"
BEFORE, UNITS = rf"(?:{CURRENCY}\s*)?", rf"(?:\s*(?:{UNIT}))?"

# What points to a note below a table.
FOOTNOTE = re.compile(r"(?:\s*\[\w{1,3}\]|[*†‡]{1,3})$")

# Digits in groups of three, or as in India, or none.
OTHERS = r"[1-9]\d{0,2}(?:[ ']\d{3})+|\d+"
POINT = rf"(?:[1-9]\d{{0,2}}(?:,\d{{3}})+|[1-9]\d?(?:,\d\d)+,\d{{3}}|{OTHERS})"
COMMA = rf"(?:[1-9]\d{{0,2}}(?:\.\d{{3}})+|{OTHERS})"
BODIES = {
    ".": rf"(?:{POINT}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?",
    ",": rf"(?:{COMMA}(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?",
}
NUMBERS = {
    decimal: re.compile(
        rf"(?P<bound>[<>≤≥~≈]=?)?\s*{BEFORE}(?P<open>\()?\s*(?P<sign>[-+])?\s*{BEFORE}"
        rf"(?P<minus>-)?(?P<body>{body})(?P<plus>\+)?(?:\s*(?P<unit>{UNIT}))?"
        rf"(?P<after>[-+])?(?P<close>\))?"
    )
    for decimal, body in BODIES.items()
}
RANGES = {
    decimal: re.compile(
        rf"{BEFORE}(?P<low>{body}){UNITS}\s*(?:-|to|bis|\.\.\.?)\s*"
        rf"{BEFORE}(?P<high>{body})(?:\s*(?P<unit>{UNIT}))?"
    )
    for decimal, body in BODIES.items()
}

# Cells that can be read with one decimal separator only.
CERTAIN = {
    decimal: re.compile(
        rf"\D{{0,4}}(?:[\d{other} ']*\d)?{re.escape(decimal)}"
        r"(?:\d{1,2}|\d{4,})\D{0,8}"
    )
    for decimal, other in {".": ",", ",": "."}.items()
}


class NumberFormat(NamedTuple):
    """How the numbers of a column are written."""

    decimal: str = "."
    unit: str | None = None
    has_ranges: bool = False

    def read(self, texts):
        """Return the numbers in texts, NaN where there is none, and which are bounds."""
        if self.decimal == ",":
            return read_parts(parse(texts, self.decimal), self)
        # Python reads most numbers, and faster.
        values, is_bound = read_plain(texts), np.zeros(len(texts), dtype=bool)
        values[np.abs(values) > MAX_NUMBER] = np.nan
        rest = np.flatnonzero(np.isnan(values))
        if len(rest):
            parts = parse([texts[i] for i in rest], self.decimal)
            values[rest], is_bound[rest] = read_parts(parts, self)
        return values, is_bound


class Parts(NamedTuple):
    """Numbers found in texts, with all that was written around them."""

    numbers: np.ndarray
    units: list
    is_bound: np.ndarray
    is_range: np.ndarray


def read_plain(texts):
    """Return the numbers that Python would read; what is none, or infinite, is NaN."""
    numbers = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce")
    numbers = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def find_number_format(texts, counts, decimal="."):
    """Return the format that reads most cells, or the given decimal if both read all."""
    found = {}
    for separator in (decimal, "," if decimal == "." else "."):
        parts = parse(texts, separator)
        style = NumberFormat(separator, find_unit(parts, counts), has_ranges(parts))
        is_read = ~np.isnan(read_parts(parts, style)[0])
        found[style] = counts[is_read].sum()
    return max(found, key=found.get)


def find_table_decimal(columns):
    """Return the decimal separator that most columns of texts use."""
    votes = Counter()
    for texts in columns:
        sample = [text for text in texts[:200] if len(text) <= MAX_LENGTH]
        for decimal, pattern in CERTAIN.items():
            n_certain = sum(bool(pattern.fullmatch(text)) for text in sample)
            votes[decimal] += n_certain > len(sample) / 2
    return "," if votes[","] > votes["."] else "."


def parse(texts, decimal):
    """Find the numbers in texts, with one decimal separator."""
    n = len(texts)
    values, units = np.full(n, np.nan), [None] * n
    is_bound, is_range = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    for i, text in enumerate(texts):
        if len(text) > MAX_LENGTH:
            continue
        # An apostrophe in front says "text" to a spreadsheet.
        text = FOOTNOTE.sub("", text.translate(PLAIN).strip().removeprefix("'"))
        if found := NUMBERS[decimal].fullmatch(text):
            if bool(found["open"]) != bool(found["close"]):
                continue
            # In accounting, brackets are a minus.
            signs = found["sign"], found["minus"], found["after"]
            is_negative = "-" in signs or bool(found["open"])
            values[i] = to_float(found["body"], decimal) * (-1 if is_negative else 1)
            is_bound[i] = bool(found["bound"] or found["plus"]) or found["after"] == "+"
        elif found := RANGES[decimal].fullmatch(text):
            low, high = (to_float(found[end], decimal) for end in ("low", "high"))
            # 978-0123 is a code.
            is_up = low <= high and not re.match(r"0\d", found["high"])
            values[i] = (low + high) / 2 if is_up else np.nan
            is_range[i] = True
        if found and found["unit"]:
            units[i] = singular(found["unit"].strip().lower())
    return Parts(values, units, is_bound, is_range)


def to_float(body, decimal):
    """Return the number that digits with separators stand for."""
    thousands = "," if decimal == "." else "."
    for separator in (thousands, " ", "'"):
        body = body.replace(separator, "")
    return float(body.replace(decimal, "."))


def singular(unit):
    """Return a unit without the s of a plural: "year" and "years" are one unit."""
    return unit.removesuffix("s") if len(unit) > 3 else unit


def find_unit(parts, counts):
    """Return the unit of most cells that have one."""
    totals = Counter()
    for unit, count in zip(parts.units, counts):
        if unit:
            totals[unit] += int(count)
    if not totals:
        return None
    if all(unit in MULTIPLIERS for unit in totals):
        return MULTIPLIED
    unit, count = totals.most_common(1)[0]
    return unit if count >= MIN_UNIT_SHARE * totals.total() else None


def has_ranges(parts):
    """Return whether what looks like ranges are ranges: scores go down as often as up."""
    is_up = ~np.isnan(parts.numbers[parts.is_range])
    return bool(len(is_up)) and is_up.mean() >= 0.95


def read_parts(parts, style):
    """Return the numbers that are written in a format, and which are bounds."""
    values = parts.numbers.copy()
    if style.unit == MULTIPLIED:
        factors = [MULTIPLIERS.get(unit, 1.0) for unit in parts.units]
        known = [unit is None or unit in MULTIPLIERS for unit in parts.units]
        values *= factors
    else:
        known = [unit in (None, style.unit) for unit in parts.units]
    is_number = np.array(known, dtype=bool) & (np.abs(values) <= MAX_NUMBER)
    if not style.has_ranges:
        is_number &= ~parts.is_range
    return np.where(is_number, values, np.nan), parts.is_bound & is_number
