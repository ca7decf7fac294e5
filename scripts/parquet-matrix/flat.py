"""Every type x encoding x page version x codec, without nesting."""

import struct

import kinds as K
import parquet_encodings as E
from craft import Shape
from kinds import MS, NS, US
from parquet_encodings import BOOLEAN, BYTE_ARRAY, DOUBLE, FIXED, FLOAT, INT32, INT64, INT96
from table import Column, Table

ROWS = 40
CODECS = ('none', 'snappy', 'gzip', 'brotli', 'lz4', 'lz4_raw', 'zstd')
I64 = (2**63 - 1, -(2**63), 0, -1, 1, 9007199254740993, -9007199254740993)
NAN, INF = float('nan'), float('inf')


def cycle(values, rows=ROWS):
    """The values, over and over, then some in a row: runs of both kinds. Every fifth is null."""
    out = []
    for i in range(rows):
        v = values[i % len(values)] if i < rows - 12 else values[0 if i < rows - 4 else -1]
        out.append(None if i % 5 == 3 else v)
    return out


def decimals(precision, to_raw):
    top = 10**precision - 1
    return [to_raw(n) for n in (0, 1, -1, top, -top, -(10 ** (precision // 2)), 5 * 10 ** (precision - 1), 7)]


def wide(n, length):
    return n.to_bytes(length, 'big', signed=True)


def half(*floats):
    return [struct.pack('<e', x) for x in floats]


def kinds():
    """(name, kind, values that are not null)"""
    day = 86_400
    # Year 1, before 1970, 1970, today, year 9999.
    seconds = [K.days_of(1) * day, -1, 0, 1_764_547_200, K.days_of(9999, 12, 31) * day + day - 1, -62_135_596_799]
    texts = [b'', b'a', 'é😀'.encode(), b'nul\0in it', b'/var/log/app/0001', b'/var/log/app/0002', b'x' * 70]
    yield 'bool', K.BOOL, [True, False, False, True, True]
    yield 'plain32', K.PLAIN_INT32, [2**31 - 1, -(2**31), 0, -1, 7]
    yield 'plain64', K.PLAIN_INT64, I64
    for bits in (8, 16, 32, 64):
        limit = 2 ** (bits - 1)
        signed = [limit - 1, -limit, 0, -1, 1]
        unsigned = [E.signed(v, max(32, bits)) for v in (2 * limit - 1, limit, limit - 1, 0, 1)]
        yield f'int{bits}', K.integer(bits, True), signed
        yield f'uint{bits}', K.integer(bits, False), unsigned
        yield f'int{bits}conv', K.converted_only(K.integer(bits, True)), signed
        yield f'uint{bits}conv', K.converted_only(K.integer(bits, False)), unsigned
    yield 'uint32logic', K.logical_only(K.integer(32, False)), [-1, 0, 5]
    yield 'uint64logic', K.logical_only(K.integer(64, False)), [-1, 0, 5]
    yield 'float', K.F32, [0.1, -0.0, 1e38, 1.401298464324817e-45, NAN, INF, -INF, 16777217.0]
    yield 'double', K.F64, [0.1, -0.0, 5e-324, 1.7976931348623157e308, NAN, INF, -INF, 1e21, 123456789.125]
    yield 'float16', K.F16, half(0.0, -0.0, 5.960464477539063e-08, -6.097555160522461e-05, 65504.0, INF, -INF, NAN, 1.5)
    yield 'dec1_0', K.decimal(INT32, 1, 0), decimals(1, int)
    yield 'dec9_2', K.decimal(INT32, 9, 2), decimals(9, int)
    yield 'dec9_9', K.decimal(INT32, 9, 9), decimals(9, int)
    yield 'dec4_2', K.decimal(INT64, 4, 2), decimals(4, int)
    yield 'dec18_0', K.decimal(INT64, 18, 0), decimals(18, int)
    yield 'dec18_18', K.decimal(INT64, 18, 18), decimals(18, int)
    yield 'dec2_1fixed1', K.decimal(FIXED, 2, 1, 1), decimals(2, lambda n: wide(n, 1))
    yield 'dec6_3fixed3', K.decimal(FIXED, 6, 3, 3), decimals(6, lambda n: wide(n, 3))
    yield 'dec20_5fixed9', K.decimal(FIXED, 20, 5, 9), decimals(20, lambda n: wide(n // 10, 9))
    yield 'dec38_10', K.decimal(FIXED, 38, 10, 16), decimals(38, lambda n: wide(n, 16))
    yield 'dec38_38', K.decimal(FIXED, 38, 38, 16), decimals(38, lambda n: wide(n, 16))
    yield 'dec38_0', K.decimal(FIXED, 38, 0, 16), decimals(38, lambda n: wide(n, 16))
    yield 'dec5_1fixed20', K.decimal(FIXED, 5, 1, 20), decimals(5, lambda n: wide(n, 20))
    yield 'dec76_20', K.decimal(FIXED, 76, 20, 32), decimals(76, lambda n: wide(n, 32))
    yield 'dec7_2bytes', K.decimal(BYTE_ARRAY, 7, 2), decimals(7, K.shortest_bytes)
    yield 'dec38_4bytes', K.decimal(BYTE_ARRAY, 38, 4), decimals(38, K.shortest_bytes)
    yield 'dec76_0bytes', K.decimal(BYTE_ARRAY, 76, 0), decimals(76, K.shortest_bytes)
    yield 'string', K.STRING, texts
    yield 'utf8', K.UTF8, texts
    yield 'stringlogic', K.STRING_ONLY, texts
    yield 'enum', K.ENUM, [b'RED', b'GREEN', b'', 'É'.encode()]
    yield 'json', K.JSON, [b'{"a":[1,2.5,null,true]}', b'9007199254740993', b'"t\\u00e9"', b'[]', b'null', b'{"__proto__":1}', b' -0 ', b'1e3']  # fmt: skip
    yield 'binary', K.BINARY, [b'', b'\0\xff\x80', b'plain text', bytes(range(40))]
    yield 'fixed1', K.fixed(1), [b'\0', b'\xff', b'a']
    yield 'fixed5', K.fixed(5), [b'\0\0\0\0\0', b'\xff\xfe\xfd\xfc\xfb', b'abcde', b'abcdf']
    yield 'uuid', K.UUID, [bytes(16), b'\xff' * 16, bytes(range(16)), bytes.fromhex('123e4567e89b12d3a456426614174000')]
    yield 'interval', K.INTERVAL, [struct.pack('<III', *v) for v in ((0, 0, 0), (14, 3, 4005), (2**31 - 1, 2**31 - 1, 999), (1, 0, 86_400_000))]  # fmt: skip
    days = [K.days_of(1), -1, 0, 20_423, K.days_of(9999, 12, 31), -719_163]
    yield 'date', K.DATE, days
    yield 'dateconv', K.DATE_CONVERTED, days
    for unit, per in ((MS, 10**3), (US, 10**6), (NS, 10**9)):
        times = [0, 1, 43_200 * per, day * per - 1]
        if unit == NS:
            instants = [-1, 0, 1, 1_764_547_200_123_456_789, -(2**63) + 1, 2**63 - 1]
        else:
            instants = [s * per + (per - 1 if s < 0 else 123) for s in seconds]
        for adjusted in (True, False):
            yield K.time(unit, adjusted).name, K.time(unit, adjusted), times
            yield K.timestamp(unit, adjusted).name, K.timestamp(unit, adjusted), instants
        if unit != NS:
            yield K.time(unit).name + 'conv', K.converted_only(K.time(unit)), times
            yield K.timestamp(unit).name + 'conv', K.converted_only(K.timestamp(unit)), instants
    far = [s * 10**9 + 123_456_789 for s in seconds]
    yield 'int96', K.TIMESTAMP96, [K.int96(n) for n in (*far, -1, 0, 2**63, -(2**63) - 1)]
    yield 'null', K.NULL, [None]


FEW = {'bool', 'int32', 'int64', 'int96', 'float', 'double', 'string', 'fixed5', 'dec38_10', 'uint32', 'float16', 'tsus'}


def tables():
    all_kinds = list(kinds())
    # Some nulls, none where it may be null, none where it may not, nothing else.
    some = [Column(name, kind, cycle(values)) for name, kind, values in all_kinds]
    full = [Column(name, kind, [values[i % len(values)] for i in range(ROWS)]) for name, kind, values in all_kinds if name != 'null']  # fmt: skip
    required = [Column(c.name, c.of, c.values, 'required') for c in full]
    nothing = [Column(name, kind, [None] * ROWS) for name, kind, _ in all_kinds]
    return Table('flat', some), Table('flat-full', full), Table('flat-full', required), Table('flat-nothing', nothing)


def encoding_of(set_name, kind):
    """The encoding of a kind's pages in a set, or None where the set has no such column."""
    p = kind.physical
    if set_name in ('dict', 'plaindict', 'fallback', 'fallbackdelta'):
        if p == BOOLEAN:
            return E.RLE
        if set_name == 'fallbackdelta':
            return encoding_of('delta', kind) or E.PLAIN
        return E.PLAIN
    if set_name == 'plain':
        return E.PLAIN
    if set_name == 'delta':
        return {BOOLEAN: E.RLE, INT32: E.DELTA_BINARY_PACKED, INT64: E.DELTA_BINARY_PACKED, BYTE_ARRAY: E.DELTA_LENGTH_BYTE_ARRAY, FIXED: E.DELTA_BYTE_ARRAY}.get(p)  # fmt: skip
    if set_name == 'deltabytes':
        return {BYTE_ARRAY: E.DELTA_BYTE_ARRAY}.get(p)
    if set_name == 'split':
        return E.BYTE_STREAM_SPLIT if p in (INT32, INT64, FLOAT, DOUBLE, FIXED) else None
    raise ValueError(set_name)


def all_decimals():
    """Every precision over every physical type that has room for it, with no, some and only digits after the point."""
    for p in range(1, 77):
        numbers = [10**p - 1, -(10**p) + 1, 0, -(10 ** (p - 1)), None]
        scale = (0, p, p // 2)[p % 3]
        length = len(K.shortest_bytes(10**p))
        if p <= 9:
            yield Column(f'i32p{p}', K.decimal(INT32, p, scale), numbers)
        if p <= 18:
            yield Column(f'i64p{p}', K.decimal(INT64, p, p - scale), numbers)
        if p <= 38:
            raw = [None if n is None else K.shortest_bytes(n) for n in numbers]
            yield Column(f'bytesp{p}', K.decimal(BYTE_ARRAY, p, scale), raw)
        raw = [None if n is None else wide(n, length) for n in numbers]
        yield Column(f'fixedp{p}', K.decimal(FIXED, p, p - scale, length), raw)


SETS = ('plain', 'dict', 'plaindict', 'fallback', 'fallbackdelta', 'delta', 'deltabytes', 'split')


def shape_for(set_name, base):
    def shape(column, node):
        encoding = encoding_of(set_name, column.of.kind)
        dictionary = None
        if node.physical != BOOLEAN and set_name in ('dict', 'plaindict', 'fallback', 'fallbackdelta'):
            dictionary = E.PLAIN_DICTIONARY if set_name == 'plaindict' else E.RLE_DICTIONARY
        pages = 1 if set_name.startswith('fallback') else None
        return base.but(encoding=encoding, dictionary=dictionary, dictionary_pages=pages)

    return shape


def add(folder):
    some, full, required, nothing = tables()
    forms = {'v1': Shape(version=1, page_rows=(17,)), 'v2': Shape(version=2, page_rows=(17,)), 'v2u': Shape(version=2, compressed=False, page_rows=(17,))}  # fmt: skip

    def put(prefix, table, set_name, form, codec, groups=None, either=None):
        chosen = table.only([c.name for c in table.columns if encoding_of(set_name, c.of.kind) is not None])
        data = chosen.write(shape_for(set_name, forms[form].but(codec=codec)), groups)
        folder.add(f'{prefix}-{set_name}-{form}-{codec}.parquet', data, chosen, either=either)

    # DuckDB refuses a whole file with BSON in it.
    bson = [bytes.fromhex('0c0000001061000100000000'), b'\5\0\0\0\0']
    alone = Table('bson', [Column('bson', K.BSON, cycle(bson)), Column('bsonlogic', K.logical_only(K.BSON), cycle(bson))])
    for set_name in ('plain', 'dict', 'delta', 'deltabytes'):
        put('bson', alone, set_name, 'v1', 'snappy')

    decimals = Table('decimals', list(all_decimals()))
    put('decimals', decimals, 'plain', 'v1', 'none')
    put('decimals', decimals, 'dict', 'v2', 'zstd')

    few = some.only(FEW)
    for set_name in SETS:
        for form in forms:
            if (form != 'v2u' or set_name == 'plain') and (form == 'v1' or set_name != 'plaindict'):
                put('flat', some, set_name, form, 'none')
            for codec in CODECS[1:]:
                if codec in ('snappy', 'zstd') or set_name in ('plain', 'dict', 'delta'):
                    put('codec', few, set_name, form, codec, [25, 15] if form == 'v2' else None)
        if set_name in ('plain', 'dict', 'delta', 'split'):
            put('required', required, set_name, 'v1', 'none')
            put('full', full, set_name, 'v2', 'zstd')
            put('nothing', nothing, set_name, 'v1', 'none')
            put('nothing', nothing, set_name, 'v2', 'snappy')
    for codec in ('gzip_two', 'zstd_two', 'zstd_open', 'lz4_two', 'lz4_frame', 'lz4_bare'):
        # Deprecated as it is, LZ4 may be refused by its name in forms that are seldom: several blocks, its own frames
        # (which the standard does not know), none at all. arrow-rs does not take all of them.
        either = ['lz4'] if codec.startswith('lz4') else None
        put('codec', few, 'dict', 'v1', codec, either=either)
        put('codec', few, 'plain', 'v2', codec, either=either)
    # A dictionary to which no page refers.
    shape = Shape(version=1, dictionary=E.RLE_DICTIONARY, dictionary_pages=0)
    unused = few.only([c.name for c in few.columns if c.name != 'bool'])
    folder.add('dictionary-unused.parquet', unused.write(shape), unused)
