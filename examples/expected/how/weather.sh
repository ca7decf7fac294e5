#!/bin/sh
# station TAB min TAB mean TAB max in degrees with one decimal; all sums in whole tenths; the mean is rounded half up.
cat ../data/weather/*.txt | awk -F';' '
  function floor(x, whole) { whole = int(x); return whole > x ? whole - 1 : whole }
  function degrees(t, size) { size = t < 0 ? -t : t; return (t < 0 ? "-" : "") int(size / 10) "." size % 10 }
  { tenths = $2; sub(/\./, "", tenths); tenths += 0
    if (!($1 in n) || tenths < low[$1]) low[$1] = tenths
    if (!($1 in n) || tenths > high[$1]) high[$1] = tenths
    n[$1]++; sum[$1] += tenths }
  END { for (s in n) print s "\t" degrees(low[s]) "\t" degrees(floor((2 * sum[s] + n[s]) / (2 * n[s]))) "\t" degrees(high[s]) }'
