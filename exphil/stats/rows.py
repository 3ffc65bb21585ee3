"""Statistics of a game as rows of the store's tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from exphil.stats.game import GameStats, Move, Overall, Punish
from exphil.stats.situations.rows import situations

Row = Mapping[str, Any]


def rows(replay_id: str, stats: GameStats, stage: int) -> Iterator[tuple[str, Row]]:
    """(table, row) for every row of `exphil.schema.STATS_TABLES` that the game gives; `stage` is an external id."""
    found = situations(stats, stage)
    for stock in stats.stocks:
        yield (
            "stocks",
            {
                "replay_id": replay_id,
                "port": stock.port,
                "start_frame": stock.start,
                "end_frame": stock.end,
                "current_percent": stock.current_percent,
                "end_percent": stock.end_percent,
                "count": stock.count,
                "death_state": stock.death,
            },
        )
    for punishes, table, number, moves in (
        (stats.conversions, "conversions", "conversion", "moves"),
        (stats.combos, "combos", "combo", "combo_moves"),
    ):
        for index, punish in enumerate(punishes):
            key = {"replay_id": replay_id, number: index}
            told = {}
            if table == "conversions":
                told = {"opening": punish.opening, "sequence": found.sequences[index]}
            yield table, {**key, **told, **_punish(punish)}
            for place, move in enumerate(punish.moves):
                yield moves, {**key, "move": place, **_move(move)}
    for port, counts, overall in zip(stats.ports, stats.actions, stats.overall, strict=True):
        yield "action_counts", {"replay_id": replay_id, "port": port, **counts}
        yield (
            "overall",
            {"replay_id": replay_id, "playable_frames": stats.playable_frames, **_overall(overall)},
        )
    for table, row in found.rows:
        yield table, {"replay_id": replay_id, **row}


def _punish(punish: Punish) -> Row:
    moves = punish.moves
    return {
        "attacker_port": punish.attacker,
        "victim_port": punish.victim,
        "start_frame": punish.start,
        "end_frame": punish.end,
        "start_percent": punish.start_percent,
        "current_percent": punish.current_percent,
        "end_percent": punish.end_percent,
        "killed": punish.killed,
        "num_moves": len(moves),
        "num_hits": sum(move.hits for move in moves),
        "damage": sum(move.damage for move in moves),
        "first_move": moves[0].attack if moves else None,
        "last_move": moves[-1].attack if moves else None,
    }


def _move(move: Move) -> Row:
    return {
        "port": move.port,
        "frame": move.frame,
        "attack": move.attack,
        "num_hits": move.hits,
        "damage": move.damage,
    }


def _overall(overall: Overall) -> Row:
    counted = overall.inputs
    row: dict[str, Any] = {
        "port": overall.port,
        "input_buttons": counted.buttons,
        "input_triggers": counted.triggers,
        "input_cstick": counted.cstick,
        "input_joystick": counted.joystick,
        "input_total": counted.total,
        "conversion_count": overall.conversion_count,
        "total_damage": overall.total_damage,
        "kill_count": overall.kill_count,
    }
    for name, ratio in overall.ratios.items():
        row[f"{name}_count"], row[f"{name}_total"] = ratio.count, ratio.total
    return row
