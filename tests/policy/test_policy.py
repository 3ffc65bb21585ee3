"""The policy around each backbone: steps and windows, what it is told and what it is not, which frames count."""

import json
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from exphil.backbones.config import backbone_config
from exphil.backbones.registry import BACKBONES
from exphil.errors import UsageError
from exphil.melee.controller import HEAD_SIZES, NUM_HEADS
from exphil.policy.config import HEADS, HeadsKind, PolicyConfig
from exphil.policy.heads import NUM_LOGITS
from exphil.policy.inputs import NUM_IDS, IdKind
from exphil.policy.objective import Objective
from tests.policy.small import (
    ALIVE,
    BATCH,
    DENSE,
    FIRST_HEAD,
    FIRST_ID,
    LENGTH,
    BytesDecoder,
    make,
    make_batch,
    queue_beside,
)


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("delay", [0, 3])
@pytest.mark.parametrize("name", BACKBONES)
def test_steps_give_what_the_window_gives(name: str, delay: int, heads: HeadsKind) -> None:
    policy, batch = make(name, delay, heads), make_batch(delay, length=40)
    scored = policy.log_probs(batch)
    targets = BytesDecoder().actions(batch.rows[:, 1 + delay :], batch.viewpoint)
    window = policy(batch.rows[:, :40], batch.viewpoint, queue_beside(policy, batch, 39))
    state = policy.initial_state(BATCH)
    for t in range(40):
        hidden, state = policy.step(batch.rows[:, t], batch.viewpoint, queue_beside(policy, batch, t), state)
        torch.testing.assert_close(hidden, window[:, t], rtol=1e-5, atol=1e-5)
        found = policy.heads.log_prob(hidden, targets[:, t])
        torch.testing.assert_close(found, scored[:, t], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("delay", [0, 3])
def test_the_answer_does_not_show_in_the_question(name: str, delay: int) -> None:
    """Whatever happens after frame t changes nothing of what the policy says at t."""
    policy, batch = make(name, delay), make_batch(delay)
    before = policy.log_probs(batch)
    assert before.shape == (BATCH, LENGTH, NUM_HEADS)
    t = 5
    changed = batch.rows.clone()
    changed[:, t + 1 :, :FIRST_HEAD] += 64
    after = policy.log_probs(replace(batch, rows=changed))
    torch.testing.assert_close(before[:, : t + 1], after[:, : t + 1], rtol=0, atol=0)
    assert not torch.equal(before[:, t + 1], after[:, t + 1])


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_the_target_of_a_frame_is_the_input_that_follows_after_the_delay(delay: int) -> None:
    policy, batch = make(delay=delay), make_batch(delay)
    before = policy.log_probs(batch)
    changed = batch.rows.clone()
    t = LENGTH - 1
    changed[:, t + 1 + delay, FIRST_HEAD:ALIVE] += 1
    after = policy.log_probs(replace(batch, rows=changed))
    assert torch.equal(before[:, :t], after[:, :t])
    assert (before[:, t] != after[:, t]).any()


def test_both_viewpoints_are_told_apart() -> None:
    policy, batch = make(), make_batch()
    other = policy(batch.rows, 1 - batch.viewpoint)
    assert not torch.allclose(policy(batch.rows, batch.viewpoint), other)


@pytest.mark.parametrize(("kind", "column"), [("action", 0), ("character", 2)])
def test_ids_out_of_range_share_one_unknown_row(kind: IdKind, column: int) -> None:
    policy, batch = make(), make_batch()

    def answer(number: int) -> Tensor:
        rows = batch.rows.clone()
        rows[..., FIRST_ID + 2 * column], rows[..., FIRST_ID + 2 * column + 1] = number % 256, number // 256
        return policy(rows, batch.viewpoint)

    last = NUM_IDS[kind] - 1
    assert torch.equal(answer(last + 1), answer(65535))
    assert not torch.allclose(answer(last), answer(last + 1))
    assert policy.inputs.tables[kind](torch.tensor([-1, 10**9])).isfinite().all()


def test_players_share_a_table() -> None:
    policy = make()
    assert set(policy.inputs.tables) == {"action", "character"}
    ids = torch.tensor([7, 7, 2, 2])
    vectors = policy.inputs(torch.zeros(DENSE), [torch.zeros(NUM_LOGITS)], ids)[DENSE + NUM_LOGITS :]
    assert torch.equal(vectors[:32], vectors[32:64])
    assert torch.equal(vectors[64:80], vectors[80:])


@pytest.mark.parametrize(("supervise", "warmup"), [("all", 0), ("all", 5), ("last", 0)])
def test_nll_scores_marked_living_frames_past_the_warm_up(supervise: str, warmup: int) -> None:
    policy, batch = make(), make_batch()
    batch.mask[0, 7] = False
    batch.rows[1, 8, ALIVE] = 0
    batch.rows[2, -2, ALIVE] = 0
    wanted = batch.mask.clone()
    wanted[1, 8] = wanted[2, -1] = False
    wanted[:, : LENGTH - 1 if supervise == "last" else warmup] = False
    found = policy.nll(batch, supervise=supervise, warmup=warmup)  # type: ignore[arg-type]
    expected = -policy.log_probs(batch)[wanted]
    assert found.num_frames.item() == len(expected)
    torch.testing.assert_close(found.by_head, expected.sum(0))
    for objective in (Objective(), Objective(focal_gamma=2.0)):
        beside = policy.losses(batch, objective=objective, supervise=supervise, warmup=warmup)  # type: ignore[arg-type]
        assert torch.equal(beside.nll.by_head, found.by_head)
        assert torch.equal(beside.nll.num_frames, found.num_frames)


@pytest.mark.parametrize(
    ("name", "delay", "heads"),
    [*((name, 0, "autoregressive") for name in BACKBONES), ("mlp", 2, "independent")],
)
def test_it_learns_what_can_be_learned(name: str, delay: int, heads: HeadsKind) -> None:
    """Every parameter gets a gradient, and a few steps on one batch bring the loss down by half."""
    policy, batch = make(name, delay, heads, dropout=0.0).train(), make_batch(delay)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = policy.nll(batch).mean
        loss.backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in policy.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_a_sample_is_an_action() -> None:
    policy, batch = make(), make_batch()
    hidden, _ = policy.step(batch.rows[:, 0], batch.viewpoint, None, policy.initial_state(BATCH))
    actions = policy.sample(hidden, temperature=0.7, top_p=0.9, generator=torch.Generator().manual_seed(0))
    assert actions.shape == (BATCH, NUM_HEADS)
    assert ((actions >= 0) & (actions < torch.tensor(HEAD_SIZES))).all()


@pytest.mark.parametrize("name", BACKBONES)
def test_options_survive_json(name: str) -> None:
    config = PolicyConfig(
        backbone=backbone_config(name, hidden_size=48), head_units=5, delay=18, heads="independent"
    )
    assert PolicyConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("action_embedding_size", 0),
        ("character_embedding_size", 0),
        ("head_units", 0),
        ("delay", -1),
        ("delay", 1.5),
        ("heads", "parallel"),
    ],
)
def test_a_bad_option_is_named(option: str, value: object) -> None:
    with pytest.raises(UsageError, match=option):
        PolicyConfig(**{option: value})  # type: ignore[arg-type]


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(UsageError, match="heads_units"):
        PolicyConfig.from_dict({"heads_units": 3})
