"""Values that a reader is known to give in place of what was put in, and why that reader is wrong."""

LOGICAL_ONLY = 'an unsigned integer is taken for signed where only the logical type says so, not the converted one'
LEVELS = 'levels in BIT_PACKED are read from the least significant bit on, in place of the most significant one'
EMPTY_PAGE = 'the row group ends at an empty V1 or V2 page, and its rows are lost'
ONE_FIELD = 'a repeated group named array or *_tuple with one field is taken for the wrapper of a list, not its element'
FAR = 'INT96 overflows 64 bits'
STATISTICS = 'statistics that say that all is null are believed'
WRAPPED = 'a value with more digits than the precision wraps around in 16 bits'
SIGNED = 'the unsigned numbers of an INTERVAL are taken for signed'


def known(reader, file, column, detail):
    if reader == 'duckdb' and column in ('uint32logic', 'uint64logic'):
        return LOGICAL_ONLY
    if reader == 'pyarrow' and file.startswith('levels-bitpacked'):
        return LEVELS
    if reader == 'pyarrow' and file.startswith('tiny-pages') and detail.startswith('0 rows'):
        return EMPTY_PAGE
    if reader == 'duckdb' and column in ('arraygroup', 'tuplegroup'):
        return ONE_FIELD
    if reader == 'pyarrow' and file == 'far-times.parquet' and column == 'int96':
        return FAR
    if reader == 'pyarrow' and file == 'int96_from_spark.parquet':
        return FAR
    if reader == 'duckdb' and file == 'lying-statistics.parquet':
        return STATISTICS
    if reader == 'duckdb' and file == 'odd-decimals.parquet' and column == 'beyond':
        return WRAPPED
    if reader == 'duckdb' and file == 'odd-intervals.parquet':
        return SIGNED
    return None
