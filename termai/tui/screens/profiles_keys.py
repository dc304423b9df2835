"""The keys of Profiles: the footer, the help and the palette all show these."""

from textual.binding import Binding, BindingType

OWN_ONLY = frozenset({"rename", "remove"})
"""What one does with a profile of one's own only: termai's stay as they are."""

LIST_ONLY = OWN_ONLY | {
    "start",
    "duplicate",
    "export",
    "compare",
    "history",
    "command",
    "check",
}
"""What needs a chosen profile that can be read."""

_START = "Start a server with the profile."
_NEW = "For a model, with values that fit; from a running server, a template, or nothing."
_IMPORT = "From KoboldCPP, LM Studio, Ollama, llama-swap, or a pasted command line."
_EXPORT = "As a file of another program, a shell script or a systemd unit."
_DUPLICATE = "Copy the profile under another name."
_RENAME = "Give the profile another name; its history goes with it."
_REMOVE = "Remove the profile; u brings it back."
_UNDO = "Bring back what was removed last."
_DIFF = "What differs between the profile and termai's of its name, or another one."
_HISTORY = "What was saved before, what ran well, and getting it back."
_TEXT = "Edit the file in your own editor (VISUAL, EDITOR)."
_COMMAND = "Copy and show the command line that a start runs."
_CHECK = "Compare its flags with those of the installed engine; one key updates them."
_FILTER = "Type words that a profile must have; Escape shows all."

KEYS: list[BindingType] = [
    Binding("s", "start", "Start", id="profiles.start", tooltip=_START),
    Binding("n", "new", "New", id="profiles.new", tooltip=_NEW),
    Binding("i", "import", "Import", id="profiles.import", tooltip=_IMPORT),
    Binding("u", "undo", "Undo", id="profiles.undo", tooltip=_UNDO),
    Binding("d", "duplicate", "Duplicate", id="profiles.duplicate", tooltip=_DUPLICATE),
    Binding("x,delete", "remove", "Remove", id="profiles.remove", tooltip=_REMOVE),
    Binding("h", "history", "History", id="profiles.history", tooltip=_HISTORY),
    Binding("m", "rename", "Rename", id="profiles.rename", show=False, tooltip=_RENAME),
    Binding("v", "compare", "Diff", id="profiles.diff", show=False, tooltip=_DIFF),
    Binding("o", "export", "Export", id="profiles.export", show=False, tooltip=_EXPORT),
    Binding("e", "edit_text", "Editor", id="profiles.text", show=False, tooltip=_TEXT),
    Binding("c", "command", "Command", id="profiles.command", show=False, tooltip=_COMMAND),
    Binding("f", "check", "Flags", id="profiles.check", show=False, tooltip=_CHECK),
    Binding("slash", "filter", "Filter", id="profiles.filter", show=False, tooltip=_FILTER),
    Binding("r", "reload", "Reload", id="profiles.reload", show=False, tooltip="Read them again."),
]
