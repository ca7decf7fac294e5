"""Lists, maps and structs: null, empty and full at every level, in their present and their older forms."""

import struct

import kinds as K
import parquet_encodings as E
from craft import Shape
from parquet_encodings import BOOLEAN, BYTE_ARRAY, FIXED, INT32, INT64
from table import Column, Table
from trees import ConvertedList, Leaf, List, Map, Repeated, Struct, TwoLevelList

INT, BIG, TEXT, FLAG = Leaf(K.PLAIN_INT32), Leaf(K.PLAIN_INT64), Leaf(K.STRING), Leaf(K.BOOL)
ROWS = 20


def cycle(*values):
    return [values[(i * 5 + i // len(values)) % len(values)] if i >= len(values) else values[i] for i in range(ROWS)]


def lists():
    ints = cycle(None, [], [None], [1, None, 3], [4], [5, 6, 7, 8, 9, 10, 11, 12, 13])
    yield Column('list', List(INT), ints)
    yield Column('listrequired', List(INT, 'required'), cycle([], [1], [2, 3], [4, 4, 4, 4]), 'required')
    yield Column('listold', ConvertedList(INT, 'optional', 'bag', 'array_element'), ints)
    yield Column('listtext', List(TEXT), cycle(None, [], [b''], [b'a', None, 'é'.encode()], [b'x' * 40, b'x' * 41]))
    yield Column('listbool', List(FLAG), cycle(None, [], [True, None, False], [True]))
    yield Column('listlist', List(List(TEXT)), cycle(None, [], [None], [[]], [[], None, [b'a', None]], [[b'b'], [b'c', b'd']]))  # fmt: skip
    deep = List(List(List(INT)))
    yield Column('listlistlist', deep, cycle(None, [], [None], [[]], [[None, []], [[1, None], [2]]], [[[3]], None, []]))
    point = Struct(('k', TEXT, 'optional'), ('v', INT, 'required'))
    yield Column('liststruct', List(point), cycle(None, [], [None], [[b'a', 1], [None, 2], None], [[b'b', 3]]))
    inner = Struct(('xs', List(INT), 'optional'), ('m', Map(TEXT, INT), 'optional'))
    yield Column('liststructlist', List(inner), cycle(None, [], [[None, None]], [[[], []], [[1, None], [(b'k', None)]], None]))  # fmt: skip
    yield Column('listdecimal', List(Leaf(K.decimal(FIXED, 20, 3, 9))), cycle(None, [], [(-5).to_bytes(9, 'big', signed=True), None]))  # fmt: skip
    yield Column('listdate', List(Leaf(K.DATE)), cycle(None, [-1, 0, None], []))
    yield Column('listus', List(Leaf(K.timestamp(K.US))), cycle(None, [-1, None, 10**15], []))


def older_lists():
    """What the repeated field of a LIST is, by its name and what it holds: the rules of LogicalTypes.md."""
    full = cycle(None, [], [1, 2, 3], [4], [5, 6])
    yield Column('twolevel', TwoLevelList(INT, item='element'), full)
    yield Column('twoleveltext', TwoLevelList(TEXT, item='array'), cycle(None, [], [b'a', b''], [b'c']))
    pair = Struct(('a', INT, 'optional'), ('b', TEXT, 'optional'))
    pairs = cycle(None, [], [[1, b'x'], [None, None]], [[2, None]])
    yield Column('twolevelgroup', TwoLevelList(pair, item='element'), pairs)
    one = Struct(('a', INT, 'optional'))
    ones = cycle(None, [], [[1], [None]], [[2]])
    yield Column('arraygroup', TwoLevelList(one, item='array'), ones)
    yield Column('tuplegroup', TwoLevelList(one, item='tuplegroup_tuple'), ones)
    yield Column('twoleveltwice', TwoLevelList(TwoLevelList(INT, item='array'), item='array'), [v if v is None else [[x] for x in v] + [[]] for v in full])  # fmt: skip


def repeated():
    yield Column('plainrepeated', Repeated(INT), cycle([], [1], [2, 3, 4], [5, 5]), 'repeated')
    yield Column('textrepeated', Repeated(TEXT), cycle([b'a', b''], [], [b'b']), 'repeated')
    group = Struct(('a', INT, 'optional'), ('b', Repeated(TEXT), 'repeated'))
    yield Column('grouprepeated', Repeated(group), cycle([], [[1, []], [None, [b'x', b'y']]], [[2, [b'z']]]), 'repeated')
    inside = Struct(('xs', Repeated(INT), 'repeated'), ('y', INT, 'optional'))
    yield Column('ingroup', inside, cycle(None, [[], None], [[1, 2], 3], [[4], 5]))


def maps():
    ints = cycle(None, [], [(b'a', 1), (b'b', None)], [(b'__proto__', 1), (b'x y', 2)], [(b'constructor', 3), (b'', 4)], [(b'10', 5), (b'9', 6), (b'toString', 7), (b'length', 8)])  # fmt: skip
    yield Column('map', Map(TEXT, INT), ints)
    yield Column('maprequired', Map(TEXT, INT, 'required'), cycle([], [(b'a', 1)], [(b'$big', 2), (b'b.c', 3)]), 'required')
    yield Column('mapconverted', Map(TEXT, INT, annotation=(1, None)), ints)
    yield Column('mapkeyvalue', Map(TEXT, INT, annotation=(1, None), inner=(2, None), names=('map', 'key', 'value')), ints)
    yield Column('mapenum', Map(Leaf(K.ENUM), TEXT), cycle(None, [(b'RED', b'x'), (b'BLUE', None)]))
    yield Column('maplist', Map(TEXT, List(INT)), cycle(None, [], [(b'a', None)], [(b'a', []), (b'b', [1, None])]))
    yield Column('mapmap', Map(TEXT, Map(TEXT, INT)), cycle(None, [], [(b'a', None)], [(b'a', []), (b'b', [(b'c', None), (b'd', 1)])]))  # fmt: skip
    yield Column('listmap', List(Map(TEXT, INT)), cycle(None, [], [None, [], [(b'a', 1), (b'b', None)]], [[(b'c', 2)]]))
    yield Column('mapstruct', Map(TEXT, Struct(('a', INT, 'optional'))), cycle(None, [], [(b'k', None), (b'l', [None]), (b'm', [5])]))  # fmt: skip
    keys = {
        'bool': (K.BOOL, True, False),
        'int32': (K.PLAIN_INT32, 2**31 - 1, -1),
        'int64': (K.PLAIN_INT64, 2**60 + 1, -1),
        'uint8': (K.integer(8, False), 255, 0),
        'uint64': (K.integer(64, False), -1, 0),
        'float': (K.F32, 0.1, -0.0),
        'double': (K.F64, 0.1, float('nan')),
        'float16': (K.F16, struct.pack('<e', 1.5), struct.pack('<e', -0.0)),
        'decimal': (K.decimal(INT64, 18, 2), -5, 12300),
        'binary': (K.BINARY, b'\xff\0', b''),
        'fixed': (K.fixed(3), b'abc', b'\0\0\xff'),
        'uuid': (K.UUID, bytes(range(16)), b'\xff' * 16),
        'date': (K.DATE, -1, 20_000),
        'tsms': (K.timestamp(K.MS), -1, 1_700_000_000_000),
        'tsus': (K.timestamp(K.US), -1, 1_700_000_000_000_000),
        'tsns': (K.timestamp(K.NS), -1, 1_700_000_000_000_000_000),
        'timems': (K.time(K.MS), 0, 86_399_999),
        'timens': (K.time(K.NS), 0, 86_399_999_999_999),
        'int96': (K.TIMESTAMP96, K.int96(-1), K.int96(10**18)),
        'json': (K.JSON, b'{"a":1}', b'[]'),
    }
    for name, (kind, a, b) in keys.items():
        yield Column(f'mapby{name}', Map(Leaf(kind), TEXT), cycle(None, [], [(a, b'x'), (b, None)], [(b, b'y')]))
    point = Struct(('x', INT, 'required'), ('y', INT, 'optional'))
    yield Column('mapbystruct', Map(point, TEXT), cycle(None, [], [([1, None], b'a'), ([2, 3], None)]))
    yield Column('mapbylist', Map(List(INT), TEXT), cycle(None, [([1, None], b'a'), ([], None)]))
    # Keys that repeat are no matter where the form is a list of pairs.
    yield Column('mapintrepeated', Map(INT, INT), cycle(None, [(1, 1), (1, 2)]))


def structs():
    abc = Struct(('a', INT, 'optional'), ('b', Struct(('c', TEXT, 'optional'), ('d', Struct(('e', BIG, 'optional')), 'optional')), 'optional'))  # fmt: skip
    yield Column('struct', abc, cycle(None, [None, None], [1, [None, None]], [2, [b'x', [None]]], [None, [None, [5]]]))
    required = Struct(('a', INT, 'required'), ('b', Struct(('c', TEXT, 'required')), 'required'))
    yield Column('structrequired', required, cycle([1, [b'x']], [2, [b'']]), 'required')
    yield Column('structhalf', Struct(('s', required, 'required'), ('t', abc, 'optional')), cycle(None, [[1, [b'y']], None]))
    names = Struct(('__proto__', INT, 'optional'), ('constructor', TEXT, 'optional'), ('a.b', INT, 'optional'), ('10', INT, 'optional'), ('9', INT, 'optional'), ('é "q"', INT, 'optional'), ('$big', INT, 'optional'))  # fmt: skip
    yield Column('structnames', names, cycle(None, [1, b'x', 2, 3, 4, 5, 6], [None] * 7))
    deep, value = INT, 7
    for i in range(12):
        deep, value = Struct((f'l{i}', deep, 'optional')), [value]
    yield Column('structdeep', deep, cycle(None, value, [None], [[[[None]]]]))
    every = [('dec', Leaf(K.decimal(BYTE_ARRAY, 30, 3)), K.shortest_bytes(-12345)), ('ms', Leaf(K.timestamp(K.MS, False)), -1), ('time', Leaf(K.time(K.US)), 5), ('id', Leaf(K.UUID), bytes(range(16))), ('iv', Leaf(K.INTERVAL), struct.pack('<III', 1, 2, 3)), ('j', Leaf(K.JSON), b'{"q":[1]}'), ('u', Leaf(K.integer(32, False)), -1), ('f', Leaf(K.F16), b'\x00\x3e'), ('n', Leaf(K.NULL), None), ('bin', Leaf(K.BINARY), b'\xff'), ('old', Leaf(K.TIMESTAMP96), K.int96(-5))]  # fmt: skip
    yield Column('structtypes', Struct(*((n, t, 'optional') for n, t, _ in every)), cycle(None, [v for _, _, v in every], [None] * len(every)))  # fmt: skip
    yield Column('__proto__', INT, cycle(1, None, 2))
    yield Column('a.b', INT, cycle(3, None))
    yield Column('a', Struct(('b', INT, 'optional')), cycle([4], None))


def forms(folder, name, columns):
    table = Table(name, list(columns))

    def shapes(kind, base):
        def of(column, node):
            p = node.physical
            if kind == 'plain':
                return base
            if kind == 'dict':
                return base if p == BOOLEAN else base.but(dictionary=E.RLE_DICTIONARY)
            encoding = {BOOLEAN: E.RLE, INT32: E.DELTA_BINARY_PACKED, INT64: E.DELTA_BINARY_PACKED, BYTE_ARRAY: E.DELTA_BYTE_ARRAY, FIXED: E.DELTA_BYTE_ARRAY}.get(p, E.PLAIN)  # fmt: skip
            return base.but(encoding=encoding)

        return of

    for kind in ('plain', 'dict', 'delta'):
        for version, codec, groups, rows in (
            (1, 'none', None, (7,)),
            (2, 'zstd', [4, 16], (1, 6)),
        ):
            data = table.write(shapes(kind, Shape(version=version, codec=codec, page_rows=rows)), groups)
            folder.add(f'{name}-{kind}-v{version}.parquet', data, table)    # Pages of version 1 may end within a record.
    data = table.write(shapes('dict', Shape(page_entries=3, codec='snappy')), [4, 16])
    folder.add(f'{name}-cut-records.parquet', data, table)


def repeated_keys():
    twice = [None, [(b'a', 1), (b'a', 2)], [(b'a', 1), (b'b', 2)], [(b'', None), (b'x', 1), (b'', None)]]
    column = Column('m', Map(TEXT, INT), twice)
    inside = Column('l', List(Map(TEXT, INT)), [None, [[(b'q', 1)]], [[(b'z', 1)], [(b'z', 1), (b'z', 1)]], []])
    return Table('map-repeated-key', [Column('id', INT, [1, 2, 3, 4]), column, inside])


def oddities(folder):
    table = repeated_keys()
    folder.add('map-repeated-key.parquet', table.write(Shape()), table)

    outer = Map(TEXT, INT, annotation=(2, None), names=('map', 'key', 'value'))
    table = Table('map-key-value', [Column('m', outer, [None, [], [(b'a', 1), (b'b', None)]])])
    folder.add('map-key-value-outer.parquet', table.write(Shape()), table, why='MAP_KEY_VALUE in place of MAP')
    names = Map(TEXT, INT, names=('entries', 'k', 'v'))
    table = Table('map-names', [Column('m', names, [None, [], [(b'a', 1), (b'b', None)]])])
    folder.add('map-other-names.parquet', table.write(Shape()), table)
    optional = Map(TEXT, INT, key_rep='optional')
    table = Table('map-optional-key', [Column('m', optional, [None, [], [(b'a', 1), (b'b', None)]])])
    folder.add('map-optional-key.parquet', table.write(Shape()), table, why='as Presto wrote maps: no key is null')

    class Keys(List):
        """A MAP without values: the list of its keys."""

        annotation = (1, Map(TEXT, INT).annotation[1])

    columns = [Column('keys', Keys(INT, 'required', 'key_value', 'key'), [None, [], [1, 2], [3]])]
    table = Table('map-no-value', columns)
    folder.add('map-no-value.parquet', table.write(Shape()), table, why='a MAP whose key_value has a key alone is a list of keys')  # fmt: skip

    text = K.Kind('binarytext', BYTE_ARRAY, K.text, neutral='string')
    words = [None, 'é'.encode(), b'\xff', b'', b'plain']
    columns = [
        Column('b', text, words),
        Column('m', Map(Leaf(text), INT), [None, [(b'a', 1)], [(b'b', 2)], [(b'c', 1), (b'd', None)], []]),
        Column('f', K.fixed(2), [b'ab', None, b'cd', b'ef', b'\xff\0']),
        Column('l', List(Leaf(text)), [None, [b'a'], [], [b'b', None], [b'c']]),
    ]
    table = Table('binary-as-text', columns)
    folder.add('binary-as-text.parquet', table.write(Shape()), table, options={'encoding': 'utf-8'})


def add(folder):
    forms(folder, 'lists', lists())
    forms(folder, 'older-lists', older_lists())
    forms(folder, 'repeated', repeated())
    forms(folder, 'maps', maps())
    forms(folder, 'structs', structs())
    oddities(folder)
