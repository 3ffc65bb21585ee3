from tests.packs import make_packs

__all__ = ["make_packs"]
