#!/usr/bin/env python3
"""How examples/data was made from the public data sets that examples/data/LICENSES.md names.

usage: make-data.py SOURCES TARGET
SOURCES holds, as published: books/ logs/ pydoc/ openflights/ flights/ 1brc/ and retail/ (a CSV for each day).

books, logs, links, weather         copied; links: the first of four files
openflights, retail                 compressed with gzip
flights                             f-0: the first 8,000 lines; f-1 (gzip) and f-2 (zstd) copied

purchases/machine-N/DAY.ndjson.gz   one JSON object for each invoice line of that day; days dealt out over five machines
payments/db.csv, bank.ndjson        invoice totals of December 2010, and a bank statement about them with planted differences
weather/measurements-generated.txt  made-up measurements (seeded) for 413 real city names
"""
import csv, glob, gzip, io, json, os, random, shutil, sys

source, target = sys.argv[1], sys.argv[2]


def write(path, text, compress=False):
    path = os.path.join(target, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    data = text if isinstance(text, bytes) else text.encode()
    with open(path, "wb") as file:
        if compress:  # no name and no time in the header: the same bytes each time
            buffer = io.BytesIO()
            with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0, filename="") as z:
                z.write(data)
            data = buffer.getvalue()
        file.write(data)


def copy(pattern, folder):
    for path in sorted(glob.glob(os.path.join(source, pattern))):
        os.makedirs(os.path.join(target, folder), exist_ok=True)
        shutil.copyfile(path, os.path.join(target, folder, os.path.basename(path)))


def read(path):
    with open(os.path.join(source, path), "rb") as file:
        return file.read()


def cents(price):
    """None for the few prices (samples at 0.001) that are no whole number of cents."""
    whole, _, fraction = price.partition(".")
    if fraction[2:].strip("0"):
        return None
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * 100 + int((fraction + "00")[:2]))


copy("books/*.txt", "books")
copy("logs/apache_access.log", "logs")
copy("pydoc/pages-0.ndjson.zst", "links")
copy("1brc/measurements-*.txt", "weather")
copy("flights/f-[12].*", "flights")
copy("openflights/LICENSE", "openflights")
write("flights/f-0.ndjson", b"".join(read("flights/f-0.ndjson").splitlines(True)[:8000]))
for table in ("routes", "airlines", "airports"):
    write(f"openflights/{table}.dat.gz", read(f"openflights/{table}.dat"), compress=True)
for path in sorted(glob.glob(os.path.join(source, "retail/*.csv"))):
    write(f"retail/{os.path.basename(path)}.gz", read(f"retail/{os.path.basename(path)}"), compress=True)

left_out = 0
totals = {}
for number, path in enumerate(sorted(glob.glob(os.path.join(source, "retail/*.csv")))):
    day = os.path.basename(path)[:-4]
    lines = []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            user = row["CustomerID"].partition(".")[0] or "guest"
            price = cents(row["UnitPrice"])
            if price is None:
                left_out += 1
                continue
            amount = int(row["Quantity"]) * price
            at = row["InvoiceDate"].replace(" ", "T") + "Z"
            purchase = {"order_id": row["InvoiceNo"], "user_id": user, "product": row["StockCode"], "amount_cents": amount, "ts": at, "country": row["Country"]}
            lines.append(json.dumps(purchase, separators=(",", ":")))
            if day.startswith("2010-12"):
                key = (row["InvoiceNo"], user, day)
                totals[key] = totals.get(key, 0) + amount
    write(f"purchases/machine-{number % 5 + 1}/{day}.ndjson.gz", "\n".join(lines) + "\n", compress=True)

print(f"purchases: {left_out} lines left out whose price is a fraction of a cent")

# The statement: most invoices paid once; some twice, some wrongly, some not at all, some payments nobody knows.
db = ["invoice,customer,day,amount_cents"]
bank = []
for index, ((invoice, user, day), amount) in enumerate(sorted(totals.items())):
    db.append(f"{invoice},{user},{day},{amount}")
    entry = {"booking": f"B{index:06d}", "reference": invoice, "amount_cents": amount}
    if index % 97 == 13:
        continue
    if index % 131 == 7:
        entry["amount_cents"] = amount - 100
    bank.append(entry)
    if index % 211 == 5:
        bank.append({**entry, "booking": f"B{index:06d}X"})
    if index % 301 == 3:
        bank.append({"booking": f"U{index:06d}", "reference": f"9{invoice}", "amount_cents": 4200 + index})
random.Random(20101231).shuffle(bank)
write("payments/db.csv", "\n".join(db) + "\n")
write("payments/bank.ndjson", "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in bank))

draw = random.Random(1)
with open(os.path.join(source, "1brc/weather_stations.csv"), encoding="utf-8") as file:
    names = sorted({line.split(";")[0] for line in file if not line.startswith("#")})
cities = [(name, draw.uniform(-10, 32)) for name in draw.sample(names, 413)]
rows = []
for _ in range(40_000):
    name, mean = cities[draw.randrange(len(cities))]
    tenths = round(max(-99.9, min(99.9, draw.gauss(mean, 9))) * 10)
    rows.append(f"{name};{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}\n")
write("weather/measurements-generated.txt", "".join(rows))
