"""Both ends against each other, where the device has a key and somebody has to claim it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from protocol.codec import parse_event
from protocol.events import SessionSnapshot
from protocol.link import CheckProof, DeliverNotice, DeviceAction, DeviceLink, HubAction, HubLink, HubState, Prove
from protocol.notices import GatewayChallenge, GatewayUnclaimed
from tests.unit.protocol.link.keys import DEVICE_ID, HOST, KEYED_HELLO, WELCOME, Keeper, proof_for
from tests.unit.protocol.link.pair import SESSIONS, Pair


class KeyPair(Pair):
    """The network may pass the device on to ``host``, and the device's clock may be ``off``."""

    def __init__(self) -> None:
        self.keeper = Keeper()
        self.host = HOST
        self.off = timedelta()
        self.proving: list[Prove] = []
        self.checking: list[CheckProof] = []
        self.challenge: GatewayChallenge | None = None
        self.codes = 0
        super().__init__(device=DeviceLink(KEYED_HELLO, random=lambda: 0.5, has_key=True))

    def _do(self, actions: Sequence[DeviceAction]) -> None:
        for action in actions:
            match action:
                case Prove():
                    self.proving.append(action)
                case DeliverNotice(GatewayUnclaimed()):
                    self.codes += 1
        super()._do(actions)

    def _do_hub(self, actions: Sequence[HubAction]) -> None:
        self.checking += [action for action in actions if isinstance(action, CheckProof)]
        super()._do_hub([action for action in actions if not isinstance(action, CheckProof)])

    def _unplug(self) -> None:
        self.checking = []
        super()._unplug()

    # What can happen

    def accept(self) -> None:
        self.dialling = False
        self.challenge = self.keeper.challenge()
        self.hub = HubLink(DEVICE_ID, self.now, challenge=self.challenge)
        self.sent.append([])
        self._do(self.device.connected(self.now))
        self._do_hub(self.hub.start(self.now))

    def prove(self) -> None:
        asked = self.proving.pop(0)
        proof = proof_for(asked.challenge, host=self.host, off=self.off)
        self._do(self.device.prove(asked, proof, self.now))

    def check(self) -> None:
        found = self.checking.pop(0)
        assert self.hub is not None
        assert self.challenge is not None
        self._do_hub(self.keeper.judge(self.hub, self.challenge, found.proof, self.now))

    def claim(self) -> None:
        self.keeper.claimed = True
        if self.hub is not None and self.hub.state is HubState.UNCLAIMED:
            self._do_hub(self.hub.welcome(WELCOME, self.now))

    def new_code(self) -> None:
        if self.hub is not None and self.hub.state is HubState.UNCLAIMED:
            self._do_hub(self.hub.unclaimed(self.keeper.code(), self.now))

    def settle(self) -> None:
        for _ in range(10_000):
            if self.proving:
                self.prove()
            elif self.checking:
                self.check()
            else:
                busy = (self.closing, self.dialling, self.greeting, self.to_hub, self.to_device, self.pings)
                if not any(busy):
                    break
                self._one_step()
        super().settle()

    def _one_step(self) -> None:
        if self.closing:
            self.cut()
        elif self.dialling:
            self.accept()
        elif self.greeting:
            self.greet()
        elif self.to_hub:
            self.carry_to_hub()
        elif self.to_device:
            self.carry_to_device()
        else:
            self.pong()

    # What must hold

    def check_greetings(self) -> None:
        """Each connection began with the proof; then, if it came so far, with hello, health and the snapshots."""
        for wires in self.sent:
            kinds = [type(wire) if isinstance(wire, bytes) else parse_event(wire).type for wire in wires]
            wanted = ["gateway.proof", "gateway.hello", "gateway.health", *["session.snapshot" for _ in SESSIONS]]
            if kinds[:1] == ["gateway.hello"]:
                wanted = wanted[1:]
            assert kinds[: len(wanted)] == wanted[: len(kinds)]
            greeted = [parse_event(wire) for wire in wires[3 : len(wanted)]]
            assert all(isinstance(event, SessionSnapshot) for event in greeted)
