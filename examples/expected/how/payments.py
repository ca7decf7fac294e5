#!/usr/bin/env python3
"""reference TAB finding TAB booked cents TAB paid cents TAB payments, of every invoice or payment that does not balance."""
import csv, json

booked, paid, payments = {}, {}, {}
with open("../data/payments/db.csv", newline="") as file:
    for row in csv.DictReader(file):
        booked[row["invoice"]] = booked.get(row["invoice"], 0) + int(row["amount_cents"])
with open("../data/payments/bank.ndjson") as file:
    for entry in map(json.loads, file):
        paid[entry["reference"]] = paid.get(entry["reference"], 0) + entry["amount_cents"]
        payments[entry["reference"]] = payments.get(entry["reference"], 0) + 1
for reference in booked.keys() | paid.keys():
    due, got, count = booked.get(reference, 0), paid.get(reference, 0), payments.get(reference, 0)
    if reference not in booked:
        finding = "unknown"
    elif count == 0:
        finding = "unpaid"
    elif count > 1:
        finding = "paid twice"
    elif due != got:
        finding = "wrong amount"
    else:
        continue
    print(reference, finding, due, got, count, sep="\t")
