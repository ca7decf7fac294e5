"""Inputs of the Parquet part of the benchmark, and the same read to rows by DuckDB and pyarrow: `parquet.py WHAT PATH`."""
import sys

what, path = sys.argv[1:3]

if what == "mixed":
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    n = int(sys.argv[3])
    words = np.array([f"w{i:06d}" for i in range(50_000)])
    integers = lambda low, high, kind=np.int64: pa.array(rng.integers(low, high, n, dtype=kind))
    some = lambda values: pa.array(values, mask=rng.random(n) < 0.3)
    table = pa.table(
        {
            "id": pa.array(np.arange(n)),
            "int16": integers(-(2**15), 2**15, np.int16),
            "int32": integers(-(2**31), 2**31, np.int32),
            "uint32": integers(0, 2**32, np.uint32),
            "int64": integers(-(2**60), 2**60),
            "float": pa.array(rng.random(n, dtype=np.float32)),
            "double": pa.array(rng.random(n)),
            "double_null": some(rng.random(n)),
            "boolean": pa.array(rng.random(n) < 0.5),
            "few": pa.array(words[rng.integers(0, 50, n)]),
            "many": pa.array(words[rng.integers(0, 50_000, n)]),
            "text": pa.array([f"text number {i} äö" for i in range(n)]),
            "text_null": some(words[rng.integers(0, 50_000, n)]),
            "bytes": pa.array([b"%d" % i for i in range(n)]),
            "date": integers(0, 20_000, np.int32).cast(pa.date32()),
            "ms": integers(0, 2 * 10**12).cast(pa.timestamp("ms")),
            "us": integers(0, 2 * 10**15).cast(pa.timestamp("us")),
            "decimal": integers(-(10**9), 10**9).cast(pa.decimal128(20, 0)).cast(pa.decimal128(22, 2)),
            "list": pa.array([[i, i + 1] if i % 3 else [] for i in range(n)], pa.list_(pa.int32())),
            "group": pa.array([{"a": i, "b": f"x{i % 10}"} for i in range(n)]),
        }
    )
    pq.write_table(table, path, row_group_size=250_000)
elif what == "wide":
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(2)
    column = lambda i: pa.array(rng.random(100)) if i % 2 else pa.array([f"w{j}" for j in rng.integers(0, 50, 100)])
    pq.write_table(pa.table({f"c{i}": column(i) for i in range(8_000)}), path)
elif what == "duckdb":
    import duckdb

    print(len(duckdb.execute("SET threads = 1").execute(f"SELECT * FROM '{path}'").fetchall()))
elif what == "pyarrow":
    import pyarrow.parquet as pq

    print(len(pq.read_table(path, use_threads=False).to_pylist()))
else:
    sys.exit(f"no such thing: {what}")
