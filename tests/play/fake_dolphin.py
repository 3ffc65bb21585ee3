"""A program that behaves as Slippi's Dolphin does towards those who launch it, watch it and press its buttons.

`--version` is answered as by Dolphin. Else `-e FILE -u FOLDER`: FILE, in place of a disc image, is JSON that says what
happens: `replays` (.slp files that stand for the games), `log` (what the pads held, a JSON line a frame), `human` (the
port of a human, or null), `human_starts`, `patience` (seconds that a frame waits for the pads' answers), and `script`,
a list of

    menus            from the character screen to a chosen stage, worked by the pads
    results          the screen after a game, until START
    game N           the events of replays[N], frame by frame, each once the pads have answered
    rollbacks N      the same, every tenth frame with the three before it again
    cut N            the same, but only its first half
    garbage          packets that are none, messages of unknown kind, events that are none
    hang up          disconnect, and wait for the next client
    pause S          nothing for S seconds
    exit C           end with exit code C
"""

import base64
import configparser
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

PATIENCE_S: Final = 30.0
ANSWER_S: Final = 2.0
RELEASE_S: Final = 0.5
DISC_HEADER: Final = 32
"""Bytes of FILE before the JSON, which look like a disc's."""


class FakeDolphin:
    """One launch."""

    def __init__(self, plan: dict[str, Any], user: Path) -> None:
        import enet

        from tests.play.fake_pads import FakePad

        self.plan = plan
        settings = configparser.ConfigParser()
        settings.read([user / "Config" / "Dolphin.ini", user / "Config" / "GCPadNew.ini"])
        self.pads = {}
        for port in (1, 2, 3, 4):
            section = f"GCPad{port}"
            if settings.has_section(section) and settings[section]["device"].startswith("Pipe/0/"):
                self.pads[port] = FakePad(
                    user / "Pipes" / settings[section]["device"].removeprefix("Pipe/0/")
                )
        self.enet = enet
        self.port = settings.getint("Core", "slippispectatorlocalport")
        self.host = enet.Host(enet.Address(b"127.0.0.1", self.port), 4, 0, 0)
        self.peer: Any = None
        self.patience = float(plan["patience"])
        self.log = Path(plan["log"]).open("a", encoding="utf-8")  # noqa: SIM115

    def run(self) -> int:
        self.wait_for_client()
        for line in self.plan["script"]:
            verb, _, given = line.partition(" ")
            if verb == "exit":
                self.host.flush()
                return int(given)
            getattr(self, verb.replace("hang", "hang_up"))(given)
        self.turn(0.05)
        return 0

    def turn(self, seconds: float = 0.0) -> None:
        """Let the network do its work."""
        until = time.monotonic() + seconds
        while True:
            event = self.host.service(1 if seconds else 0)
            if event.type == self.enet.EVENT_TYPE_RECEIVE:
                assert json.loads(event.packet.data)["type"] == "connect_request"
                self.peer = event.peer
                self.send({"type": "connect_reply", "nick": "Fake", "version": "3.4.0", "cursor": 0})
            elif event.type == self.enet.EVENT_TYPE_DISCONNECT:
                self.peer = None
            if time.monotonic() >= until:
                return

    def wait_for_client(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while self.peer is None:
            self.turn(0.01)
            if time.monotonic() > until:
                sys.exit(3)

    def send(self, message: Any) -> None:
        self.send_bytes(json.dumps(message).encode())

    def send_bytes(self, data: bytes) -> None:
        if self.peer is not None:
            self.peer.send(0, self.enet.Packet(data, self.enet.PACKET_FLAG_RELIABLE))
            self.host.flush()

    def event(self, payload: bytes, kind: str = "game_event") -> None:
        self.send({"type": kind, "payload": base64.b64encode(payload).decode()})

    def answered(self, ports: Iterable[int], seconds: float = ANSWER_S) -> set[int]:
        """Give these pads the time to answer; those that did."""
        left = set(ports)
        found: set[int] = set()
        until = time.monotonic() + seconds
        while left - found and time.monotonic() < until:
            found |= {port for port in left - found if self.pads[port].read()}
            self.turn()
            if left - found:
                time.sleep(0.0005)
        return found

    def note(self, **what: Any) -> None:
        pads = {port: pad.snapshot() for port, pad in self.pads.items()}
        self.log.write(json.dumps({**what, "pads": pads, "process": os.getpid()}) + "\n")
        self.log.flush()

    def at_menus(self) -> Any:
        from tests.play.fake_menus import FakeMenus

        return FakeMenus(tuple(self.pads), self.plan.get("human"), self.plan.get("human_starts", False))

    def work(self, menus: Any, is_done: Any) -> None:
        for _ in range(2000):
            self.event(menus.event(), "menu_event")
            self.answered(self.pads)
            menus.step({port: pad.state for port, pad in self.pads.items()})
            if is_done():
                return
        sys.exit(f"the menus were not left: {menus}")

    def menus(self, _: str) -> None:
        menus = self.at_menus()
        self.work(menus, lambda: menus.stage is not None)
        hands = {
            port: {"character": hand.character, "status": hand.status, "level": hand.level}
            for port, hand in menus.hands.items()
        }
        self.note(menus="left", stage=menus.stage, hands=hands)

    def results(self, _: str) -> None:
        from tests.play.fake_menus import RESULTS_SCENE

        menus = self.at_menus()
        menus.scene = RESULTS_SCENE
        self.work(menus, lambda: menus.scene != RESULTS_SCENE)
        self.note(results="left")

    def game(self, given: str, until: float = 1.0, again: bool = False) -> None:
        from exphil.play.broadcast import frame_payloads

        payloads = list(frame_payloads(Path(self.plan["replays"][int(given)]).read_bytes()))
        self.send({"type": "start_game"})
        playing = set(self.pads)
        for place, (frame, payload) in enumerate(payloads[: int(len(payloads) * until)]):
            self.event(payload)
            if place == 0 or place == len(payloads) - 1:  # pads that have part in the game are released
                playing = self.answered(playing, RELEASE_S)
            if frame is None:
                continue
            self.answered(playing, self.patience)
            self.note(game=int(given), frame=frame)
            if (
                again
                and place % 10 == 9
                and all(before is not None for before, _ in payloads[place - 2 : place])
            ):
                for before, earlier in payloads[place - 2 : place + 1]:
                    self.event(earlier)
                    self.answered(playing, self.patience)
                    self.note(game=int(given), frame=before, again=True)
        if until == 1.0:
            self.send({"type": "end_game"})

    def rollbacks(self, given: str) -> None:
        self.game(given, again=True)

    def cut(self, given: str) -> None:
        self.game(given, until=0.5)

    def garbage(self, _: str) -> None:
        self.send_bytes(b"\x00\xff no message")
        self.send_bytes(b"[1, 2]")
        self.send({"type": "weather_report"})
        self.send({"type": "game_event", "payload": "!!"})
        self.event(b"\x99\x01\x02\x03")
        self.event(b"\x38\x00")
        self.event(b"\x3e\x00", "menu_event")
        self.turn(0.02)

    def hang_up(self, _: str) -> None:
        self.host.flush()
        self.peer.disconnect_now(0)
        self.host.flush()
        self.peer = None
        self.wait_for_client()

    def pause(self, given: str) -> None:
        self.turn(float(given))


def main(words: list[str]) -> int:
    if words == ["--version"]:
        print("Slippi (3.4.0) fake")
        return 255
    iso, user = words[words.index("-e") + 1], words[words.index("-u") + 1]
    return FakeDolphin(json.loads(Path(iso).read_bytes()[DISC_HEADER:]), Path(user)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
