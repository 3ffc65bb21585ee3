"""The public names of the package."""

import exphil
from exphil import api


def test_public_names_are_sorted_and_exist() -> None:
    assert exphil.__all__ == sorted(exphil.__all__)
    for name in exphil.__all__:
        assert getattr(exphil, name) is not None
        assert name in dir(exphil)


def test_the_door_is_the_apis() -> None:
    assert exphil.open_store is api.open_store
    assert exphil.OpenStore is api.OpenStore
