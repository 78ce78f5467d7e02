"""Arrays of numbers as text in a model's file: compressed, read with care, the same everywhere."""

import base64
import binascii
import zlib
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

Packed = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
# What one array of a model may take once it is unpacked.
MAX_BYTES = 64 * 1024 * 1024

T = TypeVar("T", bound=np.generic)


def pack(numbers: NDArray[Any], kind: type[np.generic]) -> str:
    """The numbers in that type, little-endian."""
    content = np.ascontiguousarray(numbers, np.dtype(kind).newbyteorder("<")).tobytes()
    return base64.b64encode(zlib.compress(content, 6)).decode("ascii")


def unpack(text: str, kind: type[T]) -> NDArray[T]:
    """The numbers again; `ValueError` if the text holds none, or too many."""
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(text, validate=True), MAX_BYTES)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"an array of numbers is damaged: {error}") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("an array of numbers is cut off or too large")
    stored = np.dtype(kind).newbyteorder("<")
    if len(content) % stored.itemsize:
        raise ValueError("an array of numbers is cut off")
    return np.frombuffer(content, stored).astype(kind)
