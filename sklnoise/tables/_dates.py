"""Dates and times as people write them, with one order of day and month a column."""

import re
import unicodedata
from typing import NamedTuple

import numpy as np

# Longer cells are not dates; they are not searched for one.
MAX_LENGTH = 50

# January to December by their first letters, in English, German, French, Spanish,
# Italian, Portuguese and Dutch.
MONTHS = {
    prefix: number
    for number, prefixes in enumerate(
        (
            "jan jän gen ene",
            "feb fev fév",
            "mar mär mrz maa mrt",
            "apr avr abr",
            "may mai mag mei",
            "jun juin giu",
            "jul juil lug",
            "aug aou aoû ago",
            "sep set",
            "oct okt ott out",
            "nov",
            "dec dez dic dis dix déc",
        ),
        start=1,
    )
    for prefix in prefixes.split()
}

# Words of a date that say nothing more.
FILLERS = {"st", "nd", "rd", "th", "of", "de", "the", "le", "den"}
FILLERS |= {"mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun"}
FILLERS |= {f"{day}day" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur")}
FILLERS |= {"sunday", "utc", "gmt"}

TIME = re.compile(
    r"(?:(?<=\d)T|(?<![\d:.]))(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,]\d+)?)?(?![\d:])\s*(?P<half>[ap]\.?m\.?(?![a-z]))?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?(?!\w)",
    re.IGNORECASE,
)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?)?Z?")
SEPARATED = re.compile(r"\W*\w+(?:[\s./,-]+\w+)*\W*")
CHINESE = str.maketrans("年月日号時时點点分", "--  :::: ")


class DateFormat(NamedTuple):
    """The order of day, month and year in a column."""

    order: str = "YMD"

    def read(self, texts):
        """Return the dates in texts, to the second; NaT where there is none."""
        return combine([split_date(text) for text in texts], self.order)


class Split(NamedTuple):
    """The numbers of a date, with the place of a month's name, and seconds of the day."""

    tokens: tuple
    month_at: int | None
    seconds: int


def find_date_format(texts, counts):
    """Return the format that reads most cells; day and month are told by all of them."""
    splits = [split_date(text) for text in texts]
    if not any(splits):
        return None
    n_slashes = sum("/" in text for text in texts)
    # Nothing else being known, 1/2/2020 is a date of the United States.
    dates = ("MDY", "DMY") if n_slashes > len(texts) / 2 else ("DMY", "MDY")
    found = {
        order: counts[~np.isnat(combine(splits, order))].sum()
        for order in (*dates, "YMD")
    }
    return DateFormat(max(found, key=found.get)) if max(found.values()) else None


def split_date(text):
    """Split a text into the numbers of a date and the time of the day, or None."""
    if len(text) > MAX_LENGTH or not any(char.isdigit() for char in text):
        return None
    text = text.translate(CHINESE).strip()
    if compact := COMPACT.fullmatch(text):
        date, time = compact.groups()[:3], compact.groups(default="0")[3:]
        hours, minutes, seconds = map(int, time)
        return Split(date, None, 3600 * hours + 60 * minutes + seconds)
    seconds = None
    if time := TIME.search(text):
        seconds = seconds_of(time)
        if seconds is None:
            return None
        text = f"{text[: time.start()]} {text[time.end() :]}".strip(" ,")
        if not text:
            # A time without a date is that time of the first day.
            return Split(("1970", "01", "01"), None, seconds)
    tokens, month_at = [], None
    if not SEPARATED.fullmatch(text):
        return None
    for token in re.findall(r"\d+|[^\W\d_]+", text):
        if token.isdecimal():
            tokens.append(token)
        elif month := month_of(token):
            if month_at is not None:
                return None
            month_at = len(tokens)
            tokens.append(str(month))
        elif token.lower() not in FILLERS:
            return None
    if not 2 <= len(tokens) <= 3:
        return None
    # "5 1200" is not a month.
    if len(tokens) == 2 and " " in text and month_at != 0:
        return None
    return Split(tuple(tokens), month_at, seconds or 0)


def seconds_of(time):
    """Return the seconds of the day, with a time zone counted off; None is no time."""
    hour, minute, second = (int(time[part] or 0) for part in ("hour", "minute", "second"))
    if half := time["half"]:
        # Some write 06:45 AM and 18:45 PM.
        if half[0] in "pP":
            hour += 12 * (hour < 12)
        else:
            hour -= 12 * (hour == 12)
    if hour > 23 or minute > 59 or second > 60:
        return None
    seconds = 3600 * hour + 60 * minute + second
    zone = time["zone"]
    if zone and zone not in "zZ":
        digits = re.sub(r"\D", "", zone).ljust(4, "0")
        offset = 3600 * int(digits[:2]) + 60 * int(digits[2:])
        seconds -= -offset if zone[0] == "-" else offset
    return seconds


def month_of(word):
    """Return the number of a month by its name in one of seven languages."""
    word = unicodedata.normalize("NFC", word.lower())
    for length in (4, 3):
        if month := MONTHS.get(word[:length]):
            return month
    return None


def combine(splits, order):
    """Return the dates of split texts in an order of day, month and year."""
    fields = np.full((4, len(splits)), np.nan)
    for i, split in enumerate(splits):
        if split is not None and (date := date_of(split, order)):
            fields[:, i] = (*date, split.seconds)
    year, month, day, seconds = fields
    is_date = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= 1)
    year, month, day, seconds = (
        np.where(is_date, field, 1).astype(np.int64) for field in fields
    )
    months = (12 * (year - 1970) + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    is_date &= days.astype("datetime64[M]") == months  # No 31st of June.
    dates = days.astype("datetime64[s]") + seconds.astype("timedelta64[s]")
    dates[~is_date] = np.datetime64("NaT")
    return dates


def date_of(split, order):
    """Return year, month and day of a split text, or None."""
    tokens, month_at, _ = split
    if len(tokens) == 2:
        return month_year(tokens, month_at)
    if month_at is not None:
        month = tokens[month_at]
        first, last = tokens[:month_at] + tokens[month_at + 1 :]
        year, day = (first, last) if len(first) == 4 else (last, first)
    elif len(tokens[0]) == 4:
        year, month, day = tokens
    else:
        year, month, day = (tokens[order.index(part)] for part in "YMD")
    if len(year) not in (2, 4) or len(month) > 2 or len(day) > 2:
        return None
    return full_year(year), int(month), int(day)


def month_year(tokens, month_at):
    """Return year, month and the first day for a month of a year, or None."""
    if month_at is None:
        year_at = next((i for i in range(2) if len(tokens[i]) == 4), None)
        if year_at is None or len(tokens[1 - year_at]) > 2:
            return None
    else:
        year_at = 1 - month_at
    if len(tokens[year_at]) not in (2, 4):
        return None
    return full_year(tokens[year_at]), int(tokens[1 - year_at]), 1


def full_year(digits):
    """Return the year of two or four digits; 69 is 1969, as in the C library."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (1900 if year >= 69 else 2000)
