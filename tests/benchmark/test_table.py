"""The table in Markdown, its remarks, and the tree drawn from it."""

from hypothesis import given
from hypothesis import strategies as st

from exphil.backbones.config import CONFIGS
from exphil.benchmark.figures import figures_of
from exphil.benchmark.outputs import table_page
from exphil.benchmark.rows import rows_of, scaling_rows
from exphil.benchmark.table import COLUMNS, comparison, remarks, scaling_table
from exphil.benchmark.tree import decision_tree
from tests.benchmark.results import a_comparison, answered, made, timed, trained


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_a_line_a_backbone_and_the_baselines_below() -> None:
    lines = comparison(rows_of(a_comparison()))
    assert all(len(cells(line)) == len(COLUMNS) for line in lines)
    assert cells(lines[2])[:4] == ["1", "`gru`", "1.1200 ± 0.0283", "4.00"]
    assert cells(lines[6])[:3] == ["-", "`jamba`", "diverged"]
    assert [cells(line)[1:3] for line in lines[-2:]] == [["*repeat*", "1.6000"], ["*marginal*", "5.4000"]]


def test_remarks_tell_conditions_reasons_and_company() -> None:
    text = "\n".join(remarks(rows_of([*a_comparison(), timed("gru", 4.0, 1, company=0.4)])))
    assert "3 epochs of 50 games, windows of 60 frames" in text
    untrained = "\n".join(remarks(rows_of([timed("gru", 4.0)])))
    assert untrained.startswith("Windows of 60 frames")
    assert "`jamba` diverged in train, seed 0: the loss is no finite number at step 7." in text
    assert "`lstm` failed in train, seed 0" in text
    assert "up to 40% of the machine" in text
    assert "All 3 that ended are below both baselines." in text
    assert "Other programs" not in "\n".join(remarks(rows_of(a_comparison())))


def test_a_backbone_above_a_baseline_is_named() -> None:
    text = "\n".join(remarks(rows_of([trained("mlp", 1.7), trained("gru", 1.2)])))
    assert "Not below both baselines: `mlp`." in text


def test_nothing_measured_is_said() -> None:
    assert remarks([]) == ["Nothing has been measured yet."]
    assert "Nothing has been trained yet." in table_page(figures_of([]))


def test_what_failed_at_a_window_says_so_in_its_cell() -> None:
    rows = scaling_rows([*a_comparison(), made("scaling", "gru", 240, status="failed", reason="x")])
    lines = [cells(line) for line in scaling_table(rows, "frames_per_second")]
    assert lines[0] == ["backbone", "30", "240", "480"]
    assert lines[2] == ["`gru`", "9,000", "failed", "4,500"]
    assert lines[3] == ["`mamba`", "8,000", "", "7,600"]


def test_the_tree_follows_the_figures() -> None:
    results = a_comparison()
    text = "\n".join(decision_tree(rows_of(results), scaling_rows(results)))
    assert "lowest loss in time? gru (1.120 nats, step p99 1.00 ms)" in text
    assert "most time to spare of all? mlp (step p99 0.50 ms, 1.310 nats)" in text
    assert "quick to train, and at least half of what memory gains over mlp? gru (15,360 frames/s" in text
    assert "quickest to train of all? mlp (76,800 frames/s, 1.310 nats)" in text
    assert "windows of 480 frames, with a memory? mamba (7,600 frames/s)" in text
    assert "no memory kept, a whole window a frame? gru (1.120 nats, window p99 10.00 ms)" in text
    assert "jamba" not in text


def test_half_of_what_memory_gains() -> None:
    """0.2 nats between mlp and the best: a tenth is enough, less is not."""
    results = [trained("mlp", 1.2), trained("jamba", 1.0), trained("gru", 1.09), trained("lstm", 1.11)]
    rates = [timed(name, rate) for name, rate in (("mlp", 9.0), ("jamba", 1.0), ("gru", 2.0), ("lstm", 3.0))]
    text = "\n".join(decision_tree(rows_of([*results, *rates])))
    assert "gains over mlp? gru (" in text
    useless = [trained("mlp", 1.0), trained("gru", 1.1)]
    assert "gains over mlp?" not in "\n".join(decision_tree(rows_of(useless)))


def test_the_tree_asks_nothing_that_was_not_measured() -> None:
    text = "\n".join(decision_tree(rows_of([trained("mlp", 1.0), trained("gru", 0.9)])))
    assert "lowest loss? gru (0.900 nats)" in text
    assert "in time" not in text
    assert "with a memory?" not in text


def test_losses_that_seeds_do_not_tell_apart_are_a_tie_for_the_quicker() -> None:
    quick = [trained("mlp", nats, seed) for seed, nats in enumerate((1.00, 1.04))]
    slow = [trained("jamba", nats, seed) for seed, nats in enumerate((1.00, 1.02))]
    speeds = [answered("mlp", 1.0), answered("jamba", 9.0)]
    assert "in time? mlp (1.020 nats" in "\n".join(decision_tree(rows_of([*quick, *slow, *speeds])))
    assert "in time? jamba (1.020 nats" in "\n".join(decision_tree(rows_of([quick[1], slow[1], *speeds])))


@given(
    st.dictionaries(
        st.sampled_from(list(CONFIGS)), st.tuples(st.floats(0.5, 2), st.floats(0.1, 50)), min_size=1
    )
)
def test_who_is_named_for_the_lowest_loss_in_time_has_it(
    found: dict[str, tuple[float, float]],
) -> None:
    rows = rows_of(
        [item for name, (nats, p99) in found.items() for item in (trained(name, nats), answered(name, p99))]
    )
    line = next((line for line in decision_tree(rows) if "lowest loss in time?" in line), None)
    in_time = {row.backbone: row for row in rows if row.sixty_fps}
    assert (line is None) == (not in_time)
    if line is not None:
        named = in_time[line.partition("? ")[2].partition(" ")[0]]
        assert (named.nats or 0.0) == min(row.nats or 0.0 for row in in_time.values())
