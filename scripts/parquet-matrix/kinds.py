"""Types: how each is written in a Parquet schema, and the form of its values in a record (see README.md there)."""

import datetime
import json
import struct

import thrift as T
from craft import Node
from parquet_encodings import BOOLEAN, BYTE_ARRAY, DOUBLE, FIXED, FLOAT, INT32, INT64, INT96

MS, US, NS = 1, 2, 3


def big(n):
    return {'$big': str(n)}


def number(x):
    if isinstance(x, float):
        if x != x:
            return {'$num': 'NaN'}
        if x in (float('inf'), float('-inf')):
            return {'$num': 'Infinity' if x > 0 else '-Infinity'}
        if x == 0 and str(x) == '-0.0':
            return {'$num': '-0'}
        return int(x) if x == int(x) and abs(x) < 2**53 else x
    return x


def hexed(b):
    return {'$bytes': bytes(b).hex()}


def date(ms):
    return {'$date': ms} if abs(ms) <= 8_640_000_000_000_000 else bad('Date')


def bad(word):
    """In place of a value: its row is a bad record, and why has this word in it."""
    return {'$bad': word}


def text(b):
    try:
        return bytes(b).decode('utf-8')
    except UnicodeDecodeError:
        return bad('UTF-8')


def decimal_text(unscaled, scale):
    digits = str(abs(unscaled)).rjust(scale + 1, '0')
    body = digits if scale == 0 else digits[:-scale] + '.' + digits[-scale:]
    return ('-' if unscaled < 0 else '') + body


def object_form(pairs):
    """Of an object's fields: a key that begins with $ would be taken for one of these notations."""
    return {'$object': [list(pair) for pair in pairs]} if any(k.startswith('$') for k, _ in pairs) else dict(pairs)


def json_form(b):
    def integer(digits):
        n = int(digits)
        return number(-0.0) if digits == '-0' else n if abs(n) < 2**53 else big(n)

    def fraction(digits):
        if float(digits) in (float('inf'), float('-inf')):
            raise ValueError('beyond a double')
        return number(float(digits))

    def constant(name):
        raise ValueError(f'{name} is no JSON')

    if not isinstance(text(b), str):
        return text(b)
    try:
        return json.loads(text(b), parse_int=integer, parse_float=fraction, parse_constant=constant, object_pairs_hook=object_form)  # fmt: skip
    except ValueError:
        return bad('JSON')


class Kind:
    """A leaf's type. Values are raw: int for INT32 and INT64, bytes for INT96 and arrays, float, bool."""

    def __init__(self, name, physical, form, length=None, converted=None, logical=None, scale=None, precision=None, neutral=None):  # fmt: skip
        self.name, self.physical, self.form, self.length = name, physical, form, length
        self.converted, self.logical, self.scale, self.precision = converted, logical, scale, precision
        self.neutral = neutral or name

    def node(self, name, rep):
        return Node(name, rep, None, self.physical, self.length, self.converted, self.logical, self.scale, self.precision)


EMPTY = []
BOOL = Kind('bool', BOOLEAN, bool)
PLAIN_INT32 = Kind('int32', INT32, number)
PLAIN_INT64 = Kind('int64', INT64, big)
F32 = Kind('float', FLOAT, lambda v: number(struct.unpack('<f', struct.pack('<f', v))[0]))
F64 = Kind('double', DOUBLE, number)
F16 = Kind('float16', FIXED, lambda b: number(struct.unpack('<e', b)[0]), 2, None, [(15, T.STRUCT, EMPTY)])
BINARY = Kind('binary', BYTE_ARRAY, hexed)
STRING = Kind('string', BYTE_ARRAY, text, None, 0, [(1, T.STRUCT, EMPTY)])
UTF8 = Kind('utf8', BYTE_ARRAY, text, None, 0, neutral='string')
STRING_ONLY = Kind('stringonly', BYTE_ARRAY, text, None, None, [(1, T.STRUCT, EMPTY)], neutral='string')
ENUM = Kind('enum', BYTE_ARRAY, text, None, 4, [(4, T.STRUCT, EMPTY)], neutral='string')
JSON = Kind('json', BYTE_ARRAY, json_form, None, 19, [(12, T.STRUCT, EMPTY)])
BSON = Kind('bson', BYTE_ARRAY, hexed, None, 20, [(13, T.STRUCT, EMPTY)], neutral='binary')
GEOMETRY = Kind('geometry', BYTE_ARRAY, hexed, None, None, [(17, T.STRUCT, EMPTY)], neutral='binary')
GEOGRAPHY = Kind('geography', BYTE_ARRAY, hexed, None, None, [(18, T.STRUCT, EMPTY)], neutral='binary')


def fixed(length):
    return Kind(f'fixed{length}', FIXED, hexed, length, neutral='binary')


def uuid_form(b):
    h = bytes(b).hex()
    return '-'.join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


UUID = Kind('uuid', FIXED, uuid_form, 16, None, [(14, T.STRUCT, EMPTY)])


def interval_form(b):
    months, days, ms = struct.unpack('<III', b)
    return f'P{months}M{days}DT{ms // 1000}.{ms % 1000:03d}S'


INTERVAL = Kind('interval', FIXED, interval_form, 12, 21)
DATE = Kind('date', INT32, lambda days: date(days * 86_400_000), None, 6, [(6, T.STRUCT, EMPTY)])
DATE_CONVERTED = Kind('dateconv', INT32, DATE.form, None, 6, neutral='date')


def integer(bits, signed):
    physical = INT64 if bits == 64 else INT32
    converted = {8: 15, 16: 16, 32: 17, 64: 18}[bits] - (0 if signed else 4)
    logical = [(10, T.STRUCT, [(1, T.BYTE, bits), (2, T.BOOL, signed)])]
    name = ('int' if signed else 'uint') + str(bits)
    wrap = 64 if bits == 64 else 32
    form = (lambda v: big(v & (1 << wrap) - 1)) if bits == 64 and not signed else big if bits == 64 else (lambda v: v if signed else v & (1 << wrap) - 1)  # fmt: skip
    return Kind(name, physical, form, None, converted, logical)


def converted_only(kind):
    return Kind(kind.name + 'conv', kind.physical, kind.form, kind.length, kind.converted, None, kind.scale, kind.precision, kind.neutral)  # fmt: skip


def logical_only(kind):
    return Kind(kind.name + 'logic', kind.physical, kind.form, kind.length, None, kind.logical, kind.scale, kind.precision, kind.neutral)  # fmt: skip


def _unit(number, adjusted, unit):
    return [(number, T.STRUCT, [(1, T.BOOL, adjusted), (2, T.STRUCT, [(unit, T.STRUCT, EMPTY)])])]


def time(unit, adjusted=True):
    converted = {MS: 7, US: 8, NS: None}[unit] if adjusted else None
    name = f'time{"?mun"[unit]}s' + ('' if adjusted else 'local')
    return Kind(name, INT32 if unit == MS else INT64, big, None, converted, _unit(7, adjusted, unit))


def timestamp(unit, adjusted=True):
    converted = {MS: 9, US: 10, NS: None}[unit] if adjusted else None
    name = f'ts{"?mun"[unit]}s' + ('' if adjusted else 'local')
    return Kind(name, INT64, date if unit == MS else big, None, converted, _unit(8, adjusted, unit))


EPOCH_DAY = 2_440_588  # 1970-01-01 as a Julian day


def int96_bytes(nanoseconds_of_day, julian_day):
    return struct.pack('<qi', nanoseconds_of_day, julian_day)


def int96(ns):
    """Bytes of an instant in ns since 1970."""
    days, rest = divmod(ns, 86_400_000_000_000)
    return int96_bytes(rest, days + EPOCH_DAY)


def int96_form(b):
    rest, day = struct.unpack('<qi', b)
    return big((day - EPOCH_DAY) * 86_400_000_000_000 + rest)


TIMESTAMP96 = Kind('int96', INT96, int96_form)
NULL = Kind('null', INT32, lambda v: None, None, None, [(11, T.STRUCT, EMPTY)])


def decimal(physical, precision, scale, length=None):
    """Values are raw: int, or big-endian two's complement bytes. `unscaled_bytes` makes those."""

    def form(v):
        if isinstance(v, (bytes, bytearray)):
            v = int.from_bytes(v, 'big', signed=True)
        return decimal_text(v, scale)

    name = f'dec{precision}_{scale}'
    logical = [(5, T.STRUCT, [(1, T.I32, scale), (2, T.I32, precision)])]
    return Kind(name, physical, form, length, 5, logical, scale, precision, neutral='decimal')


def shortest_bytes(n):
    return n.to_bytes((n.bit_length() if n >= 0 else (-n - 1).bit_length()) // 8 + 1, 'big', signed=True)


def days_of(year, month=1, day=1):
    return (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days
