#!/usr/bin/env python3
"""country TAB month TAB lines TAB net in mills; ALL where rolled up: (country, month), (country), ()."""
from retail_rows import rows

groups = {}
for row in rows():
    for key in ((row["Country"], row["month"]), (row["Country"], "ALL"), ("ALL", "ALL")):
        group = groups.setdefault(key, [0, 0])
        group[0] += 1
        group[1] += row["mills"]
for (country, month), (lines, mills) in groups.items():
    print(country, month, lines, mills, sep="\t")
