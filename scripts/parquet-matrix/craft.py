"""A small Parquet writer that writes what no other writer lets one choose: every encoding, page form and damage."""

import copy
import struct
import zlib

import pyarrow as pa

import parquet_encodings as E
import thrift as T

CODECS = {'none': 0, 'snappy': 1, 'gzip': 2, 'lzo': 3, 'brotli': 4, 'lz4': 5, 'zstd': 6, 'lz4_raw': 7}
# Other forms that the bytes of a codec may have; `two` are two pieces, one after the other.
CODECS |= {'gzip_two': 2, 'zstd_two': 6, 'zstd_open': 6, 'lz4_two': 5, 'lz4_frame': 5, 'lz4_bare': 5}
REPETITIONS = {'required': 0, 'optional': 1, 'repeated': 2}


class Node:
    """One element of a Parquet schema."""

    def __init__(self, name, rep, children=None, physical=None, length=None, converted=None, logical=None, scale=None, precision=None):  # fmt: skip
        self.name, self.rep, self.children = name, rep, children
        self.physical, self.length, self.converted, self.logical = physical, length, converted, logical
        self.scale, self.precision = scale, precision
        self.path, self.max_rep, self.max_def = [], 0, 0

    def element(self):
        return [
            (1, T.I32, self.physical),
            (2, T.I32, self.length),
            (3, T.I32, REPETITIONS[self.rep] if self.path else None),
            (4, T.BINARY, self.name),
            (5, T.I32, None if self.children is None else len(self.children)),
            (6, T.I32, self.converted),
            (7, T.I32, self.scale),
            (8, T.I32, self.precision),
            (10, T.STRUCT, self.logical),
        ]

    def settle(self, path=(), rep=0, defn=0):
        """Sets paths and levels below; gives all elements in the file's order."""
        self.path = list(path)
        self.max_rep = rep + (self.rep == 'repeated' and bool(path))
        self.max_def = defn + (self.rep != 'required' and bool(path))
        below = [child.settle([*path, child.name], self.max_rep, self.max_def) for child in self.children or []]
        return [self, *(node for nodes in below for node in nodes)]


class Column:
    """What a leaf holds: (repetition level, definition level, value) in the file's order."""

    def __init__(self, node):
        self.node, self.entries = node, []

    def split(self, rows):
        """Into lists of entries, `rows` records in each; the last list takes what is left."""
        starts = [i for i, (r, _, _) in enumerate(self.entries) if r == 0]
        cuts, at = [], 0
        for n in rows:
            if at + n >= len(starts):
                break
            at += n
            cuts.append(starts[at])
        ends = [*cuts, len(self.entries)]
        return [self.entries[a:b] for a, b in zip([0, *cuts], ends)]


def shred(root, records):
    """Records (a list for each group, by position; a list for each repeated node) as columns."""
    root.settle()
    columns = {}

    def leaves(node):
        if node.children is None:
            columns[id(node)] = Column(node)
        for child in node.children or []:
            leaves(child)

    def nulls(node, r, d):
        if node.children is None:
            columns[id(node)].entries.append((r, d, None))
        for child in node.children or []:
            nulls(child, r, d)

    def present(node, v, r, d):
        if node.children is None:
            columns[id(node)].entries.append((r, d, v))
            return
        assert len(v) == len(node.children), (node.name, v)
        for child, field in zip(node.children, v):
            write(child, field, r, d)

    def write(node, v, r, d):
        if node.rep == 'repeated':
            for i, item in enumerate(v):
                present(node, item, r if i == 0 else node.max_rep, d + 1)
            if not v:
                nulls(node, r, d)
        elif node.rep == 'optional':
            nulls(node, r, d) if v is None else present(node, v, r, d + 1)
        else:
            assert v is not None, node.path
            present(node, v, r, d)

    leaves(root)
    for record in records:
        present(root, record, 0, 0)
    return list(columns.values())


class Shape:
    """How a column chunk is written."""

    version = 1
    codec = 'none'
    codec_number = None  # another than the codec's own
    compressed = True  # V2 pages: is_compressed
    encoding = E.PLAIN
    dictionary = None  # E.RLE_DICTIONARY or E.PLAIN_DICTIONARY
    dictionary_pages = None  # so many pages before `encoding` takes over; None: all
    index_width = None  # bits; None: as few as do
    runs = 'mixed'
    level_runs = 'mixed'
    bit_packed_levels = False
    page_rows = ()
    page_entries = 0  # V1: so many levels a page, wherever a record ends
    empty_page = False  # a page without values before the others
    crc = False
    statistics = None  # fields of the chunk's statistics
    name_dictionary = True  # dictionary_page_offset is given
    body = None  # function (values) -> bytes in place of the encoding's

    def __init__(self, **given):
        for name, v in given.items():
            assert hasattr(Shape, name), name
            setattr(self, name, v)

    def but(self, **given):
        other = copy.copy(self)
        other.__init__(**given)
        return other


def compress(codec, data):
    if codec in ('none', 'lzo'):
        return data
    if codec.endswith('_two'):
        half = len(data) // 2
        return compress(codec[:-4], data[:half]) + compress(codec[:-4], data[half:])
    if codec == 'lz4':  # as Hadoop frames it
        return struct.pack('>II', len(data), len(c := pa.compress(data, 'lz4_raw', asbytes=True))) + c
    if codec == 'zstd_open':  # a stream that does not say at its beginning how long it is
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, 'zstd') as stream:
            stream.write(data)
        return sink.getvalue().to_pybytes()
    names = {'lz4_frame': 'lz4', 'lz4_bare': 'lz4_raw'}
    return pa.compress(data, names.get(codec, codec), asbytes=True)


def levels(values, highest, shape):
    width = highest.bit_length()
    if shape.bit_packed_levels:
        return E.pack_big(values, width)
    return E.hybrid(values, width, shape.level_runs)


class Page:
    """Thrift fields of a header, and the body as it is stored. Both may be changed before they are written."""

    def __init__(self, kind, header, body, uncompressed, crc):
        self.kind, self.header, self.body, self.uncompressed, self.crc = kind, header, body, uncompressed, crc

    strange = ()

    def bytes(self):
        crc = E.signed(zlib.crc32(self.body) if self.crc is True else self.crc, 32) if self.crc else None
        number = {0: 5, 1: 6, 2: 7, 3: 8}[self.kind]
        return (
            T.struct(
                [
                    (1, T.I32, self.kind),
                    (2, T.I32, self.uncompressed),
                    (3, T.I32, len(self.body)),
                    (4, T.I32, crc),
                    (number, T.STRUCT, self.header),
                    *self.strange,
                ]
            )
            + self.body
        )


def pages(column, shape):
    """A chunk's pages, the dictionary first."""
    node, out, dictionary = column.node, [], {}
    parts = column.split(shape.page_rows)
    if shape.page_entries:
        n = shape.page_entries
        parts = [column.entries[i : i + n] for i in range(0, len(column.entries), n)]
    if shape.empty_page:
        parts = [[], *parts]
    use = 0 if shape.dictionary is None else len(parts) if shape.dictionary_pages is None else shape.dictionary_pages
    for number, entries in enumerate(parts):
        values = [v for _, d, v in entries if d == node.max_def]
        if number < use:
            encoding = shape.dictionary
            indexes = [dictionary.setdefault(E.plain(node.physical, [v]), len(dictionary)) for v in values]
            out.append((entries, encoding, indexes))
        else:
            encoding = shape.encoding
            data = shape.body(values) if shape.body else E.encode(encoding, node.physical, values)
            out.append((entries, encoding, data))
    result = []
    if shape.dictionary is not None:
        body = b''.join(dictionary)
        kind = E.PLAIN_DICTIONARY if shape.dictionary == E.PLAIN_DICTIONARY else E.PLAIN
        header = [(1, T.I32, len(dictionary)), (2, T.I32, kind)]
        result.append(Page(2, header, compress(shape.codec, body), len(body), shape.crc))
    width = max(1, (len(dictionary) - 1).bit_length()) if shape.index_width is None else shape.index_width
    for entries, encoding, data in out:
        if isinstance(data, list):
            data = bytes([width]) + E.hybrid(data, width, shape.runs)
        result.append(data_page(node, entries, encoding, data, shape))
    return result


def data_page(node, entries, encoding, data, shape):
    reps = levels([r for r, _, _ in entries], node.max_rep, shape) if node.max_rep else b''
    defs = levels([d for _, d, _ in entries], node.max_def, shape) if node.max_def else b''
    level_encoding = E.BIT_PACKED if shape.bit_packed_levels else E.RLE
    if shape.version == 1:
        if not shape.bit_packed_levels:
            reps = struct.pack('<I', len(reps)) + reps if node.max_rep else b''
            defs = struct.pack('<I', len(defs)) + defs if node.max_def else b''
        body = reps + defs + data
        header = [(1, T.I32, len(entries)), (2, T.I32, encoding), (3, T.I32, level_encoding), (4, T.I32, level_encoding)]
        return Page(0, header, compress(shape.codec, body), len(body), shape.crc)
    header = [
        (1, T.I32, len(entries)),
        (2, T.I32, sum(v is None for _, _, v in entries)),
        (3, T.I32, sum(r == 0 for r, _, _ in entries)),
        (4, T.I32, encoding),
        (5, T.I32, len(defs)),
        (6, T.I32, len(reps)),
        (7, T.BOOL, shape.compressed),
    ]
    stored = compress(shape.codec, data) if shape.compressed else data
    return Page(3, header, reps + defs + stored, len(reps + defs + data), shape.crc)


def write(root, groups, shape_of, extra=None):
    """
    A file's bytes. `groups`: records of each row group; `shape_of(node)`: a leaf's Shape.
    `extra` may have: key_values, created_by, file_path, more_rows (than there are, in each group's metadata),
    strange (fields that no reader knows, in the footer, in columns and in pages), gap (bytes between chunks),
    change (function of leaf, group, pages), meta (function of leaf, group, fields of the column's metadata).
    """
    extra = extra or {}
    elements = root.settle()
    out = bytearray(b'PAR1')
    row_groups = []
    strange = extra.get('strange', [])
    for index, records in enumerate(groups):
        chunks, total = [], 0
        for column in shred(root, records):
            node, shape = column.node, shape_of(column.node)
            written = pages(column, shape)
            if 'change' in extra:
                written = extra['change'](node, index, written)
            out += extra.get('gap', b'')
            for page in written:
                page.strange = strange
            start = len(out)
            offsets, uncompressed, used = [], 0, set()
            for page in written:
                data = page.bytes()
                offsets.append(len(out))
                out += data
                uncompressed += len(data) - len(page.body) + page.uncompressed
                if page.kind != 1:
                    used.add(page.header[{0: 1, 2: 1, 3: 3}[page.kind]][2])
            first = next((o for o, page in zip(offsets, written) if page.kind != 2), len(out))
            has_dictionary = any(page.kind == 2 for page in written) and shape.name_dictionary
            codec = CODECS[shape.codec] if shape.codec_number is None else shape.codec_number
            meta = [
                (1, T.I32, node.physical),
                (2, (T.LIST, T.I32), sorted(used | {E.RLE})),
                (3, (T.LIST, T.BINARY), node.path),
                (4, T.I32, codec),
                (5, T.I64, len(column.entries)),
                (6, T.I64, uncompressed),
                (7, T.I64, len(out) - start),
                (9, T.I64, first if shape.name_dictionary else start),
                (11, T.I64, start if has_dictionary else None),
                (12, T.STRUCT, shape.statistics),
                *strange,
            ]
            if 'meta' in extra:
                meta = extra['meta'](node, index, meta)
            place = [(1, T.BINARY, extra.get('file_path')), (2, T.I64, start)]
            chunks.append([*place, (3, T.STRUCT, meta)])
            total += uncompressed
        row_groups.append([(1, (T.LIST, T.STRUCT), chunks), (2, T.I64, total), (3, T.I64, len(records) + extra.get('more_rows', 0))])
    pairs = [[(1, T.BINARY, k), (2, T.BINARY, v)] for k, v in extra.get('key_values', {}).items()]
    footer = T.struct(
        [
            (1, T.I32, extra.get('version', 2)),
            (2, (T.LIST, T.STRUCT), [node.element() for node in elements]),
            (3, T.I64, sum(map(len, groups))),
            (4, (T.LIST, T.STRUCT), row_groups),
            (5, (T.LIST, T.STRUCT), pairs or None),
            (6, T.BINARY, extra.get('created_by', 'parquet-matrix')),
            *strange,
        ]
    )
    return bytes(out) + footer + struct.pack('<I', len(footer)) + b'PAR1'
