"""One game as its session knows it."""

from dataclasses import dataclass

from exphil.live import GameEnd, GameStart
from exphil.melee.characters import character_title, external_name
from exphil.melee.stages import stage_name, stage_title


@dataclass
class Game:
    """One game, while and after it was played.

    Attributes:
        start: how it began.
        frame: id of the newest frame.
        stocks: left at that frame, the lower port first.
        end: None where the console did not say how it ended.
    """

    start: GameStart
    frame: int | None = None
    stocks: tuple[int, int] = (0, 0)
    end: GameEnd | None = None

    def line(self) -> str:
        """`Fox (port 1) against Marth (port 2) on Battlefield: stocks 2-0 after frame 5120`."""
        one, other = (
            f"{character_title(external_name(character))} (port {port})"
            for character, port in zip(self.start.characters, self.start.ports, strict=True)
        )
        where = stage_title(stage_name(self.start.stage))
        seen = (
            "no frame of it"
            if self.frame is None
            else (f"stocks {self.stocks[0]}-{self.stocks[1]} after frame {self.frame}")
        )
        return f"{one} against {other} on {where}: {seen}"
