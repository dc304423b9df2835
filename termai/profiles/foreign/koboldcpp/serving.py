"""Where KoboldCPP listens, how it formats chats and draws tokens, as options."""

from termai.profiles.foreign.base import Left
from termai.profiles.foreign.keeping import SHORT
from termai.profiles.foreign.koboldcpp import sampling
from termai.profiles.foreign.koboldcpp.draft import Draft
from termai.profiles.foreign.koboldcpp.loading import split_list
from termai.profiles.foreign.koboldcpp.without import DEFAULTS
from termai.profiles.foreign.rawjson import dumped, object_of
from termai.profiles.hosts import is_loopback
from termai.text import one_line

PORT = 5001
LOOPBACK = "127.0.0.1"
EFFORTS = ("low", "medium", "high")
KWARGS = "--chat-template-kwargs"
RPC = "--rpc"


def server(draft: Draft) -> None:
    """Read address, port and the machines that lend a GPU."""
    fields = draft.fields
    host = fields.text("host")
    if host is None:
        draft.notes.append(
            "KoboldCPP listens on every network unless host is set. This profile listens on "
            "127.0.0.1 only; for others set host to 0.0.0.0 and api_key_file."
        )
    elif host != LOOPBACK:
        draft.set("host", "host", host)
        if not is_loopback(host):
            draft.notes.append(
                "termai starts a server that other machines can reach only with api_key_file."
            )
    positional, port = fields.whole("port_param"), fields.whole("port")
    if positional and (positional != PORT or not port):
        draft.set("port", "port_param", positional)
    elif port:
        draft.set("port", "port", port)
    if fields.members.get("rpcmode") and fields.members["rpcmode"].value == "connect":
        fields.use("rpcmode")
        if targets := fields.text("rpctargets"):
            draft.set("rpc", "rpctargets", split_list(targets))


def chat(draft: Draft) -> None:
    """Read the chat template, what it is told, and how the model thinks."""
    fields = draft.fields
    draft.file("chat_template_file", "jinjatemplate", fields.text("jinjatemplate"))
    said = fields.get("jinja_kwargs")
    text = dumped(said) if isinstance(said, dict) else said
    inside = object_of(text) if isinstance(text, str) else None
    if isinstance(text, str) and inside:
        draft.arg("jinja_kwargs", KWARGS, text)
    elif inside is None and said is not None:
        draft.keep("jinja_kwargs", "it is no JSON object, and KoboldCPP ignores it")
    effort = fields.text("reasoningeffort")
    if effort == "none":
        draft.set("reasoning", "reasoningeffort", "off")
    elif effort not in (None, "default"):
        draft.set("reasoning_effort", "reasoningeffort", effort)
    think = str(fields.get("jinjathink") or "default").lower()
    if think in ("true", "false"):
        draft.set("reasoning", "jinjathink", "on" if think == "true" else "off")
    needed = any(fields.get(key) for key in ("jinjatemplate", "jinja_kwargs"))
    if fields.switch("jinja") is not True or not (needed or think != "default"):
        draft.quiet("jinja")


def drawing(draft: Draft) -> None:
    """Read how tokens are drawn where a request does not say."""
    fields = draft.fields
    found, rest, names = sampling.read(fields)
    draft.values = found | draft.values
    if rest:
        draft.kept.keep("gendefaults", rest)
    is_kept = "gendefaults" in draft.kept.texts
    for name in names:
        because = "termai has no such setting for requests"
        draft.left.append(Left(one_line(name, SHORT), "", because, kept=is_kept))
    amount = fields.whole("defaultgenamt")
    if amount is None or amount == draft.values.get("max_tokens"):
        return
    if amount in DEFAULTS["defaultgenamt"] or "max_tokens" in draft.values:
        draft.quiet("defaultgenamt")
    else:
        draft.set("max_tokens", "defaultgenamt", amount)
