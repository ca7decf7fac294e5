#!/usr/bin/env python3
"""Two outputs, each line begins with its name:

balance TAB country TAB month TAB lines sold TAB mills TAB lines cancelled TAB mills TAB those of them not matched,
ALL where rolled up; and
cancellations TAB country TAB month TAB verdict TAB customer TAB StockCode TAB InvoiceNo TAB mills, by line.

Sale, cancellation and matched as reconcile.py has them."""
from retail_rows import rows

lines = list(rows())
sales = [row for row in lines if row["quantity"] > 0 and not row["InvoiceNo"].startswith("C")]
cancelled = [row for row in lines if row["quantity"] < 0 and row["InvoiceNo"].startswith("C")]
first = {}
for row in sales:
    key = (row["customer"], row["StockCode"], row["price"], row["quantity"])
    first[key] = min(row["InvoiceDate"], first.get(key, "9"))
balance = {}


def count(row, column, unmatched):
    for place in ((row["Country"], row["month"]), (row["Country"], "ALL"), ("ALL", "ALL")):
        sums = balance.setdefault(place, [0, 0, 0, 0, 0])
        sums[column] += 1
        sums[column + 1] += row["mills"]
        sums[4] += unmatched


for row in sales:
    count(row, 0, 0)
for row in cancelled:
    sale = first.get((row["customer"], row["StockCode"], row["price"], -row["quantity"]), "9")
    matched = row["customer"] != "GUEST" and sale < row["InvoiceDate"]
    count(row, 2, 0 if matched else 1)
    verdict = "matched" if matched else "unmatched"
    print("cancellations", row["Country"], row["month"], verdict, row["customer"], row["StockCode"], row["InvoiceNo"], row["mills"], sep="\t")
for place, sums in balance.items():
    print("balance", *place, *sums, sep="\t")
