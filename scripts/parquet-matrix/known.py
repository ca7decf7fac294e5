"""Values that a reader is known to give in place of what was put in, and why that reader is wrong."""

LOGICAL_ONLY = 'an unsigned integer is taken for signed where only the logical type says so, not the converted one'


def known(reader, file, column, detail):
    if reader == 'duckdb' and column in ('uint32logic', 'uint64logic'):
        return LOGICAL_ONLY
    return None
