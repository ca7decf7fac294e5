#!/usr/bin/env python3
"""ip TAB sessions TAB requests: a gap of more than 1800 s between two requests of an ip begins a new session."""
import datetime

times = {}
with open("../data/logs/apache_access.log", encoding="latin1") as log:
    for line in log:
        ip, _, _, at = line.split()[:4]
        times.setdefault(ip, []).append(datetime.datetime.strptime(at, "[%d/%b/%Y:%H:%M:%S").timestamp())
for ip, seen in times.items():
    seen.sort()
    sessions = 1 + sum(later - earlier > 1800 for earlier, later in zip(seen, seen[1:]))
    print(ip, sessions, len(seen), sep="\t")
