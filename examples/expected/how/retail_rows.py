"""Rows of the retail data in file and line order; money in mills (thousandths of a pound), as whole numbers."""
import csv, glob, gzip


def rows():
    for path in sorted(glob.glob("../data/retail/*.csv.gz")):
        with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                row["customer"] = row["CustomerID"].partition(".")[0] or "GUEST"
                row["quantity"] = int(row["Quantity"])
                whole, _, fraction = row["UnitPrice"].partition(".")
                assert len(fraction.rstrip("0")) <= 3
                size = abs(int(whole)) * 1000 + int((fraction + "000")[:3])
                row["price"] = -size if whole.startswith("-") else size
                row["mills"] = row["quantity"] * row["price"]
                row["month"] = row["InvoiceDate"][:7]
                yield row
