"""The digests that we use, without OpenSSL: ``hashlib`` loads it, which takes 3 ms of a start.

``sha256`` is for what outlives a version (fingerprints), ``digest`` for contents: it is four times as fast in plain C.
"""

from functools import partial
from typing import TYPE_CHECKING

__all__ = ["digest", "sha256"]

if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:
    try:
        from _blake2 import blake2b

        try:
            from _sha2 import sha256  # as of Python 3.12
        except ImportError:
            from _sha256 import sha256
    except ImportError:  # of another Python
        from hashlib import blake2b, sha256

digest = partial(blake2b, digest_size=32)
