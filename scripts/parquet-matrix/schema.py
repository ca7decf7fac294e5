"""Reads the schema of a Parquet file as types of this folder, by a reader of its own for Thrift's compact protocol."""

import struct

import kinds as K
import trees
from parquet_encodings import BYTE_ARRAY, DOUBLE, FIXED, FLOAT, INT32, INT64, INT96


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        shift = n = 0
        while True:
            b = self.byte()
            n |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return n

    def zigzag(self):
        n = self.varint()
        return n >> 1 ^ -(n & 1)

    def value(self, kind):
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            self.at += 8
            return struct.unpack('<d', self.data[self.at - 8 : self.at])[0]
        if kind == 8:
            n = self.varint()
            self.at += n
            return self.data[self.at - n : self.at]
        if kind in (9, 10):
            head = self.byte()
            size = head >> 4 if head >> 4 < 15 else self.varint()
            of = head & 15
            # Booleans in a list are bytes.
            return [self.byte() == 1 if of in (1, 2) else self.value(of) for _ in range(size)]
        if kind == 12:
            return self.struct()
        raise ValueError(f'Thrift type {kind}')

    def struct(self):
        fields, last = {}, 0
        while (head := self.byte()) != 0:
            last = last + (head >> 4) if head >> 4 else self.zigzag()
            fields[last] = self.value(head & 15)
        return fields


def footer(data):
    length = struct.unpack('<I', data[-8:-4])[0]
    return Reader(data[-8 - length : -8]).struct()


class Keys(trees.List):
    """A map without values."""


def leaf(e):
    physical, length, converted = e[1], e.get(2), e.get(6)
    logical = next(iter(e.get(10, {}).items()), (None, None))
    known = {1: K.STRING, 4: K.ENUM, 6: K.DATE, 11: K.NULL, 12: K.JSON, 13: K.BSON, 14: K.UUID, 15: K.F16}
    if logical[0] in known:
        return known[logical[0]]
    if logical[0] == 5 or converted == 5:
        return K.decimal(physical, e.get(8) or logical[1][2], e.get(7, 0), length)
    if logical[0] in (7, 8):
        unit = next(iter(logical[1][2]))
        return (K.time if logical[0] == 7 else K.timestamp)(unit, logical[1][1])
    if logical[0] == 10:
        return K.integer(logical[1][1], logical[1][2])
    by_converted = {0: K.STRING, 4: K.ENUM, 6: K.DATE, 7: K.time(K.MS), 8: K.time(K.US), 9: K.timestamp(K.MS), 10: K.timestamp(K.US), 19: K.JSON, 20: K.BSON, 21: K.INTERVAL}  # fmt: skip
    if converted in by_converted:
        return by_converted[converted]
    if converted is not None and 11 <= converted <= 18:
        return K.integer(8 << (converted - 11) % 4, converted >= 15)
    plain = {0: K.BOOL, INT32: K.PLAIN_INT32, INT64: K.PLAIN_INT64, INT96: K.TIMESTAMP96, FLOAT: K.F32, DOUBLE: K.F64, BYTE_ARRAY: K.BINARY}  # fmt: skip
    return K.fixed(length) if physical == FIXED else plain[physical]


def columns(data):
    """(name, type, repetition) of each column."""
    elements = iter(footer(data)[2])

    def node():
        e = next(elements)
        children = [node() for _ in range(e.get(5, 0))]
        return e, children

    def annotated(e, *numbers):
        return e.get(6) in numbers or (1 in numbers and 2 in e.get(10, {})) or (3 in numbers and 3 in e.get(10, {}))

    def group(e, children):
        return trees.Struct(*(field(child) for child in children))

    def type_of(e, children):
        """Of a node, whatever its repetition."""
        if not children:
            return trees.Leaf(leaf(e))
        inner, below = children[0]
        if len(children) == 1 and inner.get(3) == 2 and annotated(e, 3):
            name = inner[4].decode()
            is_element = len(below) != 1 or below[0][0].get(3) == 2 or name in ('array', e[4].decode() + '_tuple')
            if not below or is_element:
                return trees.TwoLevelList(type_of(inner, below))
            return trees.List(type_of(*below[0]))
        if len(children) == 1 and inner.get(3) == 2 and below and annotated(e, 1, 2):
            if len(below) == 1:
                return Keys(type_of(*below[0]))
            return trees.Map(type_of(*below[0]), type_of(*below[1]))
        return group(e, children)

    def field(child):
        e, children = child
        of = type_of(e, children)
        rep = ('required', 'optional', 'repeated')[e.get(3, 0)]
        return e[4].decode(), trees.Repeated(of) if rep == 'repeated' else of, rep

    _, children = node()
    return [field(child) for child in children]


def meaning(of):
    """What decides about the form of values, as a text."""
    if isinstance(of, trees.Leaf):
        kind = of.kind
        name = kind.neutral.removesuffix('conv').removesuffix('logic')
        # Adjusted to UTC or not: a time has one form.
        name = name.removesuffix('local') if name.startswith('time') else name
        return f'decimal {kind.precision} {kind.scale}' if name == 'decimal' else name
    if isinstance(of, trees.Map):
        return f'map of {meaning(of.key)} and {meaning(of.value)}'
    if isinstance(of, trees.Struct):
        return f'struct of {", ".join(f"{name} {meaning(t)}" for name, t, _ in of.fields)}'
    return f'{"repeated" if isinstance(of, trees.Repeated) else "list"} of {meaning(of.of)}'


def check(data, given):
    """The file's columns must be those of a table: readers of other languages may not tell INT32 from INT64."""
    found = [(name, meaning(of)) for name, of, _ in columns(data)]
    wanted = [(c.name, meaning(c.of)) for c in given]
    assert found == wanted, next((f, w) for f, w in zip(found, wanted) if f != w)
