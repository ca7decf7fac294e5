"""Files that the input's options `timestamps` and `maps` give another form."""

import copy

import kinds as K
import nested
import trees
from craft import Shape
from table import Column, Table
from trees import Leaf, List, Map, Struct

DIGITS = {'tsms': 3, 'tsus': 6, 'tsns': 9, 'int96': 9}


def unit_of(kind):
    return kind.neutral.removesuffix('local')


def raw_value(kind, v):
    return int(K.int96_form(v)['$big']) if kind.name == 'int96' else v


def civil(days):
    """Year, month and day, in the Gregorian calendar for ever, of days since 1970."""
    era, of_era = divmod(days + 719_468, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    day_of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    return year_of_era + era * 400 + (month >= 10), month + 3 if month < 10 else month - 9, day


def as_text(kind, v):
    digits = DIGITS[unit_of(kind)]
    seconds, fraction = divmod(raw_value(kind, v), 10**digits)
    days, second = divmod(seconds, 86_400)
    year, month, day = civil(days)
    shown = f'{year:04d}' if 0 <= year <= 9999 else f'{"-" if year < 0 else "+"}{abs(year):06d}'
    zone = '' if kind.neutral.endswith('local') else 'Z'
    clock = f'{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}'
    return f'{shown}-{month:02d}-{day:02d}T{clock}.{fraction:0{digits}d}{zone}'


def as_date(kind, v):
    ms, rest = divmod(raw_value(kind, v), 10 ** (DIGITS[unit_of(kind)] - 3))
    return K.bad('timestamp') if rest or '$bad' in (form := K.date(ms)) else form


def with_forms(of, form):
    """The same type, with another form for its timestamps."""
    if isinstance(of, Leaf):
        if unit_of(of.kind) not in DIGITS:
            return of
        kind = copy.copy(of.kind)
        kind.form = lambda v: form(of.kind, v)
        return Leaf(kind)
    if isinstance(of, Struct):
        return Struct(*((name, with_forms(t, form), rep) for name, t, rep in of.fields))
    other = copy.copy(of)
    other.of = with_forms(of.of, form)
    return other


class Pairs:
    """While it is open, every map has the form of pairs."""

    def __enter__(self):
        trees.Map.pairs = True

    def __exit__(self, *_):
        trees.Map.pairs = False


def times(folder):
    year1, year0 = K.days_of(1) * 86_400, (K.days_of(1) - 366) * 86_400
    seconds = [0, -1, 1_793_520_000, year1, year0, year0 - 1, K.days_of(9999, 12, 31) * 86_400 + 86_399, None, 253_402_300_800, 951_782_400, 8_640_000_000_000]  # fmt: skip

    def values(digits, rest):
        return [None if s is None else s * 10**digits + rest for s in seconds]

    def of(kind, rest):
        digits = DIGITS[unit_of(kind)]
        # What has no room in 64 bits of ns is another value there.
        raw = [v if v is None or abs(v) < 2**63 else 10**15 for v in values(digits, rest)]
        return [v if v is None or kind.name != 'int96' else K.int96(v) for v in raw]

    columns = []
    for unit, whole in ((K.MS, 0), (K.US, 456_000), (K.NS, 456_000_000)):
        for kind in (K.timestamp(unit), K.timestamp(unit, False)):
            columns.append(Column(kind.name, kind, of(kind, whole)))
    columns.append(Column('usconv', K.converted_only(K.timestamp(K.US)), of(K.timestamp(K.US), 123_456)))
    columns.append(Column('nspart', K.timestamp(K.NS), of(K.timestamp(K.NS), 1)))
    old = [None if s is None else K.int96(s * 10**9 + 789_000_000) for s in seconds]
    columns.append(Column('int96', K.TIMESTAMP96, old))
    inner = [None if v is None else [v, None, -1_000] for v in of(K.timestamp(K.US), 1_000)]
    columns.append(Column('list', List(Leaf(K.timestamp(K.US))), inner))
    pairs = [None if v is None else [v, i] for i, v in enumerate(of(K.timestamp(K.MS, False), 7))]
    columns.append(Column('group', Struct(('t', Leaf(K.timestamp(K.MS, False)), 'optional'), ('n', Leaf(K.PLAIN_INT32), 'required')), pairs))  # fmt: skip
    table = Table('times', columns)
    folder.add('times.parquet', table.write(Shape()), table)
    for name, form in (('text', as_text), ('date', as_date)):
        other = Table(f'times-{name}', [Column(c.name, with_forms(c.of, form), c.values, c.rep) for c in columns])
        folder.again('times.parquet', other, {'timestamps': name})


def maps(folder):
    with Pairs():
        table = Table('maps-pairs', list(nested.maps()))
        folder.again('maps-dict-v2.parquet', table, {'maps': 'pairs'})
        repeated = Table('map-repeated-key-pairs', nested.repeated_keys().columns)
        folder.again('map-repeated-key.parquet', repeated, {'maps': 'pairs'})
        leaf = K.Kind('binarytext', K.BINARY.physical, K.text, neutral='string')
        words = [None, [(b'a', 1), (b'a', 2)], []]
        table = Table('map-text-pairs', [Column('m', Map(Leaf(leaf), Leaf(K.PLAIN_INT32)), words)])
        folder.add('map-text.parquet', table.write(Shape()), table, {'maps': 'pairs', 'encoding': 'utf-8'})


def add(folder):
    times(folder)
    maps(folder)
