"""Plots of the dims say what the audit says."""

from exphil.features.audit import AuditRow
from exphil.reports.feature_plots import feature_ranges, feature_states


def test_measures_are_drawn_and_ids_and_flags_are_not() -> None:
    rows = [
        AuditRow("self.x", -2.0, 2.0, 0.1, 0.9, "alive"),
        AuditRow("opponent.x", -2.0, 2.0, 0.1, 0.9, "alive"),
        AuditRow("self.action", 0.0, 390.0, 30.0, 0.9, "alive"),
        AuditRow("self.facing", 0.0, 1.0, 0.5, 0.5, "alive"),
        AuditRow("self.percent", None, None, None, None, "unobserved"),
    ]
    ranges = feature_ranges(rows)
    assert ranges is not None
    assert ranges.rows == [("x", -2.0, 0.1, 2.0)]


def test_states_are_counted_in_their_order() -> None:
    rows = [
        AuditRow(str(n), 0.0, 0.0, 0.0, 0.0, state)
        for n, state in enumerate(("unobserved", "alive", "alive"))
    ]
    plot = feature_states(rows)
    assert plot is not None
    assert plot.rows == [("alive", 2), ("unobserved", 1)]


def test_nothing_audited_is_nothing_drawn() -> None:
    assert feature_states([]) is None
    assert feature_ranges([]) is None
