"""Puts the device's side of a link together."""

from __future__ import annotations

from gateway.hub_link.channel import Clock
from gateway.hub_link.commands.agents import AgentCommands
from gateway.hub_link.commands.files import FileCommands
from gateway.hub_link.commands.key import KeyCommands
from gateway.hub_link.commands.sessions import SessionCommands
from gateway.hub_link.commands.ssh import SshCommands
from gateway.hub_link.commands.table import command_table
from gateway.hub_link.commands.update import UpdateCommands
from gateway.hub_link.commands.workspace import WorkspaceCommands
from gateway.hub_link.dispatch import Dispatcher
from gateway.hub_link.keyboard import Keyboard
from gateway.hub_link.lanes import Lanes
from gateway.hub_link.services import DeviceKeyStore, LinkServices
from gateway.hub_link.target import DriverParts
from gateway.hub_link.terminals import Terminals
from gateway.hub_link.terms import Terms
from gateway.hub_link.trail import Trail
from gateway.hub_link.typist import Typist


def driver_parts(services: LinkServices, terms: Terms, keys: DeviceKeyStore, lanes: Lanes, clock: Clock) -> DriverParts:
    """Everything the driver needs but a hub."""
    keyboard = Keyboard(services.sessions)
    terminals = Terminals(services.sessions, services.bus, terms, keyboard)
    trail = Trail(services.audit)
    table = command_table(
        sessions=SessionCommands(services.sessions, terminals, keyboard),
        ssh=SshCommands(services.ssh_keys),
        files=FileCommands(services.transfers),
        agents=AgentCommands(services.agents),
        workspace=WorkspaceCommands(services.workspace),
        update=UpdateCommands(services.updater),
        key=KeyCommands(keys),
    )
    return DriverParts(
        sessions=services.sessions,
        sampler=services.sampler,
        bus=services.bus,
        terms=terms,
        dispatcher=Dispatcher(table, lanes, trail, terms),
        typist=Typist(services.sessions, keyboard, lanes, trail, terms),
        terminals=terminals,
        keyboard=keyboard,
        clock=clock,
        tunnel=services.tunnel,
        agents_reached=services.agents_reached,
    )
