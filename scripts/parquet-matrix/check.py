"""
Reads files with pyarrow and DuckDB, and compares what they give with what was put in. Where a reader refuses a column
that is noted; where it gives another value, that must be one of KNOWN, or the run fails.
"""

import json
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import kinds as K
import trees

PER_SECOND = {'s': 1, 'ms': 10**3, 'us': 10**6, 'ns': 10**9}


class Cannot(Exception):
    """The reader has no type in which the value has room."""


def neutral(arr):
    """An Arrow array as plain values: (unit, integer) for times, bytes for text, lists of pairs for structs and maps."""
    if isinstance(arr, pa.ChunkedArray):
        return [v for chunk in arr.chunks for v in neutral(chunk)]
    t = arr.type
    if isinstance(t, pa.BaseExtensionType):
        return neutral(arr.storage)
    if pa.types.is_dictionary(t):
        return neutral(arr.dictionary_decode())
    if pa.types.is_timestamp(t) or pa.types.is_time(t) or pa.types.is_duration(t):
        whole = arr.cast(pa.int32() if pa.types.is_time32(t) else pa.int64())
        return [None if v is None else (t.unit, v) for v in whole.to_pylist()]
    if pa.types.is_date32(t):
        return arr.cast(pa.int32()).to_pylist()
    if pa.types.is_date64(t):
        return [None if v is None else v // 86_400_000 for v in arr.cast(pa.int64()).to_pylist()]
    if pa.types.is_string(t) or pa.types.is_large_string(t):
        return arr.cast(pa.large_binary()).to_pylist()
    if pa.types.is_string_view(t):
        return [None if v is None else v.encode() for v in arr.to_pylist()]
    if pa.types.is_struct(t):
        fields = [neutral(arr.field(i)) for i in range(t.num_fields)]
        names = [t.field(i).name for i in range(t.num_fields)]
        return [
            [(name, field[i]) for name, field in zip(names, fields)] if arr[i].is_valid else None
            for i in range(len(arr))
        ]
    if pa.types.is_map(t):
        keys, items, offsets = neutral(arr.keys), neutral(arr.items), arr.offsets.to_pylist()
        pairs = list(zip(keys, items))
        return [pairs[offsets[i] : offsets[i + 1]] if arr[i].is_valid else None for i in range(len(arr))]
    if pa.types.is_list(t) or pa.types.is_large_list(t):
        values, offsets = neutral(arr.values), arr.offsets.to_pylist()
        return [values[offsets[i] : offsets[i + 1]] if arr[i].is_valid else None for i in range(len(arr))]
    return arr.to_pylist()


def instant(kind, v, form):
    """A time in the kind's unit; where the reader's is coarser, the expected form's end is not compared."""
    if isinstance(v, int):
        raise Cannot(f'a number in place of a {kind.name}')
    unit, n = v
    of_kind = 'ns' if kind.name == 'int96' else kind.name.removeprefix('time').removeprefix('ts')[:2]
    mine, theirs = PER_SECOND[of_kind], PER_SECOND[unit]
    if theirs >= mine:
        if n % (theirs // mine):
            return 'finer than it can be'
        n //= theirs // mine
        return K.date(n) if kind.name.startswith('tsms') else K.big(n)
    if not isinstance(form, dict) or '$big' not in form:
        return K.big(n * (mine // theirs))
    expected = int(form['$big'])
    return form if expected // (mine // theirs) == n else K.big(n * (mine // theirs))


def leaf_form(kind, v, form):
    if v is None:
        return None
    name = kind.neutral
    if name == 'null':
        return 'not null'
    if name == 'string':
        return K.text(v if isinstance(v, bytes) else v.encode())
    if name == 'json':
        return K.json_form(v if isinstance(v, bytes) else v.encode())
    if name == 'uuid':
        return K.uuid_form(v) if isinstance(v, bytes) and len(v) == 16 else (v.decode() if isinstance(v, bytes) else str(v))  # fmt: skip
    if name == 'interval':
        if isinstance(v, bytes):
            return K.interval_form(v)
        ms = v.nanoseconds // 1_000_000
        return f'P{v.months}M{v.days}DT{ms // 1000}.{ms % 1000:03d}S'
    if name == 'decimal':
        if not isinstance(v, Decimal):
            raise Cannot(f'{type(v).__name__} in place of a decimal')
        return format(v, 'f')
    if name == 'binary':
        return K.hexed(v if isinstance(v, bytes) else v.encode())
    if name == 'date':
        return K.date(v * 86_400_000)
    if name == 'int96' or name.startswith(('time', 'ts')):
        return instant(kind, v, form)
    if name in ('float', 'double', 'float16'):
        return K.number(float(v))
    if name == 'bool':
        return v
    if not isinstance(v, int):
        raise Cannot(f'{type(v).__name__} in place of an integer')
    return K.big(v) if name.removesuffix('conv').removesuffix('logic').endswith('64') else v


def form_of(of, v, form):
    """What a reader gave, in the form of a record. `form` is the expected one, for what cannot be compared whole."""
    if isinstance(of, trees.Leaf):
        return leaf_form(of.kind, v, form)
    if v is None:
        return None
    if isinstance(of, trees.List):
        expected = form if isinstance(form, list) and len(form) == len(v) else [None] * len(v)
        return [form_of(of.of, item, e) for item, e in zip(v, expected)]
    if isinstance(of, trees.Map):
        text = isinstance(of.key, trees.Leaf) and of.key.kind.neutral == 'string'
        given = pairs_of(form) if len(pairs_of(form)) == len(v) else [(None, None)] * len(v)
        pairs = [[form_of(of.key, k, ek), form_of(of.value, x, ex)] for (k, x), (ek, ex) in zip(v, given)]
        return K.object_form(pairs) if text and not of.pairs else pairs
    names = [name for name, _, _ in of.fields]
    if not isinstance(v, list) or not all(isinstance(field, tuple) for field in v):
        return f'no group: {v}'
    if [name for name, _ in v] != names:
        return f'fields {[name for name, _ in v]}'
    given = dict(pairs_of(form))
    return K.object_form([[name, form_of(t, x, given.get(name))] for (name, t, _), (_, x) in zip(of.fields, v)])


def pairs_of(form):
    if isinstance(form, dict):
        return list(map(tuple, form['$object'])) if '$object' in form else list(form.items())
    return list(map(tuple, form)) if isinstance(form, list) else []


def holds_bad(form):
    return '"$bad"' in json.dumps(form)


def by_pyarrow(path, columns):
    coarse = 'us' if any('int96' in kinds_in(c.of) for c in columns) else None
    file = pq.ParquetFile(path, coerce_int96_timestamp_unit=coarse, page_checksum_verification=True)
    for column in columns:
        found = file.schema_arrow.get_all_field_indices(column.name)
        if len(found) != 1:
            raise Cannot(f'{len(found)} columns of this name')
    return file.read(columns=[c.name for c in columns])


def by_duckdb(path, columns):
    names = ', '.join('"' + c.name.replace('"', '""') + '"' for c in columns)
    return duckdb.connect().sql(f"SELECT {names} FROM read_parquet('{path}')").to_arrow_table()


READERS = {'pyarrow': by_pyarrow, 'duckdb': by_duckdb}


def kinds_in(of):
    if isinstance(of, trees.Leaf):
        return {of.kind.name}
    if isinstance(of, trees.Map):
        return kinds_in(of.key) | kinds_in(of.value)
    if isinstance(of, trees.Struct):
        return set().union(*(kinds_in(t) for _, t, _ in of.fields))
    return kinds_in(of.of)


def compare(column, array):
    """None where they agree, else what is the matter."""
    try:
        values, forms = neutral(array), column.forms()
        if len(values) != len(forms):
            return 'differs', f'{len(values)} rows in place of {len(forms)}'
        for i, (v, form) in enumerate(zip(values, forms)):
            if holds_bad(form):
                continue
            got = form_of(column.of, v, form)
            if json.dumps(got) != json.dumps(form):
                return 'differs', f'row {i + 1}: {json.dumps(got)[:80]} in place of {json.dumps(form)[:80]}'
    except Cannot as problem:
        return 'cannot', str(problem)
    except Exception as problem:  # noqa: BLE001 - whatever a reader throws is its refusal
        return refusal(problem)
    return None


def refusal(problem, path=''):
    return 'refuses', str(problem).replace(path or '\0', 'FILE').split('\n')[0][:160]


def check_columns(reader, path, columns):
    """The matter with each column; one by one where they cannot be read together."""
    try:
        table = READERS[reader](path, columns)
    except Exception as problem:  # noqa: BLE001
        if len(columns) == 1:
            return [('cannot', str(problem)) if isinstance(problem, Cannot) else refusal(problem, path)]
        return [matter for column in columns for matter in check_columns(reader, path, [column])]
    return [compare(column, table.column(i)) for i, column in enumerate(columns)]


def check_all(folder, known):
    """`known`: function (reader, file, column, what) -> reason or None, for values that differ."""
    notes, unknown, counts = {}, [], dict.fromkeys(READERS, 0)
    for file, table in folder.jobs:
        for reader in READERS:
            matters = check_columns(reader, f'{folder.path}/{file}', table.columns)
            for column, matter in zip(table.columns, matters):
                if matter is None:
                    counts[reader] += 1
                    continue
                what, detail = matter
                reason = known(reader, file, column.name, detail) if what == 'differs' else None
                if what == 'differs' and reason is None:
                    unknown.append(f'{reader} {file} {column.name}: {detail}')
                line = f'{reader} {what}: {reason or detail}'
                notes.setdefault(line, {}).setdefault(column.name, []).append(file)
    return notes, unknown, counts
