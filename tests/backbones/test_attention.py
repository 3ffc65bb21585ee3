"""Attention over a span: kernels that agree, a ring that holds the span, and nothing from beyond it."""

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exphil.backbones.attention import AttentionMixer
from exphil.backbones.attention_kernels import fused_attention, plain_attention
from exphil.backbones.config import AttentionConfig

WINDOW, HEADS, DIM, HIDDEN = 6, 2, 8, 20
Shape = tuple[int, ...]


def make(**options: object) -> AttentionMixer:
    torch.manual_seed(4)
    sizes = {"hidden_size": HIDDEN, "num_heads": HEADS, "head_dim": DIM, "attention_window": WINDOW}
    return AttentionMixer(AttentionConfig(**{**sizes, **options})).eval()  # type: ignore[arg-type]


def vectors(*shape: int) -> list[torch.Tensor]:
    """Queries, keys and values in float64."""
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for _ in range(3)]


def one_by_one(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, span: int | None) -> torch.Tensor:
    """Each frame against the frames of its span, as a person would write it down."""
    frames = []
    for t in range(q.shape[-2]):
        first = 0 if span is None else max(0, t + 1 - span)
        scores = (k[:, :, first : t + 1] @ q[:, :, t, :, None]).squeeze(-1) / math.sqrt(q.shape[-1])
        frames.append((torch.softmax(scores, dim=-1).unsqueeze(-2) @ v[:, :, first : t + 1]).squeeze(-2))
    return torch.stack(frames, dim=-2)


@settings(max_examples=60, deadline=None)
@given(batch=st.integers(1, 3), length=st.integers(1, 40), span=st.none() | st.integers(1, 45))
@example(batch=2, length=24, span=8)
@example(batch=2, length=25, span=8)
@example(batch=2, length=23, span=8)
@example(batch=1, length=9, span=1)
def test_both_kernels_give_the_numbers_of_the_formula(batch: int, length: int, span: int | None) -> None:
    torch.manual_seed(length)
    inputs, weigh = vectors(batch, HEADS, length, DIM), torch.randn(batch, HEADS, length, DIM).double()
    exact = one_by_one(*inputs, span)
    gradients = torch.autograd.grad((exact * weigh).sum(), inputs)
    for kernel in (plain_attention, fused_attention):
        found = kernel(*inputs, span=span, dropout=0.0)
        torch.testing.assert_close(found, exact, rtol=1e-10, atol=1e-10)
        for ours, theirs in zip(torch.autograd.grad((found * weigh).sum(), inputs), gradients, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("span", [None, 5])
def test_fused_kernels_keep_no_scores(span: int | None) -> None:
    inputs, largest = [x.detach().float().requires_grad_() for x in vectors(1, 1, 300, DIM)], 0

    def measure(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal largest
        largest = max(largest, tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(measure, lambda tensor: tensor):
        fused_attention(*inputs, span=span, dropout=0.0)
    assert 0 < largest <= 2 * 300 * DIM


@pytest.mark.parametrize("use_sliding_window", [True, False])
@pytest.mark.parametrize("length", [1, WINDOW, 3 * WINDOW + 2])
def test_the_choice_of_kernel_changes_no_number(length: int, use_sliding_window: bool) -> None:
    fused, plain = (
        make(flash_attention=flash, use_sliding_window=use_sliding_window) for flash in (True, False)
    )
    x = torch.randn(3, length, HIDDEN)
    torch.testing.assert_close(fused(x), plain(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("flash_attention", [True, False])
@pytest.mark.parametrize("t", [WINDOW - 1, WINDOW, 2 * WINDOW + 3])
def test_a_frame_sees_its_span_and_no_more(t: int, flash_attention: bool) -> None:
    mixer, x = make(flash_attention=flash_attention), torch.randn(1, 3 * WINDOW, HIDDEN, requires_grad=True)
    mixer(x)[0, t].sum().backward()
    assert x.grad is not None
    seen = x.grad[0].abs().sum(-1).nonzero().flatten().tolist()
    assert seen == list(range(max(0, t + 1 - WINDOW), t + 1))


def test_without_a_sliding_window_a_frame_sees_all_before_it() -> None:
    mixer, x = make(use_sliding_window=False), torch.randn(1, 3 * WINDOW, HIDDEN, requires_grad=True)
    mixer(x)[0, -1].sum().backward()
    assert x.grad is not None
    assert x.grad[0].any(dim=-1).all()


@pytest.mark.parametrize("start", [216_000, 2**32 - 3])
def test_an_hour_into_a_game_steps_are_as_exact_as_at_its_start(start: int) -> None:
    """A ring that holds its span again gives what the same frames give in a window."""
    mixer, x = make(qk_layernorm=True), torch.randn(2, 40, HIDDEN)
    keys, values, seen = mixer.initial_state(2)
    state = keys, values, seen + start
    with torch.no_grad():
        window, found = mixer(x), []
        for frame in x.unbind(1):
            y, state = mixer.step(frame, state)
            found.append(y)
    torch.testing.assert_close(torch.stack(found, 1)[:, WINDOW:], window[:, WINDOW:], rtol=1e-5, atol=1e-6)


def test_games_of_a_batch_may_be_at_different_frames() -> None:
    mixer, x = make(), torch.randn(2, 9, HIDDEN)
    state, late = mixer.initial_state(2), mixer.initial_state(1)
    for t, frame in enumerate(x.unbind(1)):
        if t == 4:  # the second game begins
            state = tuple(torch.cat((part[:1], fresh)) for part, fresh in zip(state, late, strict=True))
        y, state = mixer.step(frame, state)
    torch.testing.assert_close(y[0], mixer(x[:1])[0, -1], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(y[1], mixer(x[1:, 4:])[0, -1], rtol=1e-5, atol=1e-6)
    assert state[-1].tolist() == [9, 5]


def test_the_ring_holds_the_last_frames_newest_last() -> None:
    mixer, x = make(), torch.randn(1, WINDOW + 2, HIDDEN)
    state = mixer.initial_state(1)
    assert [part.shape for part in state] == [(1, WINDOW, HEADS, DIM), (1, WINDOW, HEADS, DIM), (1,)]
    for frame in x.unbind(1):
        _, state = mixer.step(frame, state)
    values = mixer.qkv(x[0, -WINDOW:]).unflatten(-1, (3, HEADS, DIM))[:, 2]
    torch.testing.assert_close(state[1][0], values)


@pytest.mark.parametrize("qk_layernorm", [True, False])
def test_normed_queries_and_keys_bound_the_scores(qk_layernorm: bool) -> None:
    """Weights that grew a hundredfold change nothing behind the norm."""
    mixer, x = make(qk_layernorm=qk_layernorm), torch.randn(2, 9, HIDDEN)
    before = mixer(x)
    with torch.no_grad():
        mixer.qkv.weight[: 2 * HEADS * DIM] *= 100
    assert torch.allclose(mixer(x), before, atol=1e-3) == qk_layernorm


@pytest.mark.parametrize("flash_attention", [True, False])
def test_attention_dropout_acts_in_training_only(flash_attention: bool) -> None:
    mixer = make(attention_dropout=0.5, flash_attention=flash_attention)
    x, state = torch.randn(2, 15, HIDDEN), mixer.initial_state(2)
    for _ in range(4):
        _, state = mixer.step(x[:, 0], state)
    assert torch.equal(mixer(x), mixer(x))
    assert torch.equal(mixer.step(x[:, 1], state)[0], mixer.step(x[:, 1], state)[0])
    mixer.train()
    assert not torch.equal(mixer(x), mixer(x))
    assert not torch.equal(mixer.step(x[:, 1], state)[0], mixer.step(x[:, 1], state)[0])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("span", [None, 60])
@pytest.mark.parametrize("length", [30, 60, 61, 480])
def test_kernels_agree_on_cuda(length: int, span: int | None, dtype: torch.dtype) -> None:
    torch.manual_seed(length)
    exact = vectors(4, 4, length, 64)
    inputs = [x.detach().to("cuda", dtype).requires_grad_() for x in exact]
    theirs = plain_attention(*exact, span=span, dropout=0.0)
    ours = fused_attention(*inputs, span=span, dropout=0.0)
    near = 1e-4 if dtype == torch.float32 else 0.05
    assert (ours.double().cpu() - theirs).abs().max() < near
    gradients = torch.autograd.grad(ours.float().sum(), inputs)
    for found, true in zip(gradients, torch.autograd.grad(theirs.sum(), exact), strict=True):
        assert (found.double().cpu() - true).abs().max() < 10 * near
