#!/bin/sh
# path TAB line, in the order of the file.
grep -E '" (404|500) ' ../data/logs/apache_access.log | sed 's/\r$//; s/^/apache_access.log\t/'
