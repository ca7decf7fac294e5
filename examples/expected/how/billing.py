#!/usr/bin/env python3
"""customer TAB distinct invoices TAB lines TAB gross TAB returns TAB net, money in mills."""
from retail_rows import rows

bills = {}
for row in rows():
    bill = bills.setdefault(row["customer"], [set(), 0, 0, 0])
    bill[0].add(row["InvoiceNo"])
    bill[1] += 1
    bill[2 if row["quantity"] > 0 else 3] += row["mills"]
for customer, (invoices, lines, gross, returns) in bills.items():
    print(customer, len(invoices), lines, gross, returns, gross + returns, sep="\t")
