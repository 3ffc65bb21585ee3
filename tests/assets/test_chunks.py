"""How files are dealt out to workers."""

import tarfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from exphil.assets import frames
from exphil.assets.frames import Chunk, halves, make_chunks, patience
from exphil.replays.sources import Source, find_sources


@given(sizes=st.lists(st.integers(0, 50_000_000), min_size=1, max_size=60), num_workers=st.integers(1, 8))
def test_every_file_is_dealt_once_and_evenly(sizes: list[int], num_workers: int) -> None:
    sources = [Source(f"/r/{number:03d}.slp", size, 1) for number, size in enumerate(sizes)]
    chunks = make_chunks(sources, num_workers, Path("staging"))
    dealt = [source for chunk in chunks for source in chunk.sources]
    assert sorted(dealt, key=lambda source: source.path) == sources
    assert all(
        list(chunk.sources) == sorted(chunk.sources, key=lambda source: source.path) for chunk in chunks
    )
    assert len({chunk.name for chunk in chunks}) == len(chunks)
    loads = [sum(source.num_bytes for source in chunk.sources) for chunk in chunks]
    largest = max(size * sizes.count(size) for size in sizes)
    assert max(loads) - min(loads) <= largest or len(chunks) < num_workers
    assert max(loads) <= frames.CHUNK_BYTES + largest
    chunk_of = {source.num_bytes: chunk.name for chunk in chunks for source in chunk.sources}
    assert all(chunk_of[source.num_bytes] == chunk.name for chunk in chunks for source in chunk.sources)


def test_members_of_one_archive_stay_together(tmp_path: Path) -> None:
    member = tmp_path / "game.slp"
    member.write_bytes(b"x" * 100)
    with tarfile.open(tmp_path / "games.tar", "w") as archive:
        for number in range(10):
            archive.add(member, f"{number}.slp")
    sources = list(find_sources([tmp_path]))
    assert len(sources) == 11
    holding = [
        chunk for chunk in make_chunks(sources, 4, tmp_path) if any("!/" in s.path for s in chunk.sources)
    ]
    assert len(holding) == 1


@given(st.integers(2, 40))
def test_halving_ends_at_the_single_file(count: int) -> None:
    chunks = make_chunks(
        [Source(f"/r/{number:02d}.slp", 1, 1) for number in range(count)], 1, Path("staging")
    )
    while any(len(chunk.sources) > 1 for chunk in chunks):
        chunks = [half for chunk in chunks for half in (halves(chunk) if len(chunk.sources) > 1 else [chunk])]
    assert len(chunks) == count
    assert len({chunk.name for chunk in chunks}) == count


def test_patience_grows_with_bytes_and_with_archives(tmp_path: Path) -> None:
    (tmp_path / "games.tar").touch()
    plain = Chunk("plain", tmp_path, tuple(Source(f"/r/{number}.slp", 64_000_000, 1) for number in range(2)))
    packed = Chunk(
        "packed", tmp_path, (Source(f"{(tmp_path / 'games.tar').as_posix()}!/a.slp", 1_000_000, 1),)
    )
    assert patience(plain) == 60 + 128
    assert patience(packed) == 120 + 1
