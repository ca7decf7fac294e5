"""
Makes the Parquet files and expected values of test/fixtures/formats/parquet-matrix, and checks them by other readers.
With a checkout of apache/parquet-testing: those of test/fixtures/formats/parquet-testing. See README.md.
"""

import sys
from pathlib import Path

import damage
import flat
import nested
import options
import upstream
import widths
import writers
from check import check_all
from known import known
from table import Folder

FIXTURES = Path(__file__).parents[2] / 'test' / 'fixtures' / 'formats'


def finish(folder):
    """Checks a folder and writes its index; the number of values that differ without a reason."""
    notes, unknown, counts = check_all(folder, known)
    folder.save(notes)
    size = sum(f.stat().st_size for f in Path(folder.path).rglob('*') if f.is_file())
    print(f'{folder.path}: {len(folder.files)} files, {size} bytes; columns that agree: {counts}')
    for line in unknown:
        print('DIFFERS', line)
    return len(unknown)


def main():
    if len(sys.argv) > 1:
        folder = Folder(str(FIXTURES / 'parquet-testing'))
        upstream.add(folder, sys.argv[1])
    else:
        folder = Folder(str(FIXTURES / 'parquet-matrix'))
        for part in (flat, widths, nested, writers, damage, options):
            part.add(folder)
    sys.exit(1 if finish(folder) else 0)


main()
