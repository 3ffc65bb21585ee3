"""Files against peppi: every field of every frame comes back as it was simulated."""

import unicodedata
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exphil.errors import UsageError
from exphil.melee.characters import EXTERNAL_NAMES
from exphil.synth.events import FRAME_FIELDS, ITEM, POST, PRE, Version
from exphil.synth.match import Match, change_match, draw_match
from exphil.synth.one import synth_replay
from exphil.synth.simulate import simulate
from exphil.synth.track import Track
from exphil.synth.writer import replay_bytes
from tests.synth.parsed import fighter_struct, flatten, last_rows, parse

# 3.0 to 3.6 are sound as well, but peppi cannot read them.
READABLE: tuple[Version, ...] = (
    (0, 1, 0), (0, 2, 0), (1, 0, 0), (1, 2, 0), (1, 3, 0), (1, 4, 0), (1, 5, 0), (1, 7, 1), (2, 0, 1), (2, 1, 0),
    (2, 2, 0), (3, 7, 0), (3, 8, 0), (3, 9, 0), (3, 10, 0), (3, 11, 0), (3, 12, 0), (3, 13, 0), (3, 14, 0),
    (3, 15, 0), (3, 16, 0), (3, 17, 0), (3, 18, 0),
)  # fmt: skip
_HEADER = ("frame", "player", "follower", "random_seed")
STAGE_EVENTS = {
    "FOUNTAIN_OF_DREAMS": "fod_platform",
    "DREAM_LAND": "dreamland_whispy",
    "POKEMON_STADIUM": "stadium_transformation",
}
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
Columns = dict[str, np.ndarray]


def make(version: Version, frames: int = 320, **changes: object) -> tuple[Match, Track]:
    match = change_match(draw_match(7, 1, max_frames=frames, versions=(version,)), **changes)  # type: ignore[arg-type]
    return match, simulate([match])[0]


def assert_fields(
    found: dict[str, np.ndarray],
    columns: dict[str, np.ndarray],
    rows: np.ndarray,
    version: Version,
    code: int,
) -> int:
    compared = 0
    for name, format, since in FRAME_FIELDS[code]:
        if name in _HEADER:
            continue
        if version < since:
            assert name not in found
            continue
        if name in columns:
            expected = np.asarray(columns[name]).astype(np.dtype(format).newbyteorder("="))
            np.testing.assert_array_equal(found[name][rows], expected, err_msg=name)
            compared += 1
    return compared


@pytest.mark.parametrize("version", READABLE)
def test_fields_come_back_as_simulated(version: Version, tmp_path: Path) -> None:
    match, track = make(version, rollbacks=False)
    frames = parse(replay_bytes(match, track), tmp_path).frames
    ids = frames.field("id").to_numpy()
    np.testing.assert_array_equal(ids, np.arange(track.num_frames) - 123)
    everything = np.arange(track.num_frames)
    for fighter in track.fighters:
        struct = fighter_struct(frames, match, fighter)
        pre, post = flatten(struct.field("pre")), flatten(struct.field("post"))
        assert assert_fields(pre, fighter.pre, everything, version, PRE) >= 13
        assert assert_fields(post, fighter.post, everything, version, POST) >= 11
        np.testing.assert_array_equal(pre["random_seed"], track.random_seed)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    version=st.sampled_from([version for version in READABLE if version >= (3, 7, 0)]),
    characters=st.tuples(*[st.sampled_from(["FOX", "ICE_CLIMBERS", "SAMUS", "MARTH"])] * 2),
    ports=st.permutations([1, 2, 3, 4]),
    stage=st.sampled_from(["FINAL_DESTINATION", "FOUNTAIN_OF_DREAMS", "DREAM_LAND", "POKEMON_STADIUM"]),
    index=st.integers(0, 200),
)
def test_rolled_back_rows_resolve_to_the_simulated_game(
    version: Version, characters: tuple[str, str], ports: list[int], stage: str, index: int, tmp_path: Path
) -> None:
    match = change_match(
        draw_match(9, index, max_frames=420, versions=(version,)),
        characters=characters, ports=(ports[0], ports[1]), stage=stage, rollbacks=True,
    )  # fmt: skip
    track = simulate([match])[0]
    frames = parse(replay_bytes(match, track), tmp_path).frames
    ids = frames.field("id").to_numpy()
    rows = last_rows(ids)
    assert len(ids) > track.num_frames
    np.testing.assert_array_equal(ids[rows], np.arange(track.num_frames) - 123)
    for fighter in track.fighters:
        struct = fighter_struct(frames, match, fighter)
        there = fighter.present
        for part, columns, code in (("pre", fighter.pre, PRE), ("post", fighter.post, POST)):
            kept = {name: np.asarray(column)[there] for name, column in columns.items()}
            assert_fields(flatten(struct.field(part)), kept, rows[there], version, code)
        assert struct.is_valid().to_numpy(zero_copy_only=False)[rows].tolist() == there.tolist()
    final = frames.field("end").field("latest_finalized_frame").to_numpy()
    later = np.minimum.accumulate(np.append(ids[1:], ids.max() + 1)[::-1])[::-1]
    assert (final < later).all()
    assert (np.diff(final) >= 0).all()


def test_items_come_back_as_simulated(tmp_path: Path) -> None:
    match, track = make((3, 16, 0), 1500, characters=("FALCO", "SAMUS"), rollbacks=False)
    lists = parse(replay_bytes(match, track), tmp_path).frames.field("item")
    assert track.item_present.any()
    np.testing.assert_array_equal(lists.value_lengths().to_numpy(), track.item_present.sum(axis=1))
    found = flatten(lists.flatten())
    for name, format, _ in FRAME_FIELDS[ITEM]:
        if name in track.items:
            expected = np.asarray(track.items[name])[track.item_present].astype(
                np.dtype(format).newbyteorder("=")
            )
            np.testing.assert_array_equal(found[name], expected, err_msg=name)


@pytest.mark.parametrize("stage", STAGE_EVENTS)
def test_stage_events_are_sent_when_something_moves(stage: str, tmp_path: Path) -> None:
    drawn = (draw_match(2, index, max_frames=2000, versions=((3, 18, 0),)) for index in range(20))
    match = next(match for match in drawn if not match.is_frozen_stadium)
    match = change_match(match, stage=stage, stocks=9, rollbacks=False)
    track = simulate([match])[0]
    events = parse(replay_bytes(match, track), tmp_path).frames.field(STAGE_EVENTS[stage])
    moved = {
        "FOUNTAIN_OF_DREAMS": track.stage.fod_moved.sum(axis=1),
        "DREAM_LAND": track.stage.whispy_changed,
        "POKEMON_STADIUM": track.stage.stadium_changed,
    }[stage]
    assert moved.sum() > 0
    np.testing.assert_array_equal(events.value_lengths().to_numpy(), moved)
    values = flatten(events.flatten())
    if stage == "FOUNTAIN_OF_DREAMS":
        left = values["platform"] == 1
        heights = track.stage.fod_height[:, 0][track.stage.fod_moved[:, 0]]
        np.testing.assert_array_equal(values["height"][left], heights)


@pytest.mark.parametrize("version", [(1, 7, 1), (3, 9, 0), (3, 14, 0)])
def test_the_start_says_who_plays(version: Version, tmp_path: Path) -> None:
    match, track = make(version, ports=(2, 4), cpu_levels=(None, 7), characters=("SHEIK", "GANON"))
    game = parse(replay_bytes(match, track), tmp_path)
    assert tuple(game.start["slippi"]["version"]) == version
    assert game.start["stage"] == match.stage_id
    players = game.start["players"]
    assert [player["port"] for player in players] == ["P2", "P4"]
    assert [EXTERNAL_NAMES[player["character"]] for player in players] == ["SHEIK", "GANONDORF"]
    assert [player["type"] for player in players] == ["Human", "Cpu"]
    assert players[1]["cpu_level"] == 7
    tags = [unicodedata.normalize("NFKC", player["name_tag"]) for player in players]
    assert tags == [player.tag for player in match.players]
    if version >= (3, 9, 0):
        assert players[0]["netplay"]["name"] == match.players[0].name
        assert players[0]["netplay"]["code"].replace("＃", "#") == match.players[0].code
    if version >= (3, 14, 0):
        assert game.start["match"]["id"] == match.match_id
        assert game.start["match"]["game"] == match.game_number
    assert game.metadata["startAt"] == match.started_at
    assert game.metadata["lastFrame"] == track.num_frames - 124


def test_a_quitter_is_named(tmp_path: Path) -> None:
    match, track = make((3, 14, 0), quits=True)
    end = parse(replay_bytes(match, track), tmp_path).end
    assert track.lras_side is not None
    assert end["lras_initiator"] == f"P{match.players[track.lras_side].port}"


def test_cut_files_are_prefixes_of_the_whole() -> None:
    whole = synth_replay(version=(3, 14, 0), cut="none")
    for cut in ("in-progress", "truncated"):
        part = synth_replay(version=(3, 14, 0), cut=cut)
        assert part[11:15] == b"\0\0\0\0"
        assert whole[15:].startswith(part[15:])
        assert b"metadata" not in part
    assert b"metadata" in synth_replay(version=(3, 14, 0), cut="no-end")


@pytest.mark.parametrize("version", [(3, 0, 0), (3, 3, 0), (3, 6, 0)])
def test_versions_that_peppi_refuses_can_be_written(version: Version) -> None:
    data = synth_replay(version=version, frames=260)
    sizes = {
        data[17 + 3 * i]: int.from_bytes(data[18 + 3 * i : 20 + 3 * i], "big")
        for i in range((data[16] - 1) // 3)
    }
    at, counts = 15 + 1 + data[16], dict.fromkeys(sizes, 0)
    while at < 15 + int.from_bytes(data[11:15], "big"):
        counts[data[at]] += 1
        at += 1 + sizes[data[at]]
    assert at == 15 + int.from_bytes(data[11:15], "big")
    assert sizes[0x3C] == 4
    assert counts[0x3A] == counts[0x3C] > 0
    assert counts[0x36] == counts[0x39] == 1


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(UsageError, match=r"3\.0"):
        synth_replay(version=(2, 0, 1), rollbacks=True)
    with pytest.raises(UsageError, match="truncated"):
        synth_replay(cut="sideways")
    with pytest.raises(UsageError, match="share a port"):
        synth_replay(ports=(2, 2))
    with pytest.raises(UsageError, match="does not play BOWSER"):
        synth_replay(characters=("BOWSER", "FOX"))
    with pytest.raises(UsageError, match="200 to"):
        synth_replay(frames=10)


@pytest.mark.parametrize("four", ["teams", "free-for-all"])
def test_games_of_four_are_told_as_such(four: Literal["teams", "free-for-all"], tmp_path: Path) -> None:
    game = parse(synth_replay(version=(3, 13, 0), frames=500, four=four), tmp_path)
    assert game.start["is_teams"] == (four == "teams")
    assert [player["port"] for player in game.start["players"]] == ["P1", "P2", "P3", "P4"]
    assert game.frames.field("ports").type.num_fields == 4
    places = [player["placement"] for player in game.end["players"]]
    if four == "teams":
        assert [player["team"]["color"] for player in game.start["players"]] == [0, 1, 0, 1]
        assert places in ([0, 1, 0, 1], [1, 0, 1, 0])
    else:
        assert sorted(places) == [0, 1, 2, 3]
