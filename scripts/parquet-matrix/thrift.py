"""Thrift's compact protocol, as far as Parquet's metadata needs it: a struct is a list of (field id, kind, value)."""

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 12
BOOL = TRUE


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    """Of a signed number of any width."""
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


def value(kind, v):
    if kind == BYTE:
        return bytes([v & 0xFF])
    if kind in (I16, I32, I64):
        return zigzag(v)
    if kind == BINARY:
        v = v.encode() if isinstance(v, str) else v
        return varint(len(v)) + v
    if kind == STRUCT:
        return struct(v)
    if kind[0] == LIST:
        of = kind[1]
        head = bytes([len(v) << 4 | of]) if len(v) < 15 else bytes([0xF0 | of]) + varint(len(v))
        return head + b''.join(value(of, item) for item in v)
    raise ValueError(kind)


def struct(fields):
    """Fields whose value is None are left out."""
    out = bytearray()
    last = 0
    for number, kind, v in fields:
        if v is None:
            continue
        code = (TRUE if v else FALSE) if kind == BOOL else kind[0] if isinstance(kind, tuple) else kind
        if 0 < number - last < 16:
            out.append((number - last) << 4 | code)
        else:
            out.append(code)
            out += zigzag(number)
        last = number
        if kind != BOOL:
            out += value(kind, v)
    out.append(0)
    return bytes(out)
