"""A game while it is played: the bytes of its events to the rows that files give."""

from exphil.live.game import Encode
from exphil.live.messages import GameEnd, GameStart, LiveFrame, Message, Trouble
from exphil.live.stream import EventStream

__all__ = ["Encode", "EventStream", "GameEnd", "GameStart", "LiveFrame", "Message", "Trouble"]
