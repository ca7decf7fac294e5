#!/bin/sh
# hour TAB flights TAB sum of delays TAB longest delay TAB sum of distances. Needs zstd and jq.
{ cat ../data/flights/f-0.ndjson; gzip -dc ../data/flights/f-1.ndjson.gz; zstd -dc ../data/flights/f-2.ndjson.zst; } |
  jq -r '[(.time | floor), .delay, .distance] | @tsv' |
  awk '{ if (!($1 in n) || $2 > longest[$1]) longest[$1] = $2; n[$1]++; delay[$1] += $2; distance[$1] += $3 }
    END { for (h in n) printf "%d\t%d\t%d\t%d\t%d\n", h, n[h], delay[h], longest[h], distance[h] }'
