"""Numbers and times in words people read. Everything a template formats goes through one of these."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup, escape

_UNITS = ("B", "KB", "MB", "GB", "TB")
_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (30 * 86400, 86400, "d"))

# In this order: each names those below it, too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def size(count: int) -> str:
    """Bytes as ``1.4 GB``: powers of 1024, one decimal below ten."""
    value = float(count)
    for unit in _UNITS:
        if value < 1024 or unit == _UNITS[-1]:
            digits = 1 if value < 10 and unit != "B" else 0
            return f"{value:.{digits}f} {unit}"
        value /= 1024
    raise AssertionError("the last unit takes every value")


def duration(seconds: int) -> str:
    """A span as its two largest parts: ``3 d 4 h``, ``12 min``."""
    days, rest = divmod(max(0, seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else "less than a minute"


def since(then: datetime, now: datetime) -> str:
    """How long ago, as the script words it too: ``just now``, ``5 min ago``, ``3 d ago``, then the date."""
    seconds = int((now - then).total_seconds())
    if seconds < 45:
        return "just now"
    for limit, step, unit in _STEPS:
        if seconds < limit:
            return f"{max(1, seconds // step)} {unit} ago"
    return then.strftime("%-d %b %Y")


def ago(then: datetime | None) -> Markup:
    """A time element that the script keeps fresh; ``never`` for None."""
    if then is None:
        return Markup("never")
    stamp = then.astimezone(UTC)
    exact = stamp.strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}" title="{}" data-ago>{}</time>').format(
        stamp.isoformat(timespec="seconds"), exact, since(stamp, datetime.now(UTC))
    )


def day(then: datetime | None) -> Markup:
    """A date: ``3 Nov 2026``; ``never`` for None."""
    if then is None:
        return Markup("never")
    return Markup('<time datetime="{}">{}</time>').format(
        then.isoformat(timespec="seconds"), then.strftime("%-d %b %Y")
    )


def moment(then: datetime) -> Markup:
    """A point in time to the second, for lists that are read closely."""
    stamp = then.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        stamp.isoformat(timespec="seconds"), stamp.strftime("%Y-%m-%d %H:%M:%S")
    )


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 viewer``, ``3 viewers``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def breakable(text: str) -> Markup:
    """A path that may break after its slashes."""
    return Markup("/<wbr>").join(escape(part) for part in text.split("/"))


def pair(text: str) -> tuple[str, str]:
    """A value that is its own label, for a choice."""
    return text, text


def browser(label: str) -> str:
    """A browser as people know it, ``Firefox on Linux``, from what it says of itself; any other label as it stands."""
    if not label.startswith("Mozilla/"):
        return label
    name = next((words for mark, words in _BROWSERS if mark in label), "A browser")
    system = next((words for mark, words in _SYSTEMS if mark in label), None)
    return f"{name} on {system}" if system else name
