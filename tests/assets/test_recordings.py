"""What quality is told of each game beside its statistics."""

from pathlib import Path
from typing import Any

from exphil import schema
from exphil.assets.recordings import recordings
from exphil.stats.quality.score import Recording
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.parquet import write_rows
from exphil.store.store import Store


def _replay(replay_id: str | None, **changes: Any) -> dict[str, Any]:
    row = dict.fromkeys(schema.REPLAYS.names)
    row |= {"path": f"/r/{replay_id}.slp", "replay_id": replay_id, "status": "ok", "last_frame": 500}
    return row | {"mode": "1v1", "complete": True, "end_method": "no-contest", "lras_port": 4} | changes


def _player(replay_id: str, port: int, kind: str, stocks: int | None) -> dict[str, Any]:
    row = dict.fromkeys(schema.PLAYERS.names)
    return row | {"replay_id": replay_id, "port": port, "type": kind, "end_stocks": stocks}


def test_games_that_count_with_their_players(tmp_path: Path) -> None:
    stadium, elsewhere = "POKEMON_STADIUM", "BATTLEFIELD"
    replays = [
        _replay("frozen", is_frozen_stadium=True, stage_name=stadium),
        _replay("moving", is_frozen_stadium=False, stage_name=stadium, winner_port=2, end_method="game"),
        _replay("elsewhere", is_frozen_stadium=True, stage_name=elsewhere, lras_port=None),
        _replay("old", stage_name=stadium, complete=False, mode=None, end_method=None),
        _replay("again", status="duplicate"),
        _replay(None, status="quarantined"),
    ]
    names = [str(row["replay_id"]) for row in replays if row["status"] == "ok"]
    players = [_player(name, port, kind, port) for port, kind in ((4, "cpu"), (2, "human")) for name in names]
    store = Store.create(tmp_path)
    with store.writing() as transaction:
        for table, rows in ((schema.REPLAYS, replays), (schema.PLAYERS, players)):
            write_rows(paths.table_part(transaction.staging, "replays", table.name, "b00001-x"), table, rows)
        counts = {"replays": len(replays), "players": len(players)}
        made = Part(name="b00001-x", batch="b00001", rows=counts, num_bytes=1, made_by="test")
        transaction.change("replays", add=[made])
        transaction.commit()
    found = recordings(store, "b00001")
    assert set(found) == set(names)
    assert [name for name in names if found[name].frozen_stadium] == ["frozen"]
    assert found["frozen"] == Recording(
        500, "1v1", True, "no-contest", 4, None, True, (4, 2), ("cpu", "human"), (4, 2)
    )
    moving, old = found["moving"], found["old"]
    assert (moving.winner_port, moving.end_method) == (2, "game")
    assert (old.complete, old.mode, old.end_method) == (False, None, None)
    assert found["elsewhere"].lras_port is None
    assert recordings(store, "b00002") == {}
