#!/usr/bin/env python3
"""product TAB partner:baskets with both:cosine, comma separated: the five of greatest cosine, then by code.

A basket is an invoice (no InvoiceNo C*): its distinct StockCodes with Quantity > 0, the first 30 of them in file and line
order. Pairs in fewer than 10 baskets are left out. cosine = both / sqrt(one * other), in doubles of whole numbers.

Two lines of counters, counter TAB name TAB number: how many baskets had more, and how many more."""
import itertools, math
from retail_rows import rows

baskets, cut = {}, {}
for row in rows():
    if row["quantity"] > 0 and not row["InvoiceNo"].startswith("C"):
        basket = baskets.setdefault(row["InvoiceNo"], {})
        if len(basket) < 30:
            basket[row["StockCode"]] = None
        elif row["StockCode"] not in basket:
            cut.setdefault(row["InvoiceNo"], set()).add(row["StockCode"])
alone, both = {}, {}
for basket in baskets.values():
    for product in basket:
        alone[product] = alone.get(product, 0) + 1
    for pair in itertools.combinations(sorted(basket), 2):
        both[pair] = both.get(pair, 0) + 1
partners = {}
for (one, other), count in both.items():
    if count >= 10:
        cosine = count / math.sqrt(alone[one] * alone[other])
        partners.setdefault(one, []).append((-cosine, other, count))
        partners.setdefault(other, []).append((-cosine, one, count))
for product, others in partners.items():
    print(product, ",".join(f"{other}:{count}:{-cosine!r}" for cosine, other, count in sorted(others)[:5]), sep="\t")
print("counter", "baskets cut", len(cut), sep="\t")
print("counter", "products left out of baskets", sum(map(len, cut.values())), sep="\t")
