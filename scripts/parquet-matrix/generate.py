"""
Makes the Parquet files and expected values of test/fixtures/formats/parquet-matrix, and checks them by other readers.
See README.md.
"""

import sys
from pathlib import Path

import damage
import flat
import nested
import widths
import writers
from check import check_all
from known import known
from table import Folder

FIXTURES = Path(__file__).parents[2] / 'test' / 'fixtures' / 'formats' / 'parquet-matrix'


def main():
    folder = Folder(str(FIXTURES))
    for part in (flat, widths, nested, writers, damage):
        part.add(folder)
    notes, unknown, counts = check_all(folder, known)
    folder.save(notes)
    size = sum(f.stat().st_size for f in FIXTURES.rglob('*') if f.is_file())
    print(f'{len(folder.files)} files, {size} bytes; columns that agree: {counts}')
    for line in unknown:
        print('DIFFERS', line)
    sys.exit(1 if unknown else 0)


main()
