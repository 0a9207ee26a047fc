"""Both ends of the link in one place, joined by two queues, with all the time of the world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from protocol.codec import parse_event
from protocol.commands import AnyCommand
from protocol.events import SessionSnapshot, SessionStarted, SshKeys
from protocol.frames import BinaryFrame
from protocol.link import (
    ANSWERS,
    Abort,
    Answered,
    Close,
    Deliver,
    DeliverEvent,
    DeliverOutput,
    DeviceAction,
    DeviceLink,
    DeviceState,
    Dial,
    Greet,
    HubAction,
    HubLink,
    HubState,
    Note,
    SampleHealth,
    SendBinary,
    SendPing,
    SendText,
    Unanswered,
    request_id_of,
)
from protocol.problems import Problem
from tests.unit.protocol.link.driver import HEALTH, HELLO, snapshot

Wire = list[str | bytes]
SESSIONS = ("a", "b")


class Pair:
    """A device, its hub, and the network between them; carries out what both ask."""

    def __init__(self, random: Callable[[], float] = lambda: 0.5, device: DeviceLink | None = None) -> None:
        self.now = 0.0
        self.device = DeviceLink(HELLO, random=random) if device is None else device
        self.hub: HubLink | None = None
        self.to_hub: Wire = []
        self.to_device: Wire = []
        self.dialling = False
        self.greeting = False
        self.pings: list[bytes] = []
        self.closing = False
        self.delivered: list[Deliver] = []
        self.seqs = dict.fromkeys(SESSIONS, 0)
        # What is checked
        self.sent: list[list[str | bytes]] = []
        self.asked: list[AnyCommand] = []
        self.outcomes: Counter[str] = Counter()
        self.answered: list[Answered] = []
        self.heard: list[object] = []
        self._do(self.device.start(self.now))

    # Carrying out

    def _do(self, actions: Sequence[DeviceAction]) -> None:
        for action in actions:
            match action:
                case SendText(text):
                    self._send(text)
                case SendBinary(data):
                    self._send(data)
                case SendPing(payload):
                    self.pings.append(payload)
                case Dial():
                    self.dialling = True
                case Greet():
                    self.greeting = True
                case Close():
                    self.closing = True
                case Abort():
                    self._unplug()
                case Deliver():
                    self.delivered.append(action)
                case SampleHealth():
                    self._do(self.device.send(HEALTH, self.now))
                case _:
                    pass

    def _send(self, wire: str | bytes) -> None:
        assert self.hub is not None, "sent without a socket"
        self.sent[-1].append(wire)
        self.to_hub.append(wire)

    def _do_hub(self, actions: Sequence[HubAction]) -> None:
        for action in actions:
            match action:
                case SendText(text):
                    self.to_device.append(text)
                case SendBinary(data):
                    self.to_device.append(data)
                case Close():
                    self.closing = True
                case Abort():
                    self.cut()
                case Answered() | Unanswered():
                    self.outcomes[action.command.request_id] += 1
                    if isinstance(action, Answered):
                        self.answered.append(action)
                case DeliverEvent(event):
                    self.heard.append(event)
                case DeliverOutput(frame):
                    self.heard.append(frame)
                case Note(problem):
                    self.heard.append(problem)
                case _:
                    self.heard.append(action)

    def _unplug(self) -> None:
        """The socket, or the attempt to open one, is gone."""
        self.to_hub, self.to_device, self.pings = [], [], []
        self.dialling = self.greeting = self.closing = False
        hub, self.hub = self.hub, None
        if hub is not None:
            self._do_hub(hub.lost(self.now))
            assert hub.state is HubState.CLOSED

    # What can happen

    def accept(self) -> None:
        self.dialling = False
        self.hub = HubLink("gw", self.now)
        self.sent.append([])
        self._do(self.device.connected(self.now))

    def cut(self) -> None:
        self._unplug()
        self._do(self.device.lost(self.now))

    def greet(self) -> None:
        self.greeting = False
        self._do(self.device.greet(HEALTH, [snapshot(name, self.seqs[name]) for name in SESSIONS], self.now))

    def ask(self, command: AnyCommand) -> None:
        assert self.hub is not None
        self.asked.append(command)
        self._do_hub(self.hub.request(command, self.now))

    def answer(self, delivered: Deliver, problem: Problem | None = None) -> None:
        self.delivered.remove(delivered)
        command = delivered.command
        if problem is not None:
            self._do(self.device.refuse(delivered, problem, now=self.now))
        elif command.type == "ssh.list":
            keys = SshKeys(request_id=command.request_id, keys=())
            self._do(self.device.succeed(delivered, keys, now=self.now))
        elif command.type == "session.create":
            started = SessionStarted(request_id=command.request_id, session_id=command.session_id)
            self._do(self.device.succeed(delivered, started, now=self.now))
        else:
            self._do(self.device.succeed(delivered, now=self.now))

    def output(self, session_id: str) -> None:
        self._do(self.device.output(session_id, self.seqs[session_id], b"x", self.now))
        self.seqs[session_id] += 1

    def pong(self) -> None:
        self._do(self.device.pong(self.pings.pop(0), self.now))

    def carry_to_hub(self) -> None:
        wire = self.to_hub.pop(0)
        if self.hub is not None:
            receive = self.hub.received_text if isinstance(wire, str) else self.hub.received_binary
            self._do_hub(receive(wire, self.now))  # type: ignore[arg-type]

    def carry_to_device(self) -> None:
        wire = self.to_device.pop(0)
        receive = self.device.received_text if isinstance(wire, str) else self.device.received_binary
        self._do(receive(wire, self.now))  # type: ignore[arg-type]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._do(self.device.tick(self.now))
        if self.hub is not None:
            self._do_hub(self.hub.tick(self.now))

    def settle(self) -> None:
        """Let a healthy network and a willing driver do all they can at this moment."""
        for _ in range(10_000):
            if not self._one_step():
                return
        raise AssertionError("the two ends never come to rest")

    def _one_step(self) -> bool:
        """Do the next thing there is to do; False when there is none."""
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
        elif self.pings:
            self.pong()
        elif self.delivered:
            self.answer(self.delivered[0])
        else:
            return False
        return True

    # What must hold

    def check_greetings(self) -> None:
        """Each connection began with hello, health and the snapshots, in this order, before anything else."""
        for wires in self.sent:
            self._check_greeting(wires)

    def _check_greeting(self, wires: Sequence[str | bytes]) -> None:
        kinds = [type(wire) if isinstance(wire, bytes) else parse_event(wire).type for wire in wires]
        wanted = ["gateway.hello", "gateway.health", *["session.snapshot" for _ in SESSIONS]]
        assert kinds[: len(wanted)] == wanted[: len(kinds)]
        greeted = [parse_event(wire) for wire in wires[2 : len(wanted)]]
        assert all(isinstance(event, SessionSnapshot) and event.request_id is None for event in greeted)

    def check_device_answers(self) -> None:
        """No request got two final answers on one connection."""
        for wires in self.sent:
            finals = Counter(
                request_id_of(event)
                for event in (parse_event(wire) for wire in wires if isinstance(wire, str))
                if event.type in FINAL_TYPES
            )
            assert all(count == 1 for count in finals.values()), finals

    def check_outcomes(self) -> None:
        """No request of the hub ended twice, and none is open without a connection."""
        assert all(count == 1 for count in self.outcomes.values()), self.outcomes
        if self.hub is None:
            assert len(self.outcomes) == len(self.asked)

    def check_not_stuck(self) -> None:
        """Whatever happens, something will move the device's end: time, or the driver, who owes it a report."""
        waits_for_driver = self.dialling or self.greeting or self.closing
        assert self.device.deadline is not None or waits_for_driver
        assert self.device.state is not DeviceState.STOPPED
        if self.hub is not None:
            assert self.hub.deadline is not None


FINAL_TYPES = {model.model_fields["type"].default for answer in ANSWERS.values() for model in answer.final}


def frames(heard: Sequence[object]) -> list[tuple[str, int]]:
    """The output frames among what a hub heard."""
    return [(frame.session_id, frame.seq) for frame in heard if isinstance(frame, BinaryFrame)]
