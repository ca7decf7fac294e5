"""Parquet's encodings, written plainly from https://github.com/apache/parquet-format/blob/master/Encodings.md."""

import struct

from thrift import varint, zigzag

PLAIN, PLAIN_DICTIONARY, RLE, BIT_PACKED = 0, 2, 3, 4
DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY = 5, 6, 7
RLE_DICTIONARY, BYTE_STREAM_SPLIT = 8, 9

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED = range(8)


def pack(values, width):
    """Bits from the least significant one on."""
    bits = 0
    for i, v in enumerate(values):
        assert 0 <= v < 1 << width or v == width == 0, (v, width)
        bits |= v << (i * width)
    return bits.to_bytes((len(values) * width + 7) // 8, 'little')


def pack_big(values, width):
    """Bits from the most significant one on: the deprecated BIT_PACKED of levels."""
    bits = ''.join(format(v, f'0{width}b') for v in values)
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def hybrid(values, width, runs='mixed'):
    """RLE and bit-packed runs; `runs` may be 'packed' or 'rle' for one kind alone."""
    out = bytearray()
    waiting = []

    def flush():
        if waiting:
            padded = waiting + [0] * (-len(waiting) % 8)
            out.extend(varint(len(padded) // 8 << 1 | 1) + pack(padded, width))
            waiting.clear()

    i = 0
    while i < len(values):
        end = i
        while end < len(values) and values[end] == values[i]:
            end += 1
        # What stands before a run of equal ones must be whole groups of eight.
        lacks = -len(waiting) % 8
        if runs == 'rle' or (runs == 'mixed' and end - i - lacks >= 8):
            waiting += [values[i]] * lacks if runs == 'mixed' else []
            i += lacks if runs == 'mixed' else 0
            flush()
            out.extend(varint((end - i) << 1) + values[i].to_bytes((width + 7) // 8, 'little'))
            i = end
        else:
            waiting.append(values[i])
            i += 1
    flush()
    return bytes(out)


def plain_one(physical, v):
    if physical in (INT32, INT64):
        size = 4 if physical == INT32 else 8
        return (v & (1 << size * 8) - 1).to_bytes(size, 'little')
    if physical == FLOAT:
        return struct.pack('<f', v)
    if physical == DOUBLE:
        return struct.pack('<d', v)
    if physical == BYTE_ARRAY:
        return struct.pack('<I', len(v)) + v
    return v  # INT96 and FIXED are bytes already.


def plain(physical, values):
    if physical == BOOLEAN:
        return pack([int(v) for v in values], 1)
    return b''.join(plain_one(physical, v) for v in values)


def signed(v, bits):
    v &= (1 << bits) - 1
    return v - (1 << bits) if v >> (bits - 1) else v


def delta_binary(values, bits, block=128, minis=4, arithmetic=None, first_unsigned=False):
    """`arithmetic`: bits in which differences wrap around; the standard says those of the type."""
    arithmetic = arithmetic or bits
    values = [signed(v, bits) for v in values]
    if arithmetic > bits and first_unsigned:
        values = [v & (1 << bits) - 1 for v in values]
    first = values[0] if values else 0
    if first_unsigned:
        first &= (1 << bits) - 1
    out = bytearray(varint(block) + varint(minis) + varint(len(values)) + zigzag(first))
    deltas = [signed(b - a, arithmetic) for a, b in zip(values, values[1:])]
    for at in range(0, len(deltas), block):
        part = deltas[at : at + block]
        least = min(part)
        rest = [(d - least) & (1 << arithmetic) - 1 for d in part]
        size = block // minis
        groups = [rest[i : i + size] for i in range(0, block, size)]
        widths = [max(group, default=0).bit_length() for group in groups]
        out += zigzag(least) + bytes(widths)
        for group, width in zip(groups, widths):
            if group:
                out += pack(group + [0] * (size - len(group)), width)
    return bytes(out)


def delta_length(values):
    return delta_binary([len(v) for v in values], 32) + b''.join(values)


def delta_bytes(values):
    prefixes, suffixes, before = [], [], b''
    for v in values:
        n = 0
        while n < min(len(v), len(before)) and v[n] == before[n]:
            n += 1
        prefixes.append(n)
        suffixes.append(v[n:])
        before = v
    return delta_binary(prefixes, 32) + delta_length(suffixes)


def byte_stream_split(physical, values):
    all = [plain_one(physical, v) for v in values]
    width = len(all[0]) if all else 0
    return b''.join(bytes(v[i] for v in all) for i in range(width))


def encode(encoding, physical, values):
    if encoding == PLAIN:
        return plain(physical, values)
    if encoding == RLE:
        runs = hybrid([int(v) for v in values], 1)
        return struct.pack('<I', len(runs)) + runs
    if encoding == DELTA_BINARY_PACKED:
        return delta_binary(values, 32 if physical == INT32 else 64)
    if encoding == DELTA_LENGTH_BYTE_ARRAY:
        return delta_length(values)
    if encoding == DELTA_BYTE_ARRAY:
        return delta_bytes(values)
    if encoding == BYTE_STREAM_SPLIT:
        return byte_stream_split(physical, values)
    raise ValueError(encoding)
