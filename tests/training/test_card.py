"""Sections that are added to a model card later on."""

from exphil.training.card import with_section

CARD = "# run\n\n## Data\n\n- a\n\n## Validation\n\nb\n"


def test_a_section_goes_to_the_end() -> None:
    assert with_section(CARD, "Export", ["c", "", "d"]) == CARD + "\n## Export\n\nc\n\nd\n"


def test_it_replaces_the_one_before() -> None:
    once = with_section(CARD, "Export", ["old"])
    assert with_section(once, "Export", ["new"]) == CARD + "\n## Export\n\nnew\n"
    first = "# run\n\n## Export\n\nold\n\n## Validation\n\nb\n"
    assert with_section(first, "Export", ["new"]) == "# run\n\n## Validation\n\nb\n\n## Export\n\nnew\n"
