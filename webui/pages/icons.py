"""The icons of the pages, drawn on a grid of 24 with a stroke that CSS sets. Inline, so they need no request."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

ICONS: Final[dict[str, str]] = {
    "home": '<path d="M3.5 11 12 4l8.5 7"/><path d="M6 9.5V20h12V9.5"/><path d="M10 20v-5h4v5"/>',
    "files": '<path d="M3.5 18V6a1 1 0 0 1 1-1h4.6l2.2 2.5h8.2a1 1 0 0 1 1 1V18a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1Z"/>',
    "file": '<path d="M7 3.5h6.5L18 8v12.5H7a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1Z"/><path d="M13 4v4.5h4.5"/>',
    "link": '<path d="M10 14a4 4 0 0 0 6 .4l2.6-2.6a4 4 0 0 0-5.7-5.7L11.7 7.3"/>'
    '<path d="M14 10a4 4 0 0 0-6-.4l-2.6 2.6a4 4 0 0 0 5.7 5.7l1.2-1.2"/>',
    "settings": '<path d="M4 7h9"/><path d="M19 7h1"/><circle cx="16" cy="7" r="2.5"/>'
    '<path d="M4 17h1"/><path d="M11 17h9"/><circle cx="8" cy="17" r="2.5"/>',
    "docs": '<path d="m8.5 8-4 4 4 4"/><path d="m15.5 8 4 4-4 4"/><path d="m13.5 5-3 14"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "more": '<circle cx="5.5" cy="12" r=".9"/><circle cx="12" cy="12" r=".9"/><circle cx="18.5" cy="12" r=".9"/>',
    "back": '<path d="M19 12H5"/><path d="m11 6-6 6 6 6"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "check": '<path d="m5 12.5 4.5 4.500L19 7.5"/>',
    "warning": '<path d="M12 4 2.8 19.500h18.400Z"/><path d="M12 10v4.5"/><path d="M12 17.200v.1"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5"/><path d="M12 8v.1"/>',
    "cpu": '<rect x="6.5" y="6.5" width="11" height="11" rx="1.5"/><path d="M10 10h4v4h-4z"/>'
    '<path d="M9.5 3.500v3M14.5 3.500v3M9.5 17.500v3M14.5 17.500v3M3.5 9.500h3M3.5 14.500h3M17.5 9.500h3M17.5 14.500h3"/>',
    "memory": '<rect x="3.5" y="7" width="17" height="9" rx="1"/><path d="M7.5 10v3M12 10v3M16.5 10v3M6 16v2.500M12 16v2.500M18 16v2.5"/>',
    "disk": '<rect x="4" y="4" width="16" height="16" rx="2"/><circle cx="12" cy="11" r="4"/><path d="M12 11v.1M8 17h2"/>',
    "heat": '<path d="M10 13.500V5.500a2 2 0 1 1 4 0v8a4 4 0 1 1-4 0Z"/><path d="M12 9v7"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.500V12l3 2"/>',
    "eye": '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z"/><circle cx="12" cy="12" r="2.8"/>',
    "terminal": '<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><path d="m7.5 9.5 3 2.5-3 2.500M12.5 15h4"/>',
    "spark": '<path d="M12 3.5 13.8 10l6.7 2-6.7 2L12 20.5 10.2 14l-6.7-2 6.7-2Z"/>',
    "hub": '<circle cx="12" cy="12" r="3"/><circle cx="5" cy="5.5" r="1.8"/><circle cx="19" cy="5.5" r="1.8"/>'
    '<circle cx="12" cy="20.2" r="1.8"/><path d="m6.3 6.8 3.5 3M17.7 6.800l-3.5 3M12 15v3.3"/>',
    "people": '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.500c.5-3.8 3-5.5 6.5-5.500s6 1.7 6.5 5.5"/>'
    '<path d="M15.5 5.300a3.5 3.5 0 0 1 0 6.400M17.5 14.300c2.3.7 3.7 2.4 4 5.2"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20c.6-4.2 3.5-6 7.5-6s6.9 1.8 7.5 6"/>',
    "token": '<circle cx="8" cy="12" r="4.5"/><path d="M12.5 12h8.500M18 12v3.500M21 12v2"/>',
    "lock": '<rect x="5" y="10.5" width="14" height="9.5" rx="1.5"/><path d="M8 10.500V8a4 4 0 0 1 8 0v2.5"/>',
    "list": '<path d="M8.5 6.500h12M8.5 12h12M8.5 17.500h12M4 6.500v.1M4 12v.1M4 17.500v.1"/>',
    "sun": '<circle cx="12" cy="12" r="4"/><path d="M12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4"/>',
    "moon": '<path d="M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10Z"/>',
    "auto": '<circle cx="12" cy="12" r="8.5"/><path d="M12 3.500v17a8.5 8.5 0 0 0 0-17Z" fill="currentColor"/>',
    "logout": '<path d="M14 4.500H6a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h8"/><path d="M10 12h10.500M17 8.500l3.5 3.5-3.5 3.5"/>',
    "upload": '<path d="M12 15.500V4.500M7.5 9 12 4.5 16.5 9"/><path d="M4.5 15v3.500a1 1 0 0 0 1 1h13a1 1 0 0 0 1-1V15"/>',
    "download": '<path d="M12 4.500v11M7.5 11l4.5 4.5 4.5-4.5"/><path d="M4.5 15v3.500a1 1 0 0 0 1 1h13a1 1 0 0 0 1-1V15"/>',
    "folder-plus": '<path d="M3.5 18V6a1 1 0 0 1 1-1h4.600l2.2 2.500h8.200a1 1 0 0 1 1 1V18a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1Z"/><path d="M12 10.500v5M9.5 13h5"/>',
    "pencil": '<path d="m4.5 19.5 1-4L16 5l3 3L8.5 18.500Z"/><path d="m14 7 3 3"/>',
    "bin": '<path d="M4.5 7h15M9.5 7V4.500h5V7M6.5 7l1 13h9l1-13M10.5 10.500v6M13.5 10.500v6"/>',
    "stop": '<rect x="6" y="6" width="12" height="12" rx="1.5"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
    "copy": '<rect x="8.5" y="8.5" width="11" height="11" rx="1.5"/><path d="M15.5 8.500v-3a1 1 0 0 0-1-1h-9a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3"/>',
    "paste": '<rect x="5.5" y="5" width="13" height="15.5" rx="1.5"/><path d="M9 3.500h6V7H9zM9 12h6M9 15.500h4"/>',
    "keyboard": '<rect x="2.5" y="6" width="19" height="12" rx="1.5"/><path d="M6.5 10v.1M10 10v.1M14 10v.1M17.5 10v.1M8 14.500h8"/>',
    "up": '<path d="m6.5 14.5 5.5-5.5 5.5 5.5"/>',
    "down": '<path d="m6.5 9.5 5.5 5.5 5.5-5.5"/>',
    "left": '<path d="m14.5 6.5-5.5 5.5 5.5 5.5"/>',
    "right": '<path d="m9.5 6.5 5.5 5.5-5.5 5.5"/>',
    "hand": '<path d="M8.5 12V6a1.5 1.5 0 0 1 3 0v5-6.500a1.5 1.5 0 0 1 3 0V11 6.500a1.5 1.5 0 0 1 3 0V15c0 3.5-2 5.5-5.2 5.5-2.7 0-4-1-5.3-3.200L4.7 13a1.5 1.5 0 0 1 2.5-1.600Z"/>',
    "reload": '<path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.300L19.5 9"/><path d="M19.5 4v5h-5"/>',
    "return": '<path d="M4.5 12a7.5 7.5 0 1 0 2.2-5.300L4.5 9"/><path d="M4.5 4v5h5"/><path d="M12 8v4.500l3 1.5"/>',
    "offline": '<path d="M3.5 3.500l17 17M5 12.500a10 10 0 0 1 4-2.400M2.5 9a14 14 0 0 1 4-2.6M8.5 16a5 5 0 0 1 6-.8M12 19.500v.1M11 6.100A14 14 0 0 1 21.5 9M15 10.600a10 10 0 0 1 4 1.9"/>',
}
"""Name to the inside of an svg."""

_MARK = (
    '<path d="M9.2 14.500C7 10 6.8 4.8 9 3.200c2.3-1.6 4.7 3 5 8.500M22.8 14.500c2.2-4.5 2.4-9.7.2-11.3-2.3-1.6-4.7 3-5 8.5"'
    ' fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/>'
    '<path d="M7.5 12.500h17A3.5 3.5 0 0 1 28 16v9.500a3.5 3.5 0 0 1-3.5 3.500h-17A3.5 3.5 0 0 1 4 25.500V16a3.5 3.5 0 0 1 3.5-3.500Z"'
    ' fill="currentColor"/>'
    '<path d="m10.5 18 3.5 3-3.5 3M17 24.300h4.8" fill="none" stroke="var(--surface)" stroke-width="2.3"'
    ' stroke-linecap="round" stroke-linejoin="round"/>'
)


def icon(name: str) -> Markup:
    """An icon beside a word; screen readers pass over it. Raises KeyError for a name that is not in the table."""
    inside = ICONS[name]
    return Markup(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{inside}</svg>')  # noqa: S704 - our own table


def mark() -> Markup:
    """The Hutch mark: a box with ears, a prompt on its door."""
    return Markup(f'<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">{_MARK}</svg>')  # noqa: S704 - our own drawing
