"""Bit widths: of dictionary indexes from 0 to 32, of deltas from 0 to 64; and forms of levels and runs."""

import flat
import kinds as K
import parquet_encodings as E
from craft import Shape
from table import Column, Table
from trees import Leaf, List


def noise(i):
    """The same pseudo-random 64 bits in every run."""
    x = (i * 0x9E3779B97F4A7C15 + 0x1234567) & (1 << 64) - 1
    x ^= x >> 29
    return x * 0xBF58476D1CE4E5B9 & (1 << 64) - 1


def dictionaries(folder):
    def column(name, size, rows=50):
        values = [f'word {noise(i) % size}'.encode() for i in range(rows)]
        values[:size] = [f'word {i}'.encode() for i in range(min(size, rows))]
        return Column(name, K.STRING, [None if i % 9 == 8 else v for i, v in enumerate(values)])

    # Indexes in more bits than they take: readers go by the width that the page says.
    table = Table('widths', [column(f'w{w}', min(1 << w, 6)) for w in range(33)])
    width = lambda column, node: int(column.name[1:])  # noqa: E731
    for runs in ('packed', 'rle', 'mixed'):
        for version in (1, 2):
            base = Shape(version=version, dictionary=E.RLE_DICTIONARY, runs=runs, page_rows=(21,))
            data = table.write(lambda c, n, b=base: b.but(index_width=width(c, n)))
            folder.add(f'widths-dict-{runs}-v{version}.parquet', data, table)

    # Dictionaries of so many values, and the width that they take.
    def sized(size):
        values = [i if i < size else noise(i) % size for i in range(560)]
        return Column(f'd{size}', K.PLAIN_INT32, [v * 3 - 7 for v in values])

    table = Table('dict-sizes', [sized(n) for n in (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64, 65, 129, 257, 513)])
    for runs in ('packed', 'mixed'):
        shape = Shape(version=1, dictionary=E.RLE_DICTIONARY, runs=runs, codec='snappy', page_rows=(300, 8))
        folder.add(f'dict-sizes-{runs}.parquet', table.write(shape), table)
    # The chunk does not say where its dictionary is: the first page is one all the same.
    shape = Shape(version=1, dictionary=E.RLE_DICTIONARY, codec='snappy', name_dictionary=False)
    folder.add('dict-without-offset.parquet', table.write(shape), table)


def deltas(folder):
    def column(bits, w, kind, rows=36):
        least = -(1 << (w - 1)) + 3 if w else 5
        steps = [least + noise(i * 67 + w) % (1 << w) for i in range(rows)]
        steps[3], steps[5] = least, least + (1 << w) - 1
        values, v = [], noise(w)
        for step in steps:
            values.append(E.signed(v, bits))
            v += step
        return Column(f'{kind.name}w{w}', kind, values)

    for bits in (32, 64):
        for kind in (K.integer(bits, True), K.integer(bits, False)):
            table = Table(f'deltas-{kind.name}', [column(bits, w, kind) for w in range(bits + 1)])
            data = table.write(Shape(version=2, encoding=E.DELTA_BINARY_PACKED))
            folder.add(f'deltas-{kind.name}.parquet', data, table)

    # How many values there are: around the ends of blocks and of their parts.
    counts = (0, 1, 2, 3, 32, 33, 34, 64, 65, 128, 129, 130, 161, 256, 257, 258, 300)
    columns = [
        Column(f'n{n}', K.PLAIN_INT32, [i * i - 40 * i if i < n else None for i in range(300)]) for n in counts
    ]
    table = Table('delta-counts', columns)
    for version in (1, 2):
        shape = Shape(version=version, encoding=E.DELTA_BINARY_PACKED, codec='zstd')
        folder.add(f'delta-counts-v{version}.parquet', table.write(shape), table)
    texts = Table('delta-texts', [Column(f't{n}', K.STRING, [b'%d/%d' % (i // 7, i) if i < n else None for i in range(135)]) for n in (0, 1, 2, 33, 129, 135)])  # fmt: skip
    for name, encoding in (('length', E.DELTA_LENGTH_BYTE_ARRAY), ('bytes', E.DELTA_BYTE_ARRAY)):
        folder.add(f'delta-texts-{name}.parquet', texts.write(Shape(version=2, encoding=encoding)), texts)

    # Other sizes of blocks, and widths of parts without values, which may be anything.
    many = [E.signed(noise(i) >> (i % 60), 64) for i in range(300)]
    table = Table('delta-blocks', [Column(f'b{b}m{m}', K.PLAIN_INT64, many) for b, m in ((128, 1), (128, 4), (256, 8), (512, 4), (1024, 32), (2048, 8))])  # fmt: skip

    def blocks(column, node):
        block, minis = map(int, column.name[1:].split('m'))
        return Shape(version=2, encoding=E.DELTA_BINARY_PACKED, body=lambda v: E.delta_binary(v, 64, block, minis))

    folder.add('delta-blocks.parquet', table.write(blocks), table)

    def spoilt(values):
        # 10 values: one part of four is there.
        data = bytearray(E.delta_binary(values, 64))
        at = len(E.delta_binary(values[:1], 64))
        while data[at] & 0x80:
            at += 1
        assert data[at + 2 : at + 5] == b'\0\0\0'
        data[at + 2 : at + 5] = b'\x07\xff\x40'
        return bytes(data)

    table = Table('delta-spoilt', [Column('x', K.PLAIN_INT64, [i * i for i in range(10)])])
    shape = Shape(version=2, encoding=E.DELTA_BINARY_PACKED, body=spoilt)
    folder.add('delta-unused-widths.parquet', table.write(shape), table, why='widths of parts without values are to be ignored')  # fmt: skip

    # Differences that wrap around, as the standard says; and 64-bit ones of 32-bit values, as DuckDB writes them.
    top, low = 2**63 - 1, -(2**63)
    wrap = Column('wrap64', K.PLAIN_INT64, [low, top, low, 0, top, -1, low, 1, top, top, low])
    wrap32 = Column('wrap32', K.PLAIN_INT32, [-(2**31), 2**31 - 1, -(2**31), 0, 2**31 - 1, -1, -(2**31), 1, 5, 5, 5])
    wrapped = Column('wrapu64', K.integer(64, False), [E.signed(v, 64) for v in (2**64 - 1, 0, 2**64 - 1, 2**63, 1, 2, 2**63 - 1, 0, 0, 5, 6)])  # fmt: skip
    table = Table('delta-wrap', [wrap, wrap32, wrapped])
    folder.add('delta-wrap.parquet', table.write(Shape(encoding=E.DELTA_BINARY_PACKED, version=2)), table)

    u32 = K.integer(32, False)
    near = Column('near', u32, [-1, -2, -3, -1, -5])  # from 4294967295 on: the first value takes more than 32 bits
    table = Table('delta-wide-first', [near])
    shape = Shape(version=2, encoding=E.DELTA_BINARY_PACKED, body=lambda v: E.delta_binary(v, 32, first_unsigned=True))
    folder.add('delta-wide-first.parquet', table.write(shape), table)
    wide = [Column('far', u32, [-1, 0, -1, 5, 2**31 - 1]), Column('int', K.PLAIN_INT32, wrap32.values[:5])]
    table = Table('delta-wide', wide)

    def wide_body(column, node):
        unsigned = column.name == 'far'
        return Shape(version=2, encoding=E.DELTA_BINARY_PACKED, body=lambda v: E.delta_binary(v, 32, arithmetic=64, first_unsigned=unsigned))  # fmt: skip

    folder.add('delta-wide.parquet', table.write(wide_body), table, why='deltas of 33 bits between 32-bit values')


def level_forms(folder):
    some = flat.tables()[0].only(flat.FEW)
    for name, given in (
        ('packed', {'level_runs': 'packed', 'runs': 'packed'}),
        ('rle', {'level_runs': 'rle', 'runs': 'rle'}),
    ):
        for version in (1, 2):
            shape = Shape(version=version, dictionary=E.RLE_DICTIONARY, page_rows=(3, 1, 20), **given)
            folder.add(f'levels-{name}-v{version}.parquet', some.write(flat.shape_for('dict', shape)), some)
    # Levels in the deprecated BIT_PACKED, from the most significant bit on. pyarrow takes the bits in the other order.
    shape = Shape(bit_packed_levels=True)
    says = ['BIT_PACKED', 'bit-packed', 'bit packed', 'level', 'page']
    folder.add('levels-bitpacked.parquet', some.write(shape), some, either=says, why='levels in BIT_PACKED')
    lists = Table('levels-lists', [Column('l', List(Leaf(K.PLAIN_INT32)), [None, [], [1, None, 2], [3]] * 5)])
    folder.add('levels-bitpacked-lists.parquet', lists.write(shape), lists, either=says, why='levels in BIT_PACKED')
    # A page with no values at all stands first; pages of one row; a row group without rows.
    for version in (1, 2):
        for set_name in ('plain', 'dict', 'delta', 'fallback'):
            table = some.only([c.name for c in some.columns if flat.encoding_of(set_name, c.of.kind) is not None])
            shape = Shape(version=version, page_rows=(1,) * 9, empty_page=set_name != 'fallback', codec='snappy')
            groups = [7, 0, 33]
            data = table.write(flat.shape_for(set_name, shape.but(dictionary_pages=None)), groups)
            folder.add(f'tiny-pages-{set_name}-v{version}.parquet', data, table)


def add(folder):
    dictionaries(folder)
    deltas(folder)
    level_forms(folder)
