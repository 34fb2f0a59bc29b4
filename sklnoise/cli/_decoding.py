"""From the bytes of a file to its text."""

import bz2
import gzip
import lzma
import re
import zipfile
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from io import BytesIO
from pathlib import PurePath
from typing import NamedTuple

from sklnoise.cli._errors import BadInput, one_line

# Byte order marks with what follows them; longer ones first, as two of them begin alike.
BYTE_ORDER_MARKS = {
    BOM_UTF32_LE: "utf-32-le",
    BOM_UTF32_BE: "utf-32-be",
    BOM_UTF8: "utf-8",
    BOM_UTF16_LE: "utf-16-le",
    BOM_UTF16_BE: "utf-16-be",
}

COMPRESSIONS = {".gz": gzip, ".bz2": bz2, ".xz": lzma}

# How compressed files begin, whatever they are called.
COMPRESSED = {
    rb"\x1f\x8b": ".gz",
    rb"BZh\d1AY&SY": ".bz2",
    rb"\xfd7zXZ\x00": ".xz",
    rb"PK(\x03\x04|\x05\x06)": ".zip",
}

# The members by which workbooks are known, which are archives too.
WORKBOOK = {"[Content_Types].xml", "mimetype"}

# What comes with a table in an archive.
BESIDE_TABLE = re.compile(r"__MACOSX|(.*/)?(\.|readme|licen[sc]e)", re.IGNORECASE)

# Bytes that are looked at for the zeros of UTF-16.
N_SNIFFED = 4096

# Of the bytes of UTF-16, that are zero at least: its separators, digits and line ends.
MIN_ZERO_SHARE = 0.05

# Of the letters beyond ASCII; with a lower share of bad bytes, the text is UTF-8.
MAX_BAD_SHARE = 0.1


class Decoded(NamedTuple):
    """The text of a file, and how it is written."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""
    note: str | None = None

    def encode(self, text):
        """Return a text as bytes that are written as this one was."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise BadInput(
                f"{error.object[error.start : error.end]!r} cannot be written in the "
                f"encoding of the file, {self.encoding}. Save the file as UTF-8 first."
            ) from error


def decompress(data, path):
    """Return the bytes of a compressed file, and its name without the suffix."""
    found = next((COMPRESSED[b] for b in COMPRESSED if re.match(b, data)), None)
    inner = path
    if path.suffix.lower() in (*COMPRESSIONS, ".zip"):
        inner = path.with_suffix("")
    try:
        if found == ".zip" and path.suffix.lower() not in (".xlsx", ".xlsm", ".ods"):
            return unzip(data, path)
        if found in COMPRESSIONS:
            return COMPRESSIONS[found].decompress(data), inner
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise BadInput(
            f"{path} cannot be decompressed ({one_line(error, 120)}). Decompress it "
            "yourself, or get it again."
        ) from error
    return data, inner


def unzip(data, path):
    """Return the bytes and the name of the table in an archive; a workbook is one."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        if not WORKBOOK.isdisjoint(archive.namelist()):
            return data, path
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir() and not BESIDE_TABLE.match(member.filename)
        ]
        if len(members) != 1:
            raise BadInput(
                f"{path} must hold one file, the table; it holds {len(members)}. Take "
                "the table out of it."
            )
        try:
            return archive.read(members[0]), PurePath(members[0].filename)
        except (RuntimeError, NotImplementedError) as error:
            raise BadInput(
                f"{path} cannot be opened ({one_line(error, 120)}). Decompress it first."
            ) from error


def decode(data, path, encoding=None):
    """Return the text of a file in the encoding that is given or found."""
    mark = next((mark for mark in BYTE_ORDER_MARKS if data.startswith(mark)), b"")
    content = data[len(mark) :]
    found = BYTE_ORDER_MARKS.get(mark)
    if mark and content.startswith(mark):  # Some programs add a second one.
        mark, content = 2 * mark, content[len(mark) :]
    if encoding is not None:
        return Decoded(decode_as(content, path, encoding), encoding, mark)
    if mark:
        return Decoded(decode_as(content, path, found), found, mark)
    if b"\0" in content[:N_SNIFFED]:
        return decode_zeros(content, path)
    try:
        return Decoded(content.decode())
    except UnicodeDecodeError:
        return decode_eight_bits(content)


def decode_as(content, path, encoding):
    """Decode by an encoding that is known."""
    try:
        return content.decode(encoding)
    except LookupError as error:
        raise BadInput(
            f"--encoding {encoding!r} is not known. Use utf-8, utf-16, cp1252, latin-1, "
            "or another name that Python knows."
        ) from error
    except UnicodeError as error:
        place = getattr(error, "start", 0) + 1
        raise BadInput(
            f"{path} is not written in {encoding}: byte {place} does not fit. Name "
            "another --encoding, or save the file as UTF-8."
        ) from error


def decode_zeros(content, path):
    """Decode bytes with zeros among them, as UTF-16 without a mark has."""
    start = content[:N_SNIFFED]
    n_even, n_odd = start[::2].count(0), start[1::2].count(0)
    encoding = "utf-16-le" if n_odd > n_even else "utf-16-be"
    n_zeros = max(n_even, n_odd)
    if n_zeros > max(4 * min(n_even, n_odd), MIN_ZERO_SHARE * len(start)):
        text = decode_as(content, path, encoding)
        if "\0" not in text:
            note = f"The file has no byte order mark and was read as {encoding.upper()}."
            return Decoded(text, encoding, note=note)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path} is not a text file: it has zero bytes. Save the table as CSV."
        ) from error
    return Decoded(text.replace("\0", ""), note="Zero bytes in the file were left out.")


def decode_eight_bits(content):
    """Decode bytes that are not UTF-8: damaged UTF-8, or one byte a letter."""
    damaged = content.decode(errors="replace")
    n_bad = damaged.count("\ufffd")
    n_letters = sum(not char.isascii() for char in damaged)
    if n_bad <= MAX_BAD_SHARE * n_letters:
        note = f"{n_bad} bytes in the file are not UTF-8 and were read as \ufffd."
        return Decoded(damaged, note=note)
    try:
        text, encoding = content.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        text, encoding = content.decode("latin-1"), "latin-1"
    note = (
        f"The file is not UTF-8 and was read as {encoding}, the encoding of Western "
        "European languages. If letters look wrong, name its --encoding."
    )
    return Decoded(text, encoding, note=note)
