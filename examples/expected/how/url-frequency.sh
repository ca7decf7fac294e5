#!/bin/sh
# url TAB requests TAB bytes; fields by white space: url $7, bytes $10 ('-' is 0).
awk '{ n[$7]++; bytes[$7] += $10 } END { for (url in n) printf "%s\t%d\t%d\n", url, n[url], bytes[url] }' ../data/logs/*.log
