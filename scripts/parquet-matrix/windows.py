"""
Makes test/fixtures/formats/parquet-windows/cut-rows.parquet: more rows than are decoded at once, in pages that end within
rows, some of which are longer than several pages. `windows.py`, without arguments. The values follow from the row's number:
see `row`, and test/data/formats/parquet-windows.test.ts.
"""

from pathlib import Path

import pyarrow.parquet as pq

from craft import Shape
from nested import BIG, INT, List, Struct
from table import Column, Table

ROWS = 24_000


def length(i):
    return 0 if i % 11 == 0 else 9_000 if i % 5_000 == 4_999 else 10 + i % 7


def row(i):
    return {
        'n': i,
        'l': [(31 * i + j) % 97 for j in range(length(i))],
        'g': None if i % 13 == 0 else [{'a': (i + j) % 5, 'b': None if j % 3 == 0 else i} for j in range(length(i + 1) % 4_000)],
    }


rows = [row(i) for i in range(ROWS)]
groups = [None if r['g'] is None else [[e['a'], e['b']] for e in r['g']] for r in rows]
table = Table(
    'windows',
    [
        Column('n', INT, [r['n'] for r in rows]),
        Column('l', List(BIG), [r['l'] for r in rows]),
        Column('g', List(Struct(('a', INT, 'optional'), ('b', BIG, 'optional'))), groups),
    ],
)
path = Path(__file__).parents[2] / 'test' / 'fixtures' / 'formats' / 'parquet-windows' / 'cut-rows.parquet'
path.parent.mkdir(exist_ok=True)
path.write_bytes(table.write(Shape(page_entries=1_000, codec='zstd')))
assert pq.read_table(path).to_pylist() == rows, 'pyarrow reads something else'
print(path, path.stat().st_size, 'bytes')
