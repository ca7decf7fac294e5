#!/usr/bin/env python3
"""month TAB cancellation lines TAB matched TAB unmatched TAB matched mills TAB unmatched mills.

A cancellation line (InvoiceNo C*, Quantity < 0) is matched if an earlier sale line has the same customer (not GUEST),
StockCode and UnitPrice, and the opposite Quantity."""
from retail_rows import rows

sales, months = {}, {}
lines = list(rows())
for row in lines:
    if row["quantity"] > 0 and not row["InvoiceNo"].startswith("C"):
        key = (row["customer"], row["StockCode"], row["price"], row["quantity"])
        sales[key] = min(row["InvoiceDate"], sales.get(key, "9"))
for row in lines:
    if row["quantity"] < 0 and row["InvoiceNo"].startswith("C"):
        first = sales.get((row["customer"], row["StockCode"], row["price"], -row["quantity"]), "9")
        matched = row["customer"] != "GUEST" and first < row["InvoiceDate"]
        month = months.setdefault(row["month"], [0, 0, 0, 0, 0])
        month[0] += 1
        month[1 if matched else 2] += 1
        month[3 if matched else 4] += row["mills"]
for month, counts in months.items():
    print(month, *counts, sep="\t")
