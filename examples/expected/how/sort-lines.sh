#!/bin/sh
# SHA-256 and number of all lines of all books, sorted by bytes, duplicates kept, LF after each, CR before LF dropped.
sorted=$(mktemp)
for book in ../data/books/*.txt; do sed 's/\r$//' "$book" | awk 1; done | sort >"$sorted"
printf 'sha256\t%s\nlines\t%s\n' "$(sha256sum <"$sorted" | cut -d' ' -f1)" "$(wc -l <"$sorted" | tr -d ' ')"
rm "$sorted"
