"""What other writers make of the same values: pyarrow, DuckDB, Polars and fastparquet."""

import datetime
import os
import struct
import tempfile
from decimal import Decimal

import duckdb
import fastparquet
import flat
import kinds as K
import pandas as pd
import parquet_encodings as E
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from craft import Shape
from parquet_encodings import FIXED, INT32, INT64
from table import Column, Cycle, Table
from trees import Leaf, List, Map, Struct

UNITS = {K.MS: 'ms', K.US: 'us', K.NS: 'ns'}


def arrow_type(kind):
    """The Arrow type that pyarrow writes as this kind; None where there is none."""
    for bits in (8, 16, 32, 64):
        for signed in (True, False):
            if kind.name == K.integer(bits, signed).name:
                return getattr(pa, kind.name)()
    for unit, name in UNITS.items():
        if kind.name == K.timestamp(unit).name:
            return pa.timestamp(name, 'UTC')
        if kind.name == K.timestamp(unit, False).name:
            return pa.timestamp(name)
        if kind.name == K.time(unit).name:
            return pa.time32('ms') if unit == K.MS else pa.time64(name)
    if kind.neutral == 'decimal':
        return (pa.decimal256 if kind.precision > 38 else pa.decimal128)(kind.precision, kind.scale)
    simple = {'bool': pa.bool_(), 'int32': pa.int32(), 'int64': pa.int64(), 'float': pa.float32(), 'double': pa.float64(), 'float16': pa.float16(), 'string': pa.string(), 'binary': pa.binary(), 'date': pa.date32(), 'null': pa.null()}  # fmt: skip
    return simple.get(kind.name)


def arrow_array(kind, values, type=None):
    t = type or arrow_type(kind)
    if kind.name.startswith('uint'):
        wrap = (1 << (64 if kind.physical == INT64 else 32)) - 1
        values = [None if v is None else v & wrap for v in values]
    if kind.neutral == 'decimal':
        values = [None if v is None else Decimal(kind.form(v)) for v in values]
    if kind.neutral == 'float16':
        values = [None if v is None else struct.unpack('<e', v)[0] for v in values]
    if kind.neutral == 'string':
        values = [None if v is None else v.decode() for v in values]
    if kind.name.startswith(('ts', 'time', 'date')):
        return pa.array(values, pa.int32() if pa.types.is_time32(t) or pa.types.is_date32(t) else pa.int64()).cast(t)
    return pa.array(values, t)


def saved(write):
    """The bytes of a file that `write` writes at a path."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'x.parquet')
        write(path)
        with open(path, 'rb') as file:
            return file.read()


def writes(table, **options):
    return saved(lambda path: pq.write_table(table, path, **options))


def nested():
    """(column, Arrow array)"""
    text, num = Leaf(K.STRING), Leaf(K.integer(32, True))
    xs = [None, [], [None], [1, None, 3], [4], [5, 6]] * 7
    yield Column('list', List(num), xs[:40]), pa.array(xs[:40], pa.list_(pa.int32()))
    xs = [None, [], [None, []], [['a', None], ['b']]] * 10
    raw = [None if x is None else [None if y is None else [z and z.encode() for z in y] for y in x] for x in xs]
    yield Column('listlist', List(List(text)), raw), pa.array(xs, pa.list_(pa.list_(pa.string())))
    xs = [None, {'a': None, 'b': None}, {'a': 1, 'b': {'c': None}}, {'a': 2, 'b': {'c': 'z'}}] * 10
    raw = [None if x is None else [x['a'], None if x['b'] is None else [x['b']['c'] and b'z']] for x in xs]
    of = Struct(('a', num, 'optional'), ('b', Struct(('c', text, 'optional')), 'optional'))
    yield Column('struct', of, raw), pa.array(xs, pa.struct([('a', pa.int32()), ('b', pa.struct([('c', pa.string())]))]))
    xs = [None, [], [('a', 1), ('b', None)], [('__proto__', 2)]] * 10
    raw = [None if x is None else [(k.encode(), v) for k, v in x] for x in xs]
    yield Column('map', Map(text, num), raw), pa.array(xs, pa.map_(pa.string(), pa.int32()))
    xs = [None, [], [(datetime.date(1969, 12, 31), ['x'])], [(datetime.date(2000, 1, 1), None)]] * 10
    raw = [None, [], [(-1, [b'x'])], [(10957, None)]] * 10
    yield Column('mapdate', Map(Leaf(K.DATE), List(text)), raw), pa.array(xs, pa.map_(pa.date32(), pa.list_(pa.string())))  # fmt: skip


def by_pyarrow(folder):
    some = flat.tables()[0]
    columns, arrays = [], []
    for column in some.columns:
        kind = column.of.kind
        if column.name.endswith(('conv', 'logic')) or kind.physical == E.BYTE_ARRAY and kind.neutral == 'decimal':
            continue
        if arrow_type(kind) is None or column.name in ('dec4_2', 'dec9_2', 'dec9_9', 'dec1_0', 'dec18_0', 'dec18_18', 'dec5_1fixed20'):  # fmt: skip
            continue
        columns.append(column)
        arrays.append(arrow_array(kind, column.values))
    for column, array in nested():
        columns.append(column)
        arrays.append(array)
    # Decimals of pyarrow are FIXED of the shortest length: the form is the same.
    table = Table('pyarrow', columns)
    arrow = pa.table(arrays, names=[c.name for c in columns])

    def put(name, chosen=None, groups=None, **options):
        names = [c.name for c in (chosen or table).columns]
        if groups:
            options['row_group_size'] = groups[0]
        folder.add(f'pyarrow-{name}.parquet', writes(arrow.select(names), **options), chosen or table)

    plain = table.only([c.name for c in columns if isinstance(c.of, Leaf)])
    put('default')
    put('v2-zstd-pages', data_page_version='2.0', compression='zstd', data_page_size=40, write_batch_size=8, write_page_index=True, write_page_checksum=True)  # fmt: skip
    put('v1-gzip-crc-plain', compression='gzip', use_dictionary=False, write_page_checksum=True, groups=[40], store_schema=False)  # fmt: skip
    put('fallback', dictionary_pagesize_limit=16, data_page_size=40, write_batch_size=4, compression='lz4')
    put('old-names-brotli', use_compliant_nested_type=False, compression='brotli', groups=[13, 13, 13, 1])
    ints = plain.only([c.name for c in plain.columns if c.of.kind.physical in (INT32, INT64) and c.of.kind.neutral != 'decimal' and c.name != 'null'])  # fmt: skip
    put('delta', ints, use_dictionary=False, column_encoding='DELTA_BINARY_PACKED', data_page_version='2.0')
    put('split', plain.only([c.name for c in plain.columns if c.of.kind.physical not in (E.BOOLEAN, E.BYTE_ARRAY) and c.name != 'null']), use_dictionary=False, column_encoding='BYTE_STREAM_SPLIT', compression='snappy')  # fmt: skip
    put('delta-bytes', plain.only(['string', 'binary', 'dec38_10', 'dec76_20', 'dec6_3fixed3']), use_dictionary=False, column_encoding='DELTA_BYTE_ARRAY')  # fmt: skip
    put('delta-length', plain.only(['string', 'binary']), use_dictionary=False, column_encoding='DELTA_LENGTH_BYTE_ARRAY')
    put('booleans', plain.only(['bool']), use_dictionary=False, column_encoding='RLE', data_page_version='2.0')

    # Decimals as integers.
    decimals = [c for c in some.columns if c.name in ('dec1_0', 'dec9_2', 'dec9_9', 'dec18_0', 'dec18_18', 'dec38_0')]
    t = pa.table([arrow_array(c.of.kind, c.values) for c in decimals], names=[c.name for c in decimals])
    folder.add('pyarrow-decimals-as-integers.parquet', writes(t, store_decimal_as_integer=True), Table('pyarrow-decimals', decimals))  # fmt: skip
    folder.add('pyarrow-decimals-as-bytes.parquet', writes(t), Table('pyarrow-decimals', decimals))

    # INT96, as Spark and Impala take it.
    ns = next(c for c in some.columns if c.name == 'tsns')
    old = Column('ts', K.TIMESTAMP96, [None if v is None else K.int96(v) for v in ns.values])
    t = pa.table({'ts': arrow_array(ns.of.kind, ns.values)})
    folder.add('pyarrow-int96.parquet', writes(t, use_deprecated_int96_timestamps=True), Table('pyarrow-int96', [old]))

    # ARROW:schema tells of types that Parquet has not: what counts is what Parquet's own schema says.
    words = ['b', None, 'a', 'b', '', 'é', None, 'a']
    raw = [w and w.encode() if w else (None if w is None else b'') for w in words]
    text, num = K.STRING, K.integer(32, True)
    sixty = [-1, None, 0, 3_600, 86_399, 5, 6, 7]
    fixed_lists = [[1, 2], None, [3, None], [None, None], [4, 5], [6, 7], [8, 9], [0, 0]]
    arrow_only = [
        (Column('dictionary', text, raw), pa.array(words).dictionary_encode()),
        (Column('large', text, raw), pa.array(words, pa.large_string())),
        (Column('view', text, raw), pa.array(words, pa.string_view())),
        (Column('largebinary', K.BINARY, raw), pa.array(raw, pa.large_binary())),
        (Column('binaryview', K.BINARY, raw), pa.array(raw, pa.binary_view())),
        (Column('duration', K.PLAIN_INT64, sixty), pa.array(sixty, pa.duration('us'))),
        (Column('seconds', K.timestamp(K.MS, False), [None if v is None else v * 1000 for v in sixty]), pa.array(sixty, pa.timestamp('s'))),  # fmt: skip
        (Column('zone', K.timestamp(K.US), sixty), pa.array(sixty, pa.timestamp('us', 'America/New_York'))),
        (Column('zonems', K.timestamp(K.MS), sixty), pa.array(sixty, pa.timestamp('ms', '+09:30'))),
        (Column('timeseconds', K.time(K.MS), [None if v is None else abs(v) * 1000 for v in sixty]), pa.array([v and abs(v) for v in sixty], pa.time32('s'))),  # fmt: skip
        (Column('date64', K.DATE, sixty), pa.array([None if v is None else v * 86_400_000 for v in sixty], pa.int64()).cast(pa.date64())),  # fmt: skip
        (Column('fixedlist', List(Leaf(num)), fixed_lists), pa.array(fixed_lists, pa.list_(pa.int32(), 2))),
        (Column('largelist', List(Leaf(num)), fixed_lists), pa.array(fixed_lists, pa.large_list(pa.int32()))),
        (Column('dictint', K.integer(32, True), sixty), pa.array(sixty, pa.int32())),
        (Column('fixedbinary', K.fixed(4), [b'abcd', None, b'\0\0\0\0'] + [b'efgh'] * 5), pa.array([b'abcd', None, b'\0\0\0\0'] + [b'efgh'] * 5, pa.binary(4))),  # fmt: skip
        (Column('uuid', K.UUID, [bytes(range(16)), None] + [b'\xff' * 16] * 6), pa.array([bytes(range(16)), None] + [b'\xff' * 16] * 6, pa.uuid())),  # fmt: skip
        (Column('json', K.JSON, [b'{"a":1}', None] + [b'[9007199254740993]'] * 6), pa.array(['{"a":1}', None] + ['[9007199254740993]'] * 6, pa.json_())),  # fmt: skip
    ]
    t = pa.table([a for _, a in arrow_only], names=[c.name for c, _ in arrow_only])
    table = Table('pyarrow-schema', [c for c, _ in arrow_only])
    folder.add('pyarrow-arrow-types.parquet', writes(t, store_schema=True), table)
    # The Arrow schema of a file, in another whose columns are of other types.
    other = pa.schema([('a', pa.uint64()), ('b', pa.timestamp('ns', 'UTC')), ('c', pa.dictionary(pa.int32(), pa.string()))])
    with_schema = saved(lambda path: pq.write_table(other.empty_table(), path))
    meta = pq.read_metadata(pa.BufferReader(with_schema)).metadata[b'ARROW:schema']
    lying = Table('lying-arrow-schema', [Column('a', K.PLAIN_INT64, [-1, 0, None]), Column('b', K.PLAIN_INT64, [1, None, -5]), Column('c', K.BINARY, [b'x', b'\xff', None])])  # fmt: skip
    folder.add('arrow-schema-contradicts.parquet', lying.write(Shape(), extra={'key_values': {'ARROW:schema': meta}}), lying)  # fmt: skip

    rows = Column('x', K.integer(64, True), list(range(50)))
    none = Table('no-rows', [Column('x', K.integer(64, True), []), Column('s', K.STRING, [])])
    empty = pa.table({'x': pa.array([], pa.int64()), 's': pa.array([], pa.string())})
    folder.add('pyarrow-no-rows.parquet', writes(empty), none)
    folder.add('no-row-groups.parquet', none.write(Shape(), []), none)
    table = Table('row-groups', [rows])
    t = pa.table({'x': pa.array(rows.values, pa.int64())})
    folder.add('pyarrow-many-groups.parquet', writes(t, row_group_size=1), table)
    long = [b'x' * 20_000, b'', 'é'.encode() * 9_000, b'\0' * 300, None]
    table = Table('long-text', [Column('s', K.STRING, long)])
    t = pa.table({'s': pa.array([None if v is None else v.decode() for v in long])})
    folder.add('pyarrow-long-text.parquet', writes(t, compression='zstd'), table)
    folder.add('pyarrow-long-text-plain.parquet', writes(t, compression='zstd', use_dictionary=False, data_page_version='2.0'), table)  # fmt: skip
    wide = Table('wide', [Column(f'c{i}', K.PLAIN_INT32 if i % 3 == 0 else K.STRING if i % 3 == 1 else K.F64, [i, None] if i % 3 == 0 else [b'%d' % i, b''] if i % 3 == 1 else [i / 4, None]) for i in range(3000)])  # fmt: skip
    folder.add('wide.parquet', wide.write(Shape(codec='none')), wide)


def long(folder):
    """More rows than any reader has in one batch. Patterns of lengths that share no divisor, so that no shift goes unseen."""  # fmt: skip
    rows = 70_001
    text, num = Leaf(K.STRING), Leaf(K.integer(32, True))
    ints = [None if i % 11 == 5 else i * i * 7919 for i in range(97)]
    words = [None if i % 13 == 6 else f'w{i % 17}' * (i % 5) for i in range(89)]
    lists = [None, [], [1, None], list(range(17)), [5], [None, None, 7]] * 13 + [[8]]
    lists_text = [[['a'], None, []], [], None, [['b', None], ['c']], [[]]] * 14 + [[['d']]]
    maps = [None, [], [('a', 1), ('b', None)], [('c', 3)]] * 15 + [[('d', 4)]]
    structs = [None, {'a': None, 'b': []}, {'a': 1.5, 'b': ['x', None]}, {'a': -0.0, 'b': None}] * 13 + [{'a': 2.5, 'b': ['y']}]  # fmt: skip
    raw_structs = [None if s is None else [s['a'], s['b'] and [w and w.encode() for w in s['b']]] for s in structs]
    columns = [
        (Cycle('i', K.integer(64, True), ints, rows), pa.int64(), ints),
        (Cycle('s', K.STRING, [None if w is None else w.encode() for w in words], rows), pa.string(), words),
        (Cycle('b', K.BOOL, [True, None, False, False, True, True, False], rows), pa.bool_(), [True, None, False, False, True, True, False]),  # fmt: skip
        (Cycle('l', List(num), lists, rows), pa.list_(pa.int32()), lists),
        (Cycle('ll', List(List(text)), [None if x is None else [None if y is None else [z and z.encode() for z in y] for y in x] for x in lists_text], rows), pa.list_(pa.list_(pa.string())), lists_text),  # fmt: skip
        (Cycle('m', Map(text, num), [None if m is None else [(k.encode(), v) for k, v in m] for m in maps], rows), pa.map_(pa.string(), pa.int32()), maps),  # fmt: skip
        (Cycle('st', Struct(('a', Leaf(K.F64), 'optional'), ('b', List(text), 'optional')), raw_structs, rows), pa.struct([('a', pa.float64()), ('b', pa.list_(pa.string()))]), structs),  # fmt: skip
    ]
    table = Table('long', [c for c, _, _ in columns])
    arrow = pa.table(
        [pa.array([once[i % len(once)] for i in range(rows)], t) for _, t, once in columns],
        names=[c.name for c, _, _ in columns],
    )
    groups = [65_537, 4_464]
    # Pages of version 1: those of version 2 would not compress levels.
    for name, options in (('dict', {}), ('plain', {'use_dictionary': False})):
        data = writes(arrow, compression='zstd', compression_level=19, row_group_size=groups[0], data_page_size=100_000, **options)  # fmt: skip
        folder.add(f'long-{name}.parquet', data, table)


def by_duckdb(folder):
    con = duckdb.connect()
    select = """
        SELECT * FROM (VALUES
          (1, true, 127::TINYINT, (-32768)::SMALLINT, (-2147483648)::INTEGER, 9223372036854775807, 255::UTINYINT, 65535::USMALLINT,
           4294967295::UINTEGER, 18446744073709551615::UBIGINT, 0.1::FLOAT, 1e300::DOUBLE, (-0.05)::DECIMAL(4,2), 12.30::DECIMAL(9,2),
           (-123456789012.345)::DECIMAL(18,3), '1234567890123456789012345678.0123456789'::DECIMAL(38,10), 'é', '\\xFF\\x00'::BLOB,
           DATE '0001-01-01', TIME '23:59:59.999999', TIMESTAMP '1969-12-31 23:59:59.999999', TIMESTAMPTZ '2026-11-01 08:00:00.123456+00',
           '1969-12-31 23:59:59.999'::TIMESTAMP_MS, '1969-12-31 23:59:59.999999999'::TIMESTAMP_NS, INTERVAL '14 months 3 days 4005 milliseconds',
           '123e4567-e89b-12d3-a456-426614174000'::UUID, '{"a":[1,9007199254740993]}'::JSON,
           [1, NULL, 3], [[1], NULL, []], {'a': 1, 'b': {'c': 'x'}}, MAP {'k': 1, '__proto__': 2}, MAP {DATE '2024-01-02': 'x'}, NULL),
          (2, false, (-128)::TINYINT, 32767::SMALLINT, 2147483647, '-9223372036854775808'::BIGINT, 0::UTINYINT, 0::USMALLINT,
           0::UINTEGER, 0::UBIGINT, 'nan'::FLOAT, '-inf'::DOUBLE, 0::DECIMAL(4,2), (-9999999.99)::DECIMAL(9,2),
           0::DECIMAL(18,3), '-0.0000000001'::DECIMAL(38,10), '', ''::BLOB,
           DATE '9999-12-31', TIME '00:00:00', TIMESTAMP '0001-01-01 00:00:00', TIMESTAMPTZ '9999-12-31 23:59:59.999999+00',
           '9999-12-31 23:59:59.999'::TIMESTAMP_MS, '2026-11-01 00:00:00.000000001'::TIMESTAMP_NS, INTERVAL '0 days',
           '00000000-0000-0000-0000-000000000000'::UUID, '"t"'::JSON,
           [], [], {'a': NULL, 'b': NULL}, MAP {}, MAP {}, NULL),
          (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
        ) t(id, b, i8, i16, i32, i64, u8, u16, u32, u64, f, d, dec4, dec9, dec18, dec38, s, bin, date, time, ts, tz, ms, ns, iv, uuid, json, l, ll, st, m, md, n)
    """
    us = 10**6
    year1, year9999 = K.days_of(1) * 86_400, K.days_of(9999, 12, 31) * 86_400 + 86_399
    text, num = Leaf(K.STRING), Leaf(K.integer(32, True))
    top = 2**63 - 1
    columns = [
        Column('id', K.integer(32, True), [1, 2, 3]),
        Column('b', K.BOOL, [True, False, None]),
        Column('i8', K.integer(8, True), [127, -128, None]),
        Column('i16', K.integer(16, True), [-32768, 32767, None]),
        Column('i32', K.integer(32, True), [-(2**31), 2**31 - 1, None]),
        Column('i64', K.integer(64, True), [top, -top - 1, None]),
        Column('u8', K.integer(8, False), [255, 0, None]),
        Column('u16', K.integer(16, False), [65535, 0, None]),
        Column('u32', K.integer(32, False), [-1, 0, None]),
        Column('u64', K.integer(64, False), [-1, 0, None]),
        Column('f', K.F32, [0.1, float('nan'), None]),
        Column('d', K.F64, [1e300, float('-inf'), None]),
        Column('dec4', K.decimal(INT32, 4, 2), [-5, 0, None]),
        Column('dec9', K.decimal(INT32, 9, 2), [1230, -999_999_999, None]),
        Column('dec18', K.decimal(INT64, 18, 3), [-123_456_789_012_345, 0, None]),
        Column('dec38', K.decimal(FIXED, 38, 10, 16), [flat.wide(12345678901234567890123456780123456789, 16), flat.wide(-1, 16), None]),  # fmt: skip
        Column('s', K.STRING, ['é'.encode(), b'', None]),
        Column('bin', K.BINARY, [b'\xff\0', b'', None]),
        Column('date', K.DATE, [K.days_of(1), K.days_of(9999, 12, 31), None]),
        Column('time', K.time(K.US, False), [86_400 * us - 1, 0, None]),
        Column('ts', K.timestamp(K.US, False), [-1, year1 * us, None]),
        Column('tz', K.timestamp(K.US), [1_793_520_000_123_456, year9999 * us + 999_999, None]),
        Column('ms', K.timestamp(K.MS, False), [-1, year9999 * 1000 + 999, None]),
        Column('ns', K.timestamp(K.NS, False), [-1, 1_793_491_200_000_000_001, None]),
        Column('iv', K.INTERVAL, [struct.pack('<III', 14, 3, 4005), bytes(12), None]),
        Column('uuid', K.UUID, [bytes.fromhex('123e4567e89b12d3a456426614174000'), bytes(16), None]),
        Column('json', K.JSON, [b'{"a":[1,9007199254740993]}', b'"t"', None]),
        Column('l', List(num), [[1, None, 3], [], None]),
        Column('ll', List(List(num)), [[[1], None, []], [], None]),
        Column('st', Struct(('a', num, 'optional'), ('b', Struct(('c', text, 'optional')), 'optional')), [[1, [b'x']], [None, None], None]),  # fmt: skip
        Column('m', Map(text, num), [[(b'k', 1), (b'__proto__', 2)], [], None]),
        Column('md', Map(Leaf(K.DATE), text), [[(K.days_of(2024, 1, 2), b'x')], [], None]),
        Column('n', K.NULL, [None, None, None]),
    ]
    table = Table('duckdb', columns)
    for codec in ('uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'):
        for version in ('V1', 'V2'):
            options = f'FORMAT parquet, COMPRESSION {codec}, PARQUET_VERSION {version}'
            data = saved(lambda path: con.execute(f"COPY ({select}) TO '{path}' ({options})"))
            folder.add(f'duckdb-{codec}-{version.lower()}.parquet', data, table)

    # V2 writes deltas, split floats and DELTA_LENGTH where there are too many values for a dictionary.
    many = """SELECT i::INTEGER AS i, ((i * 7919) % 4294967296)::UINTEGER AS u32, (i * 1000003 - 2000000000)::BIGINT AS i64,
        (CASE WHEN i % 2 = 0 THEN 4294967295 - i ELSE i END)::UINTEGER AS swing, (CASE WHEN i % 2 = 0 THEN 2147483647 - i ELSE -2147483648 + i END)::INTEGER AS iswing,
        (i / 3.0)::DOUBLE AS d, (i / 7.0)::FLOAT AS f, 'text ' || i AS s, ('b' || i)::BLOB AS bin, DATE '1970-01-01' + (i - 300)::INTEGER AS dt
        FROM range(300) t(i) ORDER BY i"""
    values = range(300)
    columns = [
        Column('i', K.integer(32, True), list(values)),
        Column('u32', K.integer(32, False), [E.signed(i * 7919, 32) for i in values]),
        Column('i64', K.integer(64, True), [i * 1000003 - 2000000000 for i in values]),
        Column('swing', K.integer(32, False), [E.signed(4294967295 - i if i % 2 == 0 else i, 32) for i in values]),
        Column('iswing', K.integer(32, True), [2**31 - 1 - i if i % 2 == 0 else -(2**31) + i for i in values]),
        Column('d', K.F64, [i / 3 for i in values]),
        Column('f', K.F32, [i / 7 for i in values]),
        Column('s', K.STRING, [b'text %d' % i for i in values]),
        Column('bin', K.BINARY, [b'b%d' % i for i in values]),
        Column('dt', K.DATE, [i - 300 for i in values]),
    ]
    table = Table('duckdb-many', columns)
    for version in ('V1', 'V2'):
        options = f'FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION {version}, DICTIONARY_SIZE_LIMIT 10'
        data = saved(lambda path: con.execute(f"COPY ({many}) TO '{path}' ({options})"))
        folder.add(f'duckdb-many-{version.lower()}.parquet', data, table)


def by_polars(folder):
    some = flat.tables()[0]
    names = ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float', 'double', 'string', 'binary', 'date', 'tsmslocal', 'tsuslocal', 'tsnslocal', 'tsus', 'dec38_10', 'null']  # fmt: skip
    columns = [c for c in some.columns if c.name in names]
    arrays = {c.name: arrow_array(c.of.kind, c.values) for c in columns}
    for column, array in nested():
        if column.name in ('list', 'listlist', 'struct'):
            columns.append(column)
            arrays[column.name] = array
    # Polars has times in ns.
    times = Column('timens', K.time(K.NS, False), [c.values for c in some.columns if c.name == 'timens'][0])
    columns.append(times)
    arrays['timens'] = arrow_array(K.time(K.NS), times.values)
    frame = pl.from_arrow(pa.table(arrays))
    table = Table('polars', columns)
    for codec in ('uncompressed', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'):
        groups = [15, 15, 10] if codec in ('snappy', 'zstd') else None
        data = saved(lambda path: frame.write_parquet(path, compression=codec, row_group_size=15 if groups else None))
        folder.add(f'polars-{codec}.parquet', data, table)


def by_fastparquet(folder):
    n = range(12)
    words = [None if i % 5 == 3 else f'wort {i % 4} é' for i in n]
    frame = pd.DataFrame({'id': list(n), 'f': [i / 3 for i in n], 'nan': [float('nan') if i % 4 == 1 else i for i in n], 'b': [i % 3 == 0 for i in n]})  # fmt: skip
    frame['s'] = pd.Series(words, dtype=object)
    frame['t'] = pd.to_datetime([i * 86_400_000_001_000 - 10**15 for i in n])
    frame['small'] = pd.Series(list(n), dtype='uint8')
    frame['cat'] = pd.Categorical([f'k{i % 3}' for i in n])

    def columns(int96):
        ns = [i * 86_400_000_001_000 - 10**15 for i in n]
        return [
            Column('id', K.integer(64, True), list(n)),
            Column('f', K.F64, [i / 3 for i in n]),
            Column('nan', K.F64, [float('nan') if i % 4 == 1 else float(i) for i in n]),
            Column('b', K.BOOL, [i % 3 == 0 for i in n]),
            Column('s', K.STRING, [None if w is None else w.encode() for w in words]),
            Column('t', K.TIMESTAMP96, list(map(K.int96, ns))) if int96 else Column('t', K.timestamp(K.NS, False), ns),
            Column('small', K.integer(8, False), list(n)),
            Column('cat', K.STRING, [b'k%d' % (i % 3) for i in n]),
        ]

    for codec in ('UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD', 'BROTLI', 'LZ4_RAW'):
        int96 = codec in ('SNAPPY', 'ZSTD')
        data = saved(
            lambda path: fastparquet.write(
                path,
                frame,
                compression=codec,
                row_group_offsets=5,
                object_encoding={'s': 'utf8'},
                has_nulls=['s'],
                times='int96' if int96 else 'int64',
                write_index=False,
            )
        )
        name = 'fastparquet-int96' if int96 else 'fastparquet'
        folder.add(f'fastparquet-{codec.lower()}.parquet', data, Table(name, columns(int96)))


def add(folder):
    by_pyarrow(folder)
    long(folder)
    by_duckdb(folder)
    by_polars(folder)
    by_fastparquet(folder)
