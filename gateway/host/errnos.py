"""What the system's refusals mean to a person: one table from errno to problem."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from protocol.problems import Problem, ProblemCode

_MEANINGS: dict[int, tuple[ProblemCode, str]] = {
    errno.ENOENT: (ProblemCode.NOT_FOUND, "{what} is not there. Look at the folder again; it may have been moved."),
    errno.ENOTDIR: (ProblemCode.NOT_FOUND, "{what} is not inside a folder. Check the path."),
    errno.EISDIR: (ProblemCode.CONFLICT, "{what} is a folder. Name a file."),
    errno.EEXIST: (ProblemCode.CONFLICT, "{what} is there already. Choose another name or remove it first."),
    errno.ENOTEMPTY: (ProblemCode.CONFLICT, "{what} is a folder with something in it. Choose another name."),
    errno.EBUSY: (ProblemCode.CONFLICT, "{what} is in use by the system. Try again later."),
    errno.ETXTBSY: (ProblemCode.CONFLICT, "{what} is a program that is running. End it first."),
    errno.ENAMETOOLONG: (ProblemCode.INVALID_REQUEST, "{what} has too long a name. Choose a shorter one."),
    errno.EINVAL: (ProblemCode.INVALID_REQUEST, "{what} cannot be used this way. Check the path."),
    errno.EXDEV: (ProblemCode.CONFLICT, "{what} lies on another disk. Copy it in a terminal instead."),
    errno.ELOOP: (ProblemCode.PATH_OUTSIDE_WORKSPACE, "{what} is a link, and links are not followed."),
    errno.ENOSPC: (ProblemCode.DISK_FULL, "The disk is full: {what} was not written. Remove something and try again."),
    errno.EDQUOT: (ProblemCode.DISK_FULL, "The quota is used up: {what} was not written. Remove something first."),
    errno.EFBIG: (ProblemCode.TOO_LARGE, "{what} is larger than this disk takes. Split it."),
    errno.EACCES: (ProblemCode.PERMISSION_DENIED, "Hutch may not touch {what}. Change its permissions first."),
    errno.EPERM: (ProblemCode.PERMISSION_DENIED, "Hutch may not touch {what}. Change its permissions first."),
    errno.EROFS: (ProblemCode.PERMISSION_DENIED, "{what} lies on a disk that is mounted read-only."),
    errno.EMFILE: (ProblemCode.TOO_MANY, "Too many files are open. Wait for other transfers to end."),
    errno.ENFILE: (ProblemCode.TOO_MANY, "Too many files are open on this device. Wait and try again."),
}


def problem_of(error: OSError, what: str) -> Problem:
    """The problem behind an error of the operating system; ``what`` names the file or folder for the person."""
    meaning = _MEANINGS.get(error.errno or 0)
    if meaning is None:
        reason = error.strerror or type(error).__name__
        return Problem(ProblemCode.UNAVAILABLE, f"{what} could not be used: {reason}. Check the disk of this device.")
    code, sentence = meaning
    return Problem(code, sentence.format(what=what))


@contextmanager
def problems_of(what: str) -> Iterator[None]:
    """Turn every OSError of the block into its :class:`Problem`."""
    try:
        yield
    except OSError as error:
        raise problem_of(error, what) from error
