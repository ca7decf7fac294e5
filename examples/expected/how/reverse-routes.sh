#!/bin/sh
# destination airport TAB number of distinct source airports TAB these, comma separated, sorted.
gzip -dc ../data/openflights/routes.dat.gz | awk -F, '{ print $5 "\t" $3 }' | sort -u | awk -F'\t' '
  $1 != to { if (NR > 1) print to "\t" n "\t" from; to = $1; n = 0; from = "" }
  { n++; from = from (n > 1 ? "," : "") $2 }
  END { print to "\t" n "\t" from }'
