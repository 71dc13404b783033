"""The checksum of record files and checkpoints: CRC-32C, turned and shifted so that sums of sums differ from sums."""

from crc32c import crc32c

_DELTA = 0xA282EAD8


def mask(crc: int) -> int:
    """The form in which a checksum is stored."""
    return ((crc >> 15 | crc << 17) + _DELTA) & 0xFFFFFFFF


def unmask(masked: int) -> int:
    """The checksum that was stored."""
    turned = (masked - _DELTA) & 0xFFFFFFFF
    return (turned >> 17 | turned << 15) & 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """The checksum of some bytes, as it is stored."""
    return mask(crc32c(data))
