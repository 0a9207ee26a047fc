"""Both ends against each other, where the device has a key and somebody has to claim it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from protocol.codec import parse_event
from protocol.link import CheckProof, DeliverNotice, DeviceAction, DeviceLink, HubAction, HubLink, HubState, Prove
from protocol.notices import GatewayChallenge, GatewayUnclaimed
from tests.unit.protocol.link.keys import DEVICE_ID, HOST, KEYED_HELLO, WELCOME, Keeper, proof_for
from tests.unit.protocol.link.pair import Pair


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

    def _one_step(self) -> bool:
        if self.proving:
            self.prove()
        elif self.checking:
            self.check()
        else:
            return super()._one_step()
        return True

    # What must hold

    def _check_greeting(self, wires: Sequence[str | bytes]) -> None:
        """It begins with the proof; the rest, if it came so far, is as without a key."""
        assert [parse_event(proof).type for proof in wires[:1] if isinstance(proof, str)] == ["gateway.proof"][
            : len(wires)
        ]
        super()._check_greeting(wires[1:])
