"""One frame of a game that is being played: from the bytes of its events to its packed row.

Whole games are encoded feature by feature, over all their frames; here all features of a kind are one array, a value
each. Both follow the feature table, and rows come out the same, byte for byte.
"""

from exphil.features.one_frame.encoder import FrameEncoder
from exphil.features.one_frame.frame_bytes import FrameBytes, Place

__all__ = ["FrameBytes", "FrameEncoder", "Place"]
