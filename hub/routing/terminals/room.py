"""A session that somebody watches: one stream of output from the device, any number of viewers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from hub.ports import Output, SessionEnded, ViewerName, new_request_id
from hub.routing.connection import Connection
from hub.routing.limits import VIEWER_IDLE
from hub.routing.terminals.acks import Acks
from hub.routing.terminals.asking import Asking
from hub.routing.terminals.keyboard import Keyboard
from hub.routing.terminals.meter import Meter
from hub.routing.terminals.screens import Meanwhile
from hub.routing.terminals.viewer import Viewer
from hub.routing.transfers import Outcome
from hub.routing.wheel import Due
from protocol.commands import SessionAck
from protocol.events import SessionSnapshot
from protocol.limits import MAX_OUTPUT_PAYLOAD
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from hub.routing.berth import Berth
    from hub.routing.connections import Connections

LOOK_EVERY: Final = 30.0
"""Seconds between two looks for viewers that are idle."""


class Room(Due):
    """The viewers of one session of one device."""

    __slots__ = (
        "_acks",
        "_asking",
        "_berth",
        "_head",
        "_keyboard",
        "_next",
        "_registry",
        "_viewers",
        "ask",
        "meter",
        "now",
        "passes",
        "session_id",
        "stats",
        "took",
    )

    def __init__(self, registry: Connections, berth: Berth, session_id: str, head: bytes) -> None:
        super().__init__()
        self.session_id = session_id
        self.stats = registry.stats
        self.now: Callable[[], float] = registry.wheel.now
        self._registry = registry
        self._berth = berth
        self._head = head
        self._viewers: list[Viewer] = []
        self._next: int | None = None
        self._asking = Asking(
            berth,
            session_id,
            self.now,
            came=self._screen_came,
            failed=self._no_screen,
            look=lambda at: registry.wheel.schedule(self, at),
        )
        self.ask = self._asking.ask
        """Somebody waits for a screen."""
        self.passes = self._asking.passes
        """Called with a screen that was asked for, before its answer is complete."""
        self.meter = Meter(registry.limits.session, self.now)
        self._keyboard = Keyboard(berth, session_id)
        self._acks = Acks(registry.wheel, self._acknowledge)
        self.took = self._acks.took
        """Called with the number of each frame that a viewer took."""
        berth.rooms[head] = self
        registry.wheel.schedule(self, self.now() + LOOK_EVERY)

    # Viewers come and go

    def join(self, name: ViewerName) -> Viewer:
        """A new viewer; wait for its ``joined``. Raises Problem(TOO_MANY)."""
        if len(self._viewers) >= self._registry.limits.viewers_per_session:
            message = "Too many people watch this session. Close a terminal somewhere."
            raise Problem(ProblemCode.TOO_MANY, message)
        viewer = Viewer(self, name, self._registry.limits.viewer_bytes, self.now())
        self._viewers.append(viewer)
        self.stats.viewers += 1
        viewer.control(self._keyboard.seen_by(viewer))
        if self.meter.cut is not None:
            viewer.tell(self.meter.cut)
        self.ask()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """A viewer goes; the last one ends the room."""
        self._viewers.remove(viewer)
        self.stats.viewers -= 1
        viewer.joined.cancel()
        if self._keyboard.lease.release(id(viewer)):
            self._tell_control()
        if not self._viewers:
            self._close()

    # What the device says

    def output(self, data: bytes, end: int) -> None:
        """A frame of output whose head ends at ``end``; the hot path."""
        start = end + 8
        size = len(data) - start
        if size < 0 or size > MAX_OUTPUT_PAYLOAD:
            self.stats.bad_messages += 1
            return
        if self.meter.cut is not None:
            return
        seq = int.from_bytes(data[end:start], "big")
        if seq != self._next and self._next is not None:
            if seq < self._next:
                return  # it was there before
            self._gap()
        self._next = seq + 1
        self.stats.output_frames += 1
        self.stats.output_bytes += size
        runaway = self.meter.count(size)
        if runaway is not None:
            self._run_away(runaway)
            return
        self._acks.came(size)
        left = [viewer for viewer in self._viewers if not viewer.pass_on(seq, data)]
        if left or self._asking.meanwhile is not None:
            self._keep(Output(seq, data[start:]), left)

    def show_all(self, screen: SessionSnapshot) -> None:
        """The device shows the screen anew, unasked: everybody goes on from it."""
        self._next = screen.seq
        self._asking.forget()
        self._acks.restart(screen.seq)
        for viewer in self._viewers:
            viewer.show(screen, screen.seq or 0)

    def tell(self, problem: Problem) -> None:
        """Something went wrong; everybody is told."""
        for viewer in self._viewers:
            viewer.tell(problem)

    def ended(self, exit_code: int | None) -> None:
        """The session is over."""
        self._close()
        for viewer in self._viewers:
            viewer.end(SessionEnded(exit_code))

    def connected(self, connection: Connection) -> None:
        """The device is back; its screens follow, and are asked for when they do not."""
        self._next = None
        self._asking.greeted()
        for viewer in self._viewers:
            viewer.wants = True

    def disconnected(self) -> None:
        """The device is away, for a moment perhaps."""
        message = "The device lost its connection. The screen goes on when it is back."
        self.tell(Problem(ProblemCode.UNAVAILABLE, message))

    def offline(self, problem: Problem) -> None:
        """The device is away for longer."""
        self._close()
        for viewer in self._viewers:
            viewer.end(None, problem)

    # What the viewers do

    def type(self, viewer: Viewer, data: bytes) -> None:
        """See :class:`hub.ports.Watch`."""
        self._take_control(viewer, asking=False)
        self._keyboard.type(data)

    async def resize(self, viewer: Viewer, cols: int, rows: int) -> None:
        """See :class:`hub.ports.Watch`."""
        self._take_control(viewer, asking=False)
        await self._keyboard.resize(cols, rows)

    def take_control(self, viewer: Viewer) -> None:
        """See :class:`hub.ports.Watch`."""
        self._take_control(viewer, asking=True)

    def resume(self, viewer: Viewer) -> None:
        """See :class:`hub.ports.Watch`."""
        if not viewer.name.may_write:
            raise Problem(ProblemCode.FORBIDDEN, "You may watch this session only. Ask somebody who may type.")
        if self.meter.cut is not None:
            self.meter.resume()
            self._next = None
            self._want_all()

    def due(self, now: float) -> None:
        """Look whether a lease is over, a viewer is idle, or a screen is to be asked for."""
        if not self._viewers:
            return
        if self._keyboard.lease.expire(now):
            self._tell_control()
        for viewer in self._viewers:
            if now - viewer.active_at >= VIEWER_IDLE:
                message = "Nothing happened here for 10 minutes. Open the terminal again when you need it."
                viewer.end(None, Problem(ProblemCode.TIMEOUT, message))
        if any(viewer.wants and (viewer.waiting or not viewer.joined.done()) for viewer in self._viewers):
            self.ask()
        lease = self._keyboard.lease
        again = min(now + LOOK_EVERY, lease.until) if lease.holder is not None else now + LOOK_EVERY
        self._registry.wheel.schedule(self, again)

    # Inside

    def _keep(self, frame: Output, viewers: Iterable[Viewer]) -> None:
        """For those who cannot have it now: one copy, however many they are."""
        if self._asking.meanwhile is not None:
            self._asking.keep(frame)
        for viewer in viewers:
            viewer.offer(frame)

    def _screen_came(self, screen: SessionSnapshot, meanwhile: Meanwhile) -> bool:
        """Show it to those who wait; False when frames are missing between it and what comes next."""
        fits = meanwhile.after(screen, self._next)
        if fits is None:
            return False
        seq, frames = fits
        self._next = screen.seq if self._next is None else self._next
        self.stats.snapshots += 1
        for viewer in self._viewers:
            if viewer.wants:
                viewer.show(screen, seq)
                for frame in frames:
                    viewer.offer(frame)
        self._acks.restart(seq)
        return True

    def _no_screen(self, problem: Problem) -> None:
        for viewer in self._viewers:
            if not viewer.joined.done():
                viewer.joined.set_exception(problem)
            elif viewer.wants and self._berth.connection is not None:
                viewer.tell(problem)

    def _gap(self) -> None:
        """Output was dropped on the way: nobody can go on without a screen."""
        self._asking.forget()
        self._want_all()

    def _want_all(self) -> None:
        for viewer in self._viewers:
            viewer.wants = True
        self.ask()

    def _run_away(self, problem: Problem) -> None:
        self.stats.runaways += 1
        self.tell(problem)
        self._registry.events.runaway(self._berth.device.id, self.session_id, problem, self._registry.utcnow())

    def _take_control(self, viewer: Viewer, *, asking: bool) -> None:
        now = self.now()
        if self._keyboard.take(viewer, now, asking=asking):
            self._registry.wheel.schedule(self, self._keyboard.lease.until)
            self._tell_control()

    def _tell_control(self) -> None:
        for viewer in self._viewers:
            viewer.control(self._keyboard.seen_by(viewer))

    def _acknowledge(self, seq: int) -> None:
        connection = self._berth.connection
        if connection is not None and self._viewers and self.meter.cut is None:
            self.stats.acks += 1
            command = SessionAck(request_id=new_request_id(), session_id=self.session_id, seq=seq)
            connection.request(command, _ignore)

    def _close(self) -> None:
        if self._berth.rooms.get(self._head) is self:
            del self._berth.rooms[self._head]


def _ignore(outcome: Outcome) -> None:
    """What the device says to an acknowledgement changes nothing."""
