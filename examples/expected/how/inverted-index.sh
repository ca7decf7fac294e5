#!/bin/sh
# word TAB number of books TAB books, comma separated, sorted.
for book in ../data/books/*.txt; do
  tr -cs 'A-Za-z' '\n' <"$book" | grep . | sort -u | sed "s|\$|\t$(basename "$book")|"
done | sort | awk -F'\t' '
  $1 != word { if (NR > 1) print word "\t" n "\t" books; word = $1; n = 0; books = "" }
  { n++; books = books (n > 1 ? "," : "") $2 }
  END { print word "\t" n "\t" books }'
