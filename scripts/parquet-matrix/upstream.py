"""The small files of https://github.com/apache/parquet-testing, with what pyarrow reads in them."""

import csv
import json
import os
import shutil

import kinds as K
import pyarrow as pa
import pyarrow.parquet as pq
import schema
from check import READERS, form_of, kinds_in, neutral
from table import Column, Table

# Of geometries, which are bytes to a reader of Parquet, a few small files do.
LARGEST = {'data': 60_000, 'data/geospatial': 16_000, 'data/aes256': 60_000, 'bad_data': 60_000}
ENCRYPTED = ['encrypt']
CRC = ['crc', 'checksum']
WHERE = ['row group', 'column', 'page', 'footer', 'schema', 'metadata']

# With a footer that can be read, so can the other columns.
ENCRYPTED_COLUMNS = ('double_field', 'float_field')

# Why a file must be refused, and in which words.
REFUSED = {
    'datapage_v1-corrupt-checksum.parquet': ('two pages differ from their CRCs', CRC),
    'rle-dict-uncompressed-corrupt-checksum.parquet': ('a page differs from its CRC', CRC),
    'large_string_map.brotli.parquet': ('texts of 1 GiB, which are longer than JavaScript has', ['long', 'large', 'limit', 'big', 'more than', 'memory', 'bytes', *WHERE]),  # fmt: skip
    'PARQUET-1481.parquet': ('a type in the schema does not exist', ['type', *WHERE]),
    'ARROW-RS-GH-6229-DICTHEADER.parquet': ('a dictionary of a negative number of values', ['dictionary', *WHERE]),
    'ARROW-RS-GH-6229-LEVELS.parquet': ('a page has fewer repetition levels than values', ['level', *WHERE]),
    'ARROW-GH-45185.parquet': ('repetition levels begin with 1', ['level', *WHERE]),
    'ARROW-GH-47662.parquet': ('a required column has nulls', ['required', 'null', 'values', *WHERE]),
}
# What may be refused, or be read as it stands here.
EITHER = {
    'ARROW-GH-43605.parquet': ('indexes of no bits to a dictionary of one value', ['width', 'bits', *WHERE]),
    'nation.dict-malformed.parquet': ('the dictionary is not where the metadata says', ['dictionary', *WHERE]),
}
# What pyarrow does not read, or not exactly, by what README.md and the .md there say of it. The last instant of
# int96_from_spark, in the year 290000, overflowed 64 bits of microseconds as Spark wrote it, and does so again, the other
# way, where it is read as microseconds.
MICROS = (1704141296123456, 1704070800000000, 253402225200000000, 1735599600000000, None, 9089380393200000000)
BY_HAND = {
    'incorrect_map_schema.parquet': [['my_map', [{'parent': 'another', 'name': 'report'}]]],
    'int96_from_spark.parquet': [['a', [None if us is None else K.big(us * 1000) for us in MICROS]]],
}


class Given(Column):
    """A column whose forms are known, not made from raw values."""

    def __init__(self, name, of, rep, forms):
        super().__init__(name, of, forms, rep)

    def forms(self):
        return self.values

    def saved(self):
        """Long columns of few values need not stand there whole."""
        texts = [json.dumps(v) for v in self.values]
        for n in range(1, len(texts) // 10):
            if texts[n:] == texts[:-n]:
                return {'$cycle': self.values[:n]}
        return self.values


def check_csv(path, columns):
    """The .csv beside a file must say the same; its names of columns are not always quite the file's."""
    with open(path, newline='') as file:
        rows = list(csv.reader(file))[1:]
    for i, column in enumerate(columns):
        for row, form in zip(rows, column.forms(), strict=True):
            text = '' if form is None else form['$big'] if isinstance(form, dict) else str(form)
            assert row[i] == text, (path, column.name, row[i], text)


def exact_int96(path, name):
    """pyarrow gives nanoseconds that have wrapped around, and seconds that have not: together the exact value."""

    def read_in(unit):
        column = pq.ParquetFile(path, coerce_int96_timestamp_unit=unit).read(columns=[name]).column(0)
        return column.cast(pa.int64()).to_pylist()

    def one(wrapped, seconds):
        turns = round((seconds * 10**9 - wrapped) / 2**64)
        return K.big(wrapped + turns * 2**64)

    return [None if s is None else one(ns, s) for ns, s in zip(read_in('ns'), read_in('s'))]


def read(path, data, but=()):
    """A table by pyarrow, without some columns."""
    columns = [Given(name, of, rep, []) for name, of, rep in schema.columns(data) if name not in but]
    if (by_hand := BY_HAND.get(os.path.basename(path))) is not None:
        for column, (name, forms) in zip(columns, by_hand, strict=True):
            assert column.name == name
            column.values = forms
    else:
        arrow = READERS['pyarrow'](path, columns)
        for i, column in enumerate(columns):
            column.values = [form_of(column.of, v, None) for v in neutral(arrow.column(i))]
            if kinds_in(column.of) == {'int96'}:
                column.values = exact_int96(path, column.name)
    return Table(os.path.basename(path).removesuffix('.parquet'), columns)


def files(root):
    for folder, largest in LARGEST.items():
        for name in sorted(os.listdir(f'{root}/{folder}')):
            path = f'{root}/{folder}/{name}'
            if name.endswith(('.parquet', '.encrypted')) and os.path.getsize(path) <= largest:
                yield folder, name, path


def add(folder, root):
    shutil.copy(f'{root}/LICENSE.txt', f'{folder.path}/LICENSE.txt')
    for under, name, path in files(root):
        with open(path, 'rb') as file:
            data = file.read()
        target = f'aes256-{name}' if under.endswith('aes256') else name
        if name.endswith('.encrypted'):
            others = None
            if 'plaintext_footer' in name and under == 'data':
                others = read(path, data, ENCRYPTED_COLUMNS)
                others.name = target.split('.')[0]
            folder.refuse(target, data, ENCRYPTED, 'it is encrypted', others)
            continue
        if name in REFUSED:
            why, says = REFUSED[name]
            folder.refuse(target, data, says, why)
            continue
        try:
            table = read(path, data)
        except Exception as problem:
            raise ValueError(f'{name} cannot be read') from problem
        expected = f'{root}/{under}/{table.name}_expect.csv'
        if os.path.exists(expected):
            check_csv(expected, table.columns)
        table.name = folder.same_as(table) or table.name
        why, either = EITHER.get(name, (None, None))
        folder.add(target, data, table, why=why, either=either)
