"""Checksums; what must be refused, and by which word; rows that are bad records; and oddities that must be read."""

import struct
import zlib

import kinds as K
import parquet_encodings as E
import thrift as T
from craft import Page, Shape
from parquet_encodings import BYTE_ARRAY, FIXED, INT32, INT64
from table import Column, Table
from trees import Leaf, List, Struct

# A refusal tells at least where: the column, or the row group.
WHERE = ['broken', 'row group', 'page', 'column']
INTS = [5, None, 7, 7, 7, None, 2**31 - 1, -1, 0, 12]
WORDS = [None if v is None else b'word %d' % v for v in INTS]


def two(kind=K.PLAIN_INT32, values=INTS, rep='optional'):
    """A column that can be read, and one that will be broken."""
    return Table('damage', [Column('sound', K.PLAIN_INT32, INTS), Column('broken', kind, values, rep)])


SOUND = Table('damage-sound', [Column('sound', K.PLAIN_INT32, INTS)])


def changed(change, kind=0, which=0):
    """An `extra` that changes a page of the broken column."""

    def of(node, group, pages):
        if node.path[0] == 'broken':
            change([p for p in pages if p.kind == kind][which])
        return pages

    return {'change': of}


def header(number, v):
    """Sets a field of a page's header."""

    def of(page):
        page.header = [(n, k, v if n == number else old) for n, k, old in page.header]

    return of


def body(change):
    def of(page):
        page.body = change(page.body)
        page.uncompressed = len(page.body)

    return of


def flip(page):
    page.crc = zlib.crc32(page.body)
    at = len(page.body) - 1
    page.body = page.body[:at] + bytes([page.body[at] ^ 0x10]) + page.body[at + 1 :]


def checksums(folder):
    for version in (1, 2):
        for codec in ('none', 'snappy', 'zstd'):
            shape = Shape(version=version, codec=codec, crc=True, dictionary=E.RLE_DICTIONARY, page_rows=(4,))
            table = Table('crc', [Column('sound', K.PLAIN_INT32, INTS), Column('broken', K.STRING, WORDS)])
            folder.add(f'crc-v{version}-{codec}.parquet', table.write(shape), table)
            for what, kind, which in (('data', 3 if version == 2 else 0, 0), ('last', 3 if version == 2 else 0, 1), ('dictionary', 2, 0)):  # fmt: skip
                data = table.write(shape, extra=changed(flip, kind, which))
                folder.refuse(f'crc-flipped-{what}-v{version}-{codec}.parquet', data, ['crc', 'checksum'], 'a bit of a page differs from its CRC', SOUND)  # fmt: skip


def refused_by_name(folder):
    table = two(K.STRING, WORDS)
    only = lambda **given: lambda column, node: Shape(**given) if column.name == 'broken' else Shape()  # noqa: E731
    folder.refuse('codec-lzo.parquet', table.write(only(codec='lzo')), ['LZO'], 'LZO is not supported', SOUND)
    folder.refuse('codec-unknown.parquet', table.write(only(codec_number=42)), ['codec', '42', 'compression'], 'codec 42 does not exist', SOUND)  # fmt: skip

    def encoding(number):
        return changed(header(2, number))

    folder.refuse('encoding-unknown.parquet', table.write(Shape(), extra=encoding(42)), ['encoding', '42', *WHERE], 'encoding 42 does not exist', SOUND)  # fmt: skip
    folder.refuse('encoding-wrong.parquet', table.write(Shape(), extra=encoding(E.BYTE_STREAM_SPLIT)), ['encoding', 'BYTE_STREAM_SPLIT', *WHERE], 'text cannot be split by bytes', SOUND)  # fmt: skip
    data = table.write(Shape(), extra={'file_path': 'part-0.parquet'})
    folder.refuse('column-in-another-file.parquet', data, ['another file', 'other file', 'part-0.parquet', 'file_path'], 'as _metadata beside a data set')  # fmt: skip
    twice = Table('damage-twice', [Column('id', K.PLAIN_INT32, [1, 2]), Column('a', K.PLAIN_INT32, [3, 4]), Column('a', K.PLAIN_INT32, [5, 6])])  # fmt: skip
    says = ['one name', 'same name', 'equal name', 'duplicate', 'twice', 'two columns', 'two fields']
    folder.refuse('columns-equal-names.parquet', twice.write(Shape()), says, 'no record can have both', twice.only(['id']))  # fmt: skip
    inside = Struct(('a', Leaf(K.PLAIN_INT32), 'optional'), ('a', Leaf(K.STRING), 'optional'))
    table = Table('damage-twice-inside', [Column('id', K.PLAIN_INT32, [1, 2]), Column('s', inside, [[1, b'x'], None])])
    folder.refuse('fields-equal-names.parquet', table.write(Shape()), says, 'no record can have both', table.only(['id']))  # fmt: skip


def truncated(folder):
    data = two(K.STRING, WORDS).write(Shape(codec='snappy'))
    says = ['truncated', 'short', 'PAR1', 'footer', 'metadata', 'empty']
    for name, part in (('half', data[: len(data) // 2]), ('last-byte', data[:-1]), ('no-magic', data[:-4]), ('no-length', data[:-8]), ('magic-alone', b'PAR1'), ('magic-twice', b'PAR1PAR1'), ('first-100', data[100:]), ('empty', b'')):  # fmt: skip
        folder.refuse(f'truncated-{name}.parquet', part, [*says, *WHERE], 'a part of a file')
    footer = len(data) - 8 - struct.unpack('<I', data[-8:-4])[0]
    hole = data[: footer - 60] + data[footer:]
    folder.refuse('truncated-inside.parquet', hole, [*says, *WHERE], '60 bytes before the footer are missing')
    for name, length in (('negative', b'\xff\xff\xff\xff'), ('zero', b'\0\0\0\0'), ('large', b'\xff\xff\0\0')):
        folder.refuse(f'footer-length-{name}.parquet', data[:-8] + length + b'PAR1', ['footer', 'metadata'], 'the length of the footer is wrong')  # fmt: skip


def pages(folder):
    def put(name, why, table, shape, change=None, kind=0, says=(), extra=None):
        data = table.write(shape, extra={**(changed(change, kind) if change else {}), **(extra or {})})
        folder.refuse(f'page-{name}.parquet', data, [*says, *WHERE], why, SOUND)

    text, ints = two(K.STRING, WORDS), two(rep='required', values=[v or 0 for v in INTS])
    of = lambda **given: lambda column, node: Shape(**given) if column.name == 'broken' else Shape()  # noqa: E731
    dictionary = of(dictionary=E.RLE_DICTIONARY)
    put('plain-short', 'values are missing at the end', ints, of(), body(lambda b: b[:-2]))
    put('plain-text-short', 'the last text is cut off', text, of(), body(lambda b: b[:-3]))
    put('plain-text-length', 'a text is longer than its page', text, of(), body(lambda b: b[:-10] + b'\xff\xff\xff\x7f' + b[-6:]))  # fmt: skip
    put('no-body', 'there is no byte of ten values', ints, of(), body(lambda b: b''))
    put('levels-short', 'levels are longer than their page', text, of(), body(lambda b: b'\xff\0\0\0' + b[4:]))
    put('values-negative', 'a negative number of values', text, of(), header(1, -5))
    put('values-more', 'more values than the column has', ints, of(), header(1, 11))
    put('values-fewer', 'fewer values than the row group has rows', ints, of(), header(1, 9))
    put('dictionary-index', 'an index beyond the dictionary', text, of(dictionary=E.RLE_DICTIONARY, index_width=8, runs='rle'), body(lambda b: b[:-1] + b'\x63'), says=['index', 'dictionary'])  # fmt: skip
    for width in (33, 64, 255):
        def wide(page, width=width):
            at = 4 + struct.unpack('<I', page.body[:4])[0]
            page.body = page.body[:at] + bytes([width]) + page.body[at + 1 :]

        put(f'dictionary-width-{width}', f'indexes of {width} bits', text, dictionary, wide, says=['width', 'bits'])
    put('dictionary-short', 'the dictionary has fewer values than it says', text, dictionary, body(lambda b: b[:-4]), kind=2, says=['dictionary'])  # fmt: skip
    put('dictionary-negative', 'the dictionary has a negative number of values', text, dictionary, header(1, -1), kind=2, says=['dictionary'])  # fmt: skip

    def without(node, group, written):
        return [p for p in written if p.kind != 2] if node.path[0] == 'broken' else written

    put('dictionary-missing', 'there is no dictionary', text, dictionary, says=['dictionary'], extra={'change': without})
    # 10 values are 9 deltas, which are all there: what is missing fills the part of 32.
    folder.add('delta-unpadded.parquet', two(K.PLAIN_INT64, [i**3 for i in range(10)], 'required').write(of(encoding=E.DELTA_BINARY_PACKED, body=lambda v: E.delta_binary(v, 64)[:-5])), Table('delta-unpadded', [SOUND.columns[0], Column('broken', K.PLAIN_INT64, [i**3 for i in range(10)], 'required')]), either=WHERE, why='the last part of deltas is not filled up')  # fmt: skip
    delta = of(encoding=E.DELTA_BINARY_PACKED)
    many = [i * i * i for i in range(10)]
    required = two(K.PLAIN_INT64, many, 'required')
    put('delta-short', 'deltas are missing at the end', required, delta, body(lambda b: b[:-40]))
    put('delta-count', 'fewer deltas than values', required, of(encoding=E.DELTA_BINARY_PACKED, body=lambda v: E.delta_binary(v[:6], 64)))  # fmt: skip
    put('delta-width', 'deltas of 65 bits', required, of(encoding=E.DELTA_BINARY_PACKED, body=lambda v: wider(v)))
    put('delta-block', 'a block of no values', required, of(encoding=E.DELTA_BINARY_PACKED, body=lambda v: b'\0\4' + E.delta_binary(v, 64)[3:]))  # fmt: skip
    put('delta-prefix', 'a text begins with more of the one before than that has', text, of(encoding=E.DELTA_BYTE_ARRAY, body=prefixes))  # fmt: skip
    put('delta-negative', 'a text of negative length', text, of(encoding=E.DELTA_LENGTH_BYTE_ARRAY, body=lambda v: E.delta_binary([-1] * len(v), 32)))  # fmt: skip
    put('split-odd', 'bytes that are no whole number of values', ints, of(encoding=E.BYTE_STREAM_SPLIT, body=lambda v: E.byte_stream_split(INT32, v)[:-1]))  # fmt: skip
    put('boolean-short', 'booleans are missing at the end', two(K.BOOL, [bool(v) for v in INTS], 'required'), of(encoding=E.RLE, body=lambda v: b'\2\0\0\0\x0a\1'))  # fmt: skip
    for codec in ('snappy', 'gzip', 'brotli', 'zstd', 'lz4', 'lz4_raw'):
        def spoil(page):
            page.body = page.body[: len(page.body) // 2]

        put(f'{codec}-half', 'half of the compressed bytes are missing', text, of(codec=codec), spoil)

        def short(page):
            page.uncompressed -= 1

        def long(page):
            page.uncompressed += 1

        for name, change in (('less', short), ('more', long)):
            data = text.write(of(codec=codec), extra=changed(change))
            folder.add(f'page-{codec}-size-{name}.parquet', data, Table('damage-text', text.columns), either=['size', 'length', *WHERE], why='it says that it holds a byte more or less')  # fmt: skip

    def huge(page):
        page.uncompressed = 2**31 - 1

    put('size-huge', 'a page of 2 GiB, it says', text, of(codec='snappy'), huge)

    lists = Table('damage', [Column('sound', K.PLAIN_INT32, INTS[:4]), Column('broken', List(Leaf(K.PLAIN_INT32)), [[1, 2], [3], None, []])])  # fmt: skip
    first = Table('damage-sound-4', [lists.columns[0]])

    def starts_inside(page):
        # Repetition levels as a run of packed bits: the first one becomes 1.
        page.body = page.body[:5] + bytes([page.body[5] | 1]) + page.body[6:]

    data = lists.write(of(level_runs='packed'), extra=changed(starts_inside))
    folder.refuse('page-repetition-first.parquet', data, ['repetition', 'level', *WHERE], 'the first value continues a list that was not begun', first)  # fmt: skip

    def beyond(page):
        at = 4 + struct.unpack('<I', page.body[:4])[0]
        page.body = page.body[: at + 4] + b'\x14\7' + page.body[at + 6 :]

    data = lists.write(of(level_runs='rle'), extra=changed(beyond))
    folder.refuse('page-definition-beyond.parquet', data, ['definition', 'level', *WHERE], 'a definition level that the schema has not', first)  # fmt: skip
    data = ints.write(Shape(), extra={'more_rows': 3})
    folder.refuse('more-rows-than-values.parquet', data, ['rows', *WHERE], 'the row group says that it has 13 rows')


def wider(values):
    data = bytearray(E.delta_binary(values, 64))
    at = len(E.delta_binary(values[:1], 64))
    while data[at] & 0x80:
        at += 1
    data[at + 1] = 65
    return bytes(data)


def prefixes(values):
    lengths = [0] + [100] * (len(values) - 1)
    return E.delta_binary(lengths, 32) + E.delta_length(values)


def bad_rows(folder):
    texts = [b'a', b'\xff', b'\xc3', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xc0\xaf', b'b']
    columns = [
        Column('string', K.STRING, texts),
        Column('enum', K.ENUM, texts),
        Column('json', K.JSON, [b'"%b"' % t for t in texts]),
    ]
    for column in columns:
        table = Table(f'bad-{column.name}', [Column('id', K.PLAIN_INT32, list(range(7))), column])
        folder.add(f'bad-{column.name}.parquet', table.write(Shape()), table)
        folder.add(f'bad-{column.name}-dict.parquet', table.write(Shape(dictionary=E.RLE_DICTIONARY)), table)
    inside = [[t] for t in texts]
    table = Table('bad-inside', [Column('l', List(Leaf(K.STRING)), inside), Column('s', Struct(('t', Leaf(K.STRING), 'optional')), list(reversed(inside)))])  # fmt: skip
    folder.add('bad-inside.parquet', table.write(Shape()), table)
    none = [b'{', b'', b'NaN', b'Infinity', b"{'a':1}", b'[1,]', b'1e400', b'-1e999', b'[1e309]', b'01', b'{"a":1}', b'1e-400', b'12345678901234567890', b'1.7976931348623157e308']  # fmt: skip
    table = Table('bad-json-text', [Column('json', K.JSON, none)])
    folder.add('bad-json-text.parquet', table.write(Shape()), table)
    days = [100_000_000, 100_000_001, -100_000_000, -100_000_001, 2**31 - 1, -(2**31), None]
    millis = [v and v * 86_400_000 for v in days[:4]] + [2**63 - 1, -(2**63), 8_640_000_000_000_000 + 1]
    table = Table('bad-dates', [Column('date', K.DATE, days)])
    folder.add('bad-dates.parquet', table.write(Shape()), table)
    for kind in (K.timestamp(K.MS), K.timestamp(K.MS, False), K.converted_only(K.timestamp(K.MS))):
        table = Table(f'bad-{kind.name}', [Column('ts', kind, millis)])
        folder.add(f'bad-{kind.name}.parquet', table.write(Shape()), table)
    far = [2**63 - 1, -(2**63), 8_640_000_000_000_001 * 1000, None]
    nanos = [K.int96_bytes(86_399_999_999_999, d) for d in (106_000_000, 0)] + [None, None]
    table = Table('far-times', [Column('us', K.timestamp(K.US), far), Column('ns', K.timestamp(K.NS), far[:2] + [0, None]), Column('int96', K.TIMESTAMP96, nanos)])  # fmt: skip
    folder.add('far-times.parquet', table.write(Shape()), table)


def oddities(folder):
    # Statistics that are wrong: nothing that is read goes by them.
    lies = [(3, T.I64, 10), (5, T.BINARY, b'\x05\0\0\0'), (6, T.BINARY, b'\x05\0\0\0'), (7, T.BOOL, True), (8, T.BOOL, True)]
    table = Table('lying-statistics', [Column('x', K.PLAIN_INT32, INTS), Column('y', K.PLAIN_INT32, [9, 8] * 5)])
    folder.add('lying-statistics.parquet', table.write(Shape(statistics=lies)), table, why='statistics say that all is null, or 5')  # fmt: skip

    # A later version of the format may have more fields, everywhere; what a reader does not know it passes over.
    strange = [(100, T.I32, 5), (101, T.STRUCT, [(1, T.BINARY, 'x'), (2, (T.LIST, T.STRUCT), [[(3, T.BOOL, True)], []])]), (900, (T.LIST, T.I64), [1, -1]), (901, T.BOOL, False)]  # fmt: skip
    plain = Table('strange', [Column('x', K.PLAIN_INT32, INTS), Column('s', K.STRING, WORDS)])
    shape = Shape(dictionary=E.RLE_DICTIONARY, page_rows=(5,))
    for version in (1, 2):
        data = plain.write(shape.but(version=version), [4, 6], {'strange': strange})
        folder.add(f'strange-fields-v{version}.parquet', data, plain, why='fields of metadata that no reader knows')
    folder.add('gaps.parquet', plain.write(shape, [4, 6], {'gap': b'PAR1' * 5}), plain, why='bytes between the columns that belong to none')  # fmt: skip
    folder.add('no-writer.parquet', plain.write(shape, extra={'created_by': None, 'version': 1}), plain, why='who wrote it is not said')  # fmt: skip

    def each(column, node):
        n = int(column.name[1:])
        codec = ('none', 'snappy', 'gzip', 'brotli', 'lz4', 'lz4_raw', 'zstd')[n % 7]
        return Shape(codec=codec, version=1 + n % 2, dictionary=(None, E.RLE_DICTIONARY, E.PLAIN_DICTIONARY)[n % 3], page_rows=(1 + n % 9,))  # fmt: skip

    mixed = Table('mixed', [Column(f'c{n}', K.STRING, WORDS[n % 4 :] + WORDS[: n % 4]) for n in range(42)])
    folder.add('mixed-columns.parquet', mixed.write(each, [4, 6]), mixed, why='each column in another codec, encoding and page version')  # fmt: skip

    def index_page(node, group, written):
        return [written[0], Page(1, [], b'index', 5, False), *written[1:]]

    folder.add('index-page.parquet', table.write(Shape(dictionary=E.RLE_DICTIONARY, page_rows=(5,)), extra={'change': index_page}), table, why='a page of the type INDEX_PAGE is to be passed over')  # fmt: skip

    most = [struct.pack('<III', *v) for v in ((2**32 - 1, 2**32 - 1, 2**32 - 1), (2**31, 0, 2**31))]
    table = Table('odd-intervals', [Column('iv', K.INTERVAL, most)])
    folder.add('odd-intervals.parquet', table.write(Shape()), table, why='the three numbers of an INTERVAL are unsigned')
    nulls = [Column(name, K.Kind('null', p, K.NULL.form, n, None, K.NULL.logical), [None] * 3) for name, p, n in (('bool', 0, None), ('int64', INT64, None), ('double', E.DOUBLE, None), ('bytes', BYTE_ARRAY, None), ('fixed', FIXED, 4))]  # fmt: skip
    table = Table('null-types', nulls)
    folder.add('null-types.parquet', table.write(Shape()), table)
    odd = Table(
        'odd-decimals',
        [
            Column('long', K.decimal(BYTE_ARRAY, 9, 2), [b'\xff' * 40 + b'\x85', b'\0' * 30 + b'\x7b', b'\x7b', None]),
            Column('beyond', K.decimal(INT32, 4, 2), [12345, -99999, 0, None]),
            Column('beyond64', K.decimal(INT64, 10, 10), [2**63 - 1, -(2**63), 0, None]),
        ],
    )
    folder.add('odd-decimals.parquet', odd.write(Shape()), odd, why='longer bytes than it takes; more digits than the precision')  # fmt: skip
    # 77 digits and more.
    top = 10**90 + 7
    wide = Table('wide-decimals', [Column(f'p{p}', K.decimal(FIXED, p, 3, n), [top % 10**p * s for s in (1, -1, 0)]) for p, n in ((76, 32), (77, 33), (90, 40))])  # fmt: skip
    for column, n in zip(wide.columns, (32, 33, 40)):
        column.values = [v.to_bytes(n, 'big', signed=True) for v in column.values]
    for column in wide.columns:
        table = Table(f'wide-decimal-{column.name}', [column])
        either = None if column.name == 'p76' else ['decimal', 'precision', *WHERE]
        folder.add(f'wide-decimal-{column.name}.parquet', table.write(Shape()), table, either=either)
    empty = Table('empty-decimal', [Column('d', K.decimal(BYTE_ARRAY, 9, 2), [b'', b'\x7b', b''])])
    folder.add('empty-decimal.parquet', empty.write(Shape()), empty, either=['decimal', *WHERE], why='no byte at all: 0, or refused')  # fmt: skip
    fixed0 = Table('types-of-columns', [Column(name, K.PLAIN_INT32, [1, None]) for name in ('__proto__', 'constructor', '10', '9', 'a.b', ' ', 'é"\'\\', '\u2028', 'toString', 'A', 'a')])  # fmt: skip
    folder.add('names.parquet', fixed0.write(Shape()), fixed0)
    nameless = Table('nameless', [Column('', K.PLAIN_INT32, [1, None]), Column('x', K.PLAIN_INT32, [2, 3])])
    folder.add('nameless.parquet', nameless.write(Shape()), nameless, why='a column whose name is empty')


def add(folder):
    checksums(folder)
    refused_by_name(folder)
    truncated(folder)
    pages(folder)
    bad_rows(folder)
    oddities(folder)
