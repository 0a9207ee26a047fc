"""The tools of the agent CLIs that a script names by what they do. The names are the CLIs' own."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.doubles.model_server.request import ModelRequest, Schema, Tool
from tests.doubles.model_server.script import Call, RunShell, WriteFile

SHELL_TOOLS = ("Bash", "bash", "exec_command", "shell_command", "shell", "run_shell_command")
WRITE_TOOLS = ("Write", "write", "write_file")
PATCH_TOOL = "apply_patch"
SCRIPT_TOOL = "exec"
"""Runs JavaScript that calls the other tools; Codex offers newer models nothing else."""
COMMAND_NAMES = ("command", "cmd", "script")
PATH_NAMES = ("file_path", "filePath", "path")
CONTENT_NAMES = ("content", "text")


class NoSuchTool(Exception):
    """The client offers no tool that does this; the message lists what it offers."""


def resolve(step: Call | RunShell | WriteFile, request: ModelRequest) -> Call:
    """The call of a tool that this client has. Raises NoSuchTool."""
    if isinstance(step, Call):
        return step
    return run_shell(step.command, request) if isinstance(step, RunShell) else write_file(step, request)


def run_shell(command: str, request: ModelRequest) -> Call:
    """A call that runs a shell command."""
    scripted = request.tool(SCRIPT_TOOL)
    if scripted is not None and scripted.free:
        arguments = json.dumps({"cmd": command})
        return _script(scripted, f"const done = await tools.exec_command({arguments});\ntext(done.output);\n")
    tool = request.tool(*SHELL_TOOLS)
    if tool is None:
        raise NoSuchTool(_offered("runs a command", request))
    name = _first(COMMAND_NAMES, tool)
    value: object = ["/bin/sh", "-c", command] if _is_list(tool.parameters.properties.get(name)) else command
    return Call(tool.name, {name: value, **_filled(tool, {name}, f"Runs {command}")})


def write_file(step: WriteFile, request: ModelRequest) -> Call:
    """A call that writes a file: a tool for it, a patch, or the shell."""
    tool = request.tool(*WRITE_TOOLS)
    if tool is not None:
        path, content = _first(PATH_NAMES, tool), _first(CONTENT_NAMES, tool)
        return Call(
            tool.name, {path: step.path, content: step.content, **_filled(tool, {path, content}, "Writes a file")}
        )
    patch = _patch(step)
    scripted = request.tool(SCRIPT_TOOL)
    if scripted is not None and scripted.free:
        return _script(scripted, f"text(await tools.{PATCH_TOOL}({json.dumps(patch)}));\n")
    offered = request.tool(PATCH_TOOL)
    if offered is not None:
        return Call(PATCH_TOOL, text=patch) if offered.free else Call(PATCH_TOOL, {"input": patch})
    return run_shell(f"{PATCH_TOOL} <<'END'\n{patch}END", request)


def _script(tool: Tool, text: str) -> Call:
    return Call(tool.name, text=text, namespace=tool.namespace)


def _patch(step: WriteFile) -> str:
    added = "".join(f"+{line}\n" for line in step.content.splitlines())
    return f"*** Begin Patch\n*** Add File: {step.path}\n{added}*** End Patch\n"


def _first(names: tuple[str, ...], tool: Tool) -> str:
    known = tool.parameters.properties
    found = next((name for name in names if name in known), None)
    if found is None:
        raise NoSuchTool(f"{tool.name} takes {', '.join(known)}, none of {', '.join(names)}")
    return found


def _filled(tool: Tool, given: set[str], text: str) -> dict[str, object]:
    """What else the tool insists on."""
    known = tool.parameters.properties
    return {name: _some(known.get(name), text) for name in tool.parameters.required if name not in given}


_EMPTY: dict[str, Callable[[], object]] = {
    "boolean": lambda: False,
    "integer": lambda: 1,
    "number": lambda: 1,
    "array": list,
    "object": dict,
}


def _some(schema: Schema | None, text: str) -> object:
    kind = schema.type if schema and isinstance(schema.type, str) else "string"
    return _EMPTY.get(kind, lambda: text)()


def fill(schema: Schema, text: str) -> dict[str, object]:
    """An object of this shape with the text wherever it takes one."""
    return {name: _some(inner, text) for name, inner in schema.properties.items()}


def _is_list(schema: Schema | None) -> bool:
    return schema is not None and schema.type == "array"


def _offered(what: str, request: ModelRequest) -> str:
    return f"no tool that {what} among {', '.join(tool.name for tool in request.tools) or 'none'}"
