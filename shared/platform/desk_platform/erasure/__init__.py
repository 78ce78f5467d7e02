"""Erasing a person, or what is too old, from everything that one service keeps."""

from desk_platform.erasure.follower import Erasures, read_key
from desk_platform.erasure.model import ERASED_HERE
from desk_platform.erasure.worker import ErasedStore, ErasureWorker

__all__ = ["ERASED_HERE", "ErasedStore", "ErasureWorker", "Erasures", "read_key"]
