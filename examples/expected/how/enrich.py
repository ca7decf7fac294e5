#!/usr/bin/env python3
"""country TAB airline TAB routes TAB those between two countries TAB those of which an airport is unknown.

Two lines of counters: counter TAB name TAB number."""
import csv, gzip, re


def rows(file):
    with gzip.open(f"../data/openflights/{file}.dat.gz", "rt", newline="", encoding="utf-8") as text:
        for row in csv.reader(text):
            yield [None if field == "\\N" else re.sub(r"\\(.)", r"\1", field) for field in row]


airlines = {row[0]: (row[6] if row[6] is not None else "unknown", row[1]) for row in rows("airlines")}
airports = {row[0]: row[3] for row in rows("airports")}
counts, strange, unplaced = {}, 0, 0
for _, airline, _, start, _, end, *_ in rows("routes"):
    if airline not in airlines:
        strange += 1
        continue
    count = counts.setdefault(airlines[airline], [0, 0, 0])
    count[0] += 1
    if start in airports and end in airports:
        count[1] += airports[start] != airports[end]
    else:
        count[2] += 1
        unplaced += 1
for airline, count in counts.items():
    print(*airline, *count, sep="\t")
print("counter", "routes from or to an unknown airport", unplaced, sep="\t")
print("counter", "routes of an unknown airline", strange, sep="\t")
