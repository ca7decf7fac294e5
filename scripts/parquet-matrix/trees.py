"""Nested types: their schema, how values are laid out in it, and the form of a value in a record."""

import thrift as T
from craft import Node
from kinds import bad, object_form

_MAP, _MAP_KEY_VALUE, _LIST = (1, [(2, T.STRUCT, [])]), (2, None), (3, [(3, T.STRUCT, [])])


def group(name, rep, children, annotation=(None, None)):
    return Node(name, rep, children, converted=annotation[0], logical=annotation[1])


class Leaf:
    def __init__(self, kind):
        self.kind = kind

    def node(self, name, rep):
        return self.kind.node(name, rep)

    def lower(self, v):
        return v

    def form(self, v):
        return None if v is None else self.kind.form(v)


class List:
    """Three levels. `wrap` and `item` are the names of the inner ones."""

    annotation = _LIST

    def __init__(self, of, rep='optional', wrap='list', item='element'):
        self.of, self.rep, self.wrap, self.item = of, rep, wrap, item

    def node(self, name, rep):
        inner = group(self.wrap, 'repeated', [self.of.node(self.item, self.rep)])
        return group(name, rep, [inner], self.annotation)

    def lower(self, v):
        return None if v is None else [[[self.of.lower(item)] for item in v]]

    def form(self, v):
        return None if v is None else [self.of.form(item) for item in v]


class ConvertedList(List):
    annotation = (3, None)


class TwoLevelList(List):
    """As Avro, Thrift and Hive wrote them: the repeated field is the element itself."""

    def node(self, name, rep):
        return group(name, rep, [self.of.node(self.item, 'repeated')], (3, None))

    def lower(self, v):
        return None if v is None else [[self.of.lower(item) for item in v]]


class Repeated(List):
    """A repeated field without annotation."""

    def node(self, name, rep):
        return self.of.node(name, 'repeated')

    def lower(self, v):
        return [self.of.lower(item) for item in v]


class Map:
    """Values are lists of pairs."""

    pairs = False  # all maps have that form

    def __init__(self, key, value, rep='optional', annotation=_MAP, inner=(None, None), names=('key_value', 'key', 'value'), key_rep='required'):  # fmt: skip
        self.key, self.value, self.rep, self.annotation, self.inner = key, value, rep, annotation, inner
        self.names, self.key_rep = names, key_rep

    def node(self, name, rep):
        pair = [self.key.node(self.names[1], self.key_rep), self.value.node(self.names[2], self.rep)]
        return group(name, rep, [group(self.names[0], 'repeated', pair, self.inner)], self.annotation)

    def lower(self, v):
        return None if v is None else [[[self.key.lower(k), self.value.lower(x)] for k, x in v]]

    def form(self, v):
        if v is None:
            return None
        pairs = [[self.key.form(k), self.value.form(x)] for k, x in v]
        text = isinstance(self.key, Leaf) and self.key.kind.neutral == 'string'
        if self.pairs or not text:
            return pairs
        if len({k for k, _ in pairs}) < len(pairs):
            return bad("maps: 'pairs'")
        return object_form(pairs)


class Struct:
    """`fields`: (name, type, repetition); values are lists by position."""

    def __init__(self, *fields):
        self.fields = fields

    def node(self, name, rep):
        return group(name, rep, [of.node(field, r) for field, of, r in self.fields])

    def lower(self, v):
        return None if v is None else [of.lower(x) for (_, of, _), x in zip(self.fields, v)]

    def form(self, v):
        return None if v is None else object_form([[name, of.form(x)] for (name, of, _), x in zip(self.fields, v)])
