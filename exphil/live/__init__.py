"""A game while it is played: the bytes of its events to the rows that files give."""

from exphil.live.messages import GameEnd, GameStart, LiveFrame, Message, Trouble

__all__ = ["GameEnd", "GameStart", "LiveFrame", "Message", "Trouble"]
