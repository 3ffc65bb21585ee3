"""Valid replays from a small simulation: two scripted players on a flat Melee, in any version of the format.

In memory, for tests and try-outs: `synth_replay(seed, index, version=(3, 14, 0), ...)` gives the bytes of a file.
"""

from exphil.synth.one import synth_replay, write_replay

__all__ = ["synth_replay", "write_replay"]
