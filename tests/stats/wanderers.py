"""Made-up pairs of players who go through everything that situations are made of."""

import numpy as np
from hypothesis import strategies as st

from exphil.stats.walk import Fighter
from tests.stats.fighters import fighter

STATES = (
    0, 12, 14, 20, 27, 29, 38, 43, 65, 75, 88, 183, 184, 186, 188, 191, 194, 195, 197, 199, 200, 201, 202, 203,
    204, 216, 223, 236, 239, 247, 252, 252, 253, 253, 255, 256, 258, 260, 263, 341, 350, 351, 360,
)  # fmt: skip

stretches = st.lists(
    st.tuples(
        st.sampled_from(STATES),
        st.sampled_from([1, 2, 7, 19, 20, 29, 30, 59, 60, 61]),
        st.sampled_from([-100.0, -85.57, -60.0, 0.0, 60.0, 90.0]),
        st.sampled_from([-40.0, -9.0, 0.0, 30.0]),
        st.sampled_from([-1.0, 0.0, 0.0, 1.0]),
        st.sampled_from([-1.0, -0.55, 0.0, 0.55]),
        st.booleans(),
    ),
    min_size=1,
    max_size=10,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Fighter, Fighter]:
    """Two players of the same number of frames."""
    drawn = [draw(stretches), draw(stretches)]
    length = sum(stretch[1] for stretch in drawn[0])
    made = []
    for port, lot in enumerate(drawn, 1):
        frames = [stretch for stretch in lot for _ in range(stretch[1])]
        frames = (frames * (length // len(frames) + 1))[:length]
        state, _, x, y, facing, stick_y, pressed = (np.array(column) for column in zip(*frames, strict=True))
        percent = np.zeros(length)
        for hit in draw(st.lists(st.integers(0, length - 1), max_size=8)):
            percent[hit:] += draw(st.sampled_from([3.0, -2.0]))
        hurtbox = np.resize(np.repeat(draw(st.lists(st.integers(0, 2), min_size=1, max_size=4)), 25), length)
        made.append(
            fighter(
                state, port=port, x=x, y=y, facing=np.where(facing == 0, 1, facing), percent=percent,
                age=np.arange(length) % draw(st.sampled_from([5, 1000])),
                hurtbox=hurtbox if draw(st.booleans()) else np.nan, stick_x=facing, stick_y=stick_y,
                processed=np.where(pressed, 0x200, 0), character=draw(st.sampled_from([1, 4, 9, 15, 24])),
            )
        )  # fmt: skip
    return made[0], made[1]
