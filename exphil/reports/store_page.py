"""A store as a page: its games over time, who is played where, how well, and what could not be read."""

from typing import Any

from exphil.melee.characters import character_title
from exphil.melee.stages import stage_title
from exphil.pages.page import Page
from exphil.reports import feature_plots, stats_plots, store_plots
from exphil.reports.asking import Ask, asking
from exphil.reports.drawn import add
from exphil.reports.players_table import add_players
from exphil.store.store import Store

MOST_ROWS = 30
"""Lines of a table; a page is to be read, SQL has the rest."""


def store_page(store: Store, *, names: bool = False) -> Page:
    """The page; `names` adds a table of the players.

    Raises:
        StoreError: a part of the store cannot be read.
    """
    with asking(store) as ask:
        facts = _facts(ask)
        page = Page("Feature store", _subtitle(facts))
        page.facts([(name.replace("_", " "), value) for name, value in facts.items()])
        if not facts["replays"]:
            page.text("The store is empty. What fills it: exphil materialize all --replays FOLDER")
            return page
        _add_games(page, ask)
        _add_statistics(page, ask, store)
        _add_situations(page, ask)
        _add_quality(page, ask, store)
        _add_files(page, ask)
        _add_features(page, store)
        if names:
            add_players(page, ask)
    return page


def _facts(ask: Ask) -> dict[str, Any]:
    (found,) = ask(
        "SELECT count(*) FILTER (status = 'ok') AS replays,"
        " count(*) FILTER (status = 'ok' AND num_players = 2) AS games_of_two,"
        " round(coalesce(sum(num_frames) FILTER (status = 'ok'), 0) / 216000, 2)::DOUBLE AS hours,"
        " min(try_cast(started_at AS TIMESTAMP)::DATE)::VARCHAR AS first_day,"
        " max(try_cast(started_at AS TIMESTAMP)::DATE)::VARCHAR AS last_day,"
        " count(*) FILTER (status = 'duplicate') AS duplicates,"
        " count(*) FILTER (status = 'quarantined') AS quarantined FROM replays"
    )
    (punishes,) = ask("SELECT count(*) AS n FROM conversions")
    return {**found, "punishes": punishes["n"]}


def _subtitle(facts: dict[str, Any]) -> str:
    if not facts["replays"]:
        return "No replays yet"
    replays, games = facts["replays"], facts["games_of_two"]
    return (
        f"{replays:,} replay{'s' * (replays != 1)}, {games:,} game{'s' * (games != 1)} of two,"
        f" {facts['hours']:,.1f} hours"
    )


def _add_games(page: Page, ask: Ask) -> None:
    page.heading("Games over time")
    if not add(page, store_plots.games_over_time(ask)):
        page.text("No replay here tells when its game began.")
    page.heading("Characters")
    if not add(page, store_plots.characters(ask)):
        page.text("No games of two players yet.")
        return
    add(page, store_plots.matchups(ask))
    if not add(page, store_plots.win_rates(ask)):
        page.text(
            f"No two characters have met in {store_plots.FEWEST_GAMES} decided games: no shares of wins are drawn."
        )
    rows = ask(
        "SELECT character, count(*) AS games, count(won) AS decided, avg(won::INT) AS share,"
        f" count(DISTINCT opponent) AS opponents FROM {store_plots.SIDES} GROUP BY ALL"
        f" ORDER BY games DESC, character LIMIT {MOST_ROWS}"
    )
    page.table(
        ["character", "games", "decided", "share won", "opponents"],
        [[character_title(row["character"]), *list(row.values())[1:]] for row in rows],
        "A mirror match counts for both players.",
    )
    page.heading("Stages")
    add(page, store_plots.characters_by_stage(ask))
    rows = ask(
        "SELECT coalesce(stage_name, 'UNKNOWN') AS stage, count(*) AS games, avg(num_frames) / 3600 AS minutes"
        f" FROM {store_plots.GAMES} WHERE num_players = 2 GROUP BY ALL ORDER BY games DESC, stage"
        f" LIMIT {MOST_ROWS}"
    )
    page.table(
        ["stage", "games", "mean minutes"],
        [[stage_title(row["stage"]), row["games"], row["minutes"]] for row in rows],
    )
    page.heading("Lengths and ends")
    add(page, store_plots.lengths(ask))
    rows = ask(
        "SELECT coalesce(end_method, 'the recording stops') AS ending, count(*) AS games,"
        f" avg(num_frames) / 3600 AS minutes FROM {store_plots.GAMES} WHERE num_players = 2 GROUP BY ALL"
        " ORDER BY games DESC, ending"
    )
    page.table(["how it ends", "games", "mean minutes"], [list(row.values()) for row in rows])


def _add_statistics(page: Page, ask: Ask, store: Store) -> None:
    page.heading("Statistics")
    if not store.manifest.of("stats"):
        page.text("The store has no statistics yet. What makes them: exphil materialize stats")
        return
    page.text(
        "By slippi-js's definitions, over games that quality does not exclude. Over many games counts are added up"
        " first, and divided then."
    )
    drawn = [
        add(page, plot(ask))
        for plot in (
            stats_plots.openings_per_kill,
            stats_plots.damage_per_opening,
            stats_plots.l_cancels,
            stats_plots.inputs_per_minute,
        )
    ]
    if not any(drawn):
        page.text("No game of two is left.")
        return
    page.table(*_by_character(ask))
    page.heading("Punishes and kills")
    for plot in (
        stats_plots.openings, stats_plots.openers, stats_plots.kill_moves, stats_plots.kill_directions,
    ):  # fmt: skip
        add(page, plot(ask))
    add(page, stats_plots.death_percents(ask))


def _by_character(ask: Ask) -> tuple[list[str], list[list[Any]], str]:
    """Columns, rows and caption of the statistics by character."""
    rows = ask(
        "SELECT player.character_name AS name, count(*) AS players,"
        " sum(openings_per_kill_count) / nullif(sum(openings_per_kill_total), 0) AS openings_per_kill,"
        " sum(damage_per_opening_count) / nullif(sum(damage_per_opening_total), 0) AS damage_per_opening,"
        " sum(inputs_per_minute_count) / nullif(sum(inputs_per_minute_total), 0) AS inputs_per_minute,"
        " 100 * sum(l_cancel_success) / nullif(sum(l_cancel_success + l_cancel_fail), 0) AS l_cancels,"
        " sum(wavedash) / nullif(sum(inputs_per_minute_total), 0) AS wavedashes,"
        " sum(dash_dance) / nullif(sum(inputs_per_minute_total), 0) AS dash_dances,"
        " sum(ledgegrab) / nullif(sum(inputs_per_minute_total), 0) AS ledge_grabs"
        f" FROM (FROM overall WHERE {stats_plots.KEPT}) AS overall JOIN action_counts USING (replay_id, port)"
        " JOIN players AS player USING (replay_id, port)"
        f" GROUP BY ALL ORDER BY players DESC, name LIMIT {MOST_ROWS}"
    )
    columns = [
        "character", "players", "openings / kill", "damage / opening", "inputs / min", "L-cancels %",
        "wavedashes", "dash dances", "ledge grabs",
    ]  # fmt: skip
    return (
        columns,
        [[character_title(row["name"]), *list(row.values())[1:]] for row in rows],
        "By character; the last three columns are a minute of play.",
    )


def _add_situations(page: Page, ask: Ask) -> None:
    plots = [
        found
        for plot in (stats_plots.tech_choices, stats_plots.ledge_options, stats_plots.recoveries)
        if (found := plot(ask)) is not None
    ]
    if plots:
        page.heading("Techs, ledge and recoveries")
    for found in plots:
        add(page, found)


def _add_quality(page: Page, ask: Ask, store: Store) -> None:
    if not store.manifest.of("stats"):
        return
    page.heading("Quality")
    if not add(page, stats_plots.quality_scores(ask)):
        page.text("No game has been scored yet. What does it: exphil materialize stats")
        return
    (kept,) = ask("SELECT count(*) AS games, count(*) FILTER (excluded) AS excluded FROM quality")
    page.text(
        f"{kept['excluded']:,} of {kept['games']:,} games are left out by training, evaluation and benchmark"
        " unless asked for."
    )
    if not add(page, stats_plots.quality_flags(ask)):
        page.text("No game has a flag.")
    add(page, store_plots.splits(ask))


def _add_files(page: Page, ask: Ask) -> None:
    page.heading("Files")
    add(page, store_plots.versions(ask))
    rows = ask("SELECT status, count(*) AS files FROM replays GROUP BY ALL ORDER BY files DESC, status")
    page.table(["what became of it", "files"], [list(row.values()) for row in rows])
    rows = ask(
        f"SELECT {store_plots.REASON} AS why, count(*) AS files FROM replays WHERE status = 'quarantined'"
        f" GROUP BY ALL ORDER BY files DESC, why LIMIT {MOST_ROWS}"
    )
    if rows:
        page.table(["why it could not be read", "files"], [list(row.values()) for row in rows])
    rows = ask(
        f"SELECT coalesce(mode, 'not told') AS mode, count(*) AS replays FROM {store_plots.GAMES} GROUP BY ALL"
        " ORDER BY replays DESC, mode"
    )
    page.table(["mode", "replays"], [list(row.values()) for row in rows])


def _add_features(page: Page, store: Store) -> None:
    page.heading("Features")
    rows = feature_plots.audit_rows(store)
    if not add(page, feature_plots.feature_states(rows)):
        page.text("The store has no current embeddings. What makes them: exphil materialize embeddings")
        return
    add(page, feature_plots.feature_ranges(rows))
    page.table(
        ["dim", "lowest", "highest", "mean", "share not default", "state"],
        [
            [row.name, row.min, row.max, row.mean, row.share, row.state]
            for row in rows
            if row.state != "alive"
        ],
        "Dims that do not move.",
    )
