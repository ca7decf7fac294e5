#!/bin/sh
# word TAB count; a word is [A-Za-z]+, case kept.
cat ../data/books/*.txt | tr -cs 'A-Za-z' '\n' | grep . | sort | uniq -c | awk '{ print $2 "\t" $1 }'
