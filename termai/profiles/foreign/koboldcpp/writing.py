"""A profile as KoboldCPP's settings: what it sets and KoboldCPP needs, and what was kept of it.

What the profile leaves to the engine is left out, so that KoboldCPP's own default holds, except
where that would change what happens: when the context is full, and who can reach the server.
"""

from collections.abc import Sequence

from termai.profiles.foreign.base import Exported, Left, Wanted
from termai.profiles.foreign.common import left_of_others
from termai.profiles.foreign.keeping import SHORT, withheld
from termai.profiles.foreign.koboldcpp import devices, sampling, unloading
from termai.profiles.foreign.koboldcpp.draft import NAME
from termai.profiles.foreign.koboldcpp.serving import EFFORTS, KWARGS, LOOPBACK, RPC
from termai.profiles.foreign.koboldcpp.sheet import Sheet
from termai.profiles.foreign.koboldcpp.without import says_nothing
from termai.profiles.foreign.rawjson import joined, object_of, value_of
from termai.profiles.foreign.secrets import plain
from termai.profiles.kept import holds_secret
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, NATIVE
from termai.text import one_line

GENERATED = (64, 32_768)  # tokens that defaultgenamt may be
_FLAGS = {
    "--image-min-tokens": "visionmintokens",
    "--image-max-tokens": "visionmaxtokens",
}
_WHY = {
    "api_key_file": "KoboldCPP takes the key itself: start it with KCPP_PASSWORD set",
    "port_strict": "KoboldCPP never takes another port by itself",
    "system_prompt": "KoboldCPP leaves the system prompt to its clients",
    "rope_scale": "KoboldCPP takes rope_freq_scale and rope_freq_base together",
    "fit": "KoboldCPP fits a model only when gpulayers is -1",
    "chat_template": "KoboldCPP takes a file: write the template into one, see chat_template_file",
    "frequency_penalty": "KoboldCPP has presence_penalty only",
    "cors_origins": "KoboldCPP lets every web page in",
}


def write(profile: Profile, wanted: Wanted) -> Exported:
    """Return a profile as a ``.kcpps`` file of KoboldCPP 1.117, and what it cannot hold."""
    profile, secrets, hidden = plain(profile, wanted, env=False)
    kept = profile.kept.get(NAME, {})
    sheet = Sheet(profile, wanted, {key: text for key, text in kept.items() if _sound(text)})
    unloading.write(sheet)
    _server(sheet)
    _environment(sheet)
    _chat(sheet)
    _drawing(sheet)
    for key in sheet.undone():
        if key == "fit" and profile.values[key]:
            continue
        sheet.miss(key, *([_WHY[key]] if key in _WHY else []))
    _beside(sheet)
    for key in kept:
        if key not in sheet.kept:
            because = "what is kept of it is not one value of JSON"
            sheet.left.append(Left(one_line(key, SHORT), "", because))
    private = _kept(sheet) or hidden
    text = joined(sheet.texts, "  ") + "\n"
    return Exported(text, (*sheet.left, *secrets), tuple(sheet.notes), private)


def _sound(text: str) -> bool:
    """Tell whether a kept text, which a hand may have edited, is still one value."""
    try:
        value_of(text)
    except ValueError:
        return False
    return True


def _server(sheet: Sheet) -> None:
    sheet.put("host", sheet.value("host") or LOOPBACK)
    port = sheet.value("port")
    if port is not None:
        sheet.put("port", port)
        sheet.put("port_param", port)


def _environment(sheet: Sheet) -> None:
    env = sheet.profile.env
    if tuple(sheet.profile.value("device")) == ("none",):
        said: set[str] = set()
    else:
        texts, said = devices.write(sheet.profile, sheet.kept)
        sheet.texts |= texts
    for name in env:
        if name not in said:
            because = "KoboldCPP's settings hold no environment; set it before you start it"
            sheet.left.append(Left(f"env.{one_line(name, SHORT)}", "", because))


def _chat(sheet: Sheet) -> None:
    sheet.file("chat_template_file", "jinjatemplate")
    think = sheet.value("reasoning")
    if think in ("on", "off"):
        sheet.put("jinjathink", "true" if think == "on" else "false")
    effort = sheet.value("reasoning_effort")
    if effort in EFFORTS:
        sheet.put("reasoningeffort", effort)
    elif effort not in (None, "default"):
        sheet.miss("reasoning_effort", f"KoboldCPP knows {', '.join(EFFORTS)} only")
    args = list(sheet.profile.args.get(NATIVE, ()))
    rest: list[str] = []
    while args:
        flag = args.pop(0)
        if not args or not _flag(sheet, flag, args[0]):
            rest.append(flag)
            continue
        args.pop(0)
    if rest:
        because = "KoboldCPP does not take llama-server's flags"
        sheet.left.append(Left(f"args.{NATIVE}", _words(rest), because))
    if any(key in sheet.texts for key in ("jinjatemplate", "jinja_kwargs", "jinjathink")):
        sheet.put("jinja", True)


def _flag(sheet: Sheet, flag: str, value: str) -> bool:
    if flag == KWARGS and object_of(value):
        sheet.put("jinja_kwargs", value)
    elif flag == RPC and not value.startswith("-"):
        sheet.put("rpcmode", "connect")
        sheet.put("rpctargets", value)
    elif flag in _FLAGS and value.isascii() and value.isdigit() and str(int(value)) == value:
        sheet.put(_FLAGS[flag], int(value))
    else:
        return False
    return True


def _drawing(sheet: Sheet) -> None:
    text, left = sampling.write(sheet.profile, sheet.kept.get("gendefaults", ""))
    for wanted in sampling.NAMES:
        amount = sheet.value(wanted)
        if wanted == "max_tokens" and amount and GENERATED[0] <= amount <= GENERATED[1]:
            sheet.put("defaultgenamt", amount)
    if text:
        sheet.texts["gendefaults"] = text
    sheet.left += left


def _beside(sheet: Sheet) -> None:
    """List what a profile says beside its options."""
    profile = sheet.profile
    if profile.description:
        shown = one_line(profile.description, SHORT)
        sheet.left.append(Left("description", shown, "KoboldCPP's settings have no description"))
    if profile.engine != AUTO:
        sheet.left.append(Left("engine", profile.engine, "KoboldCPP is the engine there"))
    for engine, words in profile.args.items():
        if engine != NATIVE:
            because = "KoboldCPP is the engine there"
            sheet.left.append(Left(f"args.{engine}", _words(words), because))
    sheet.left += left_of_others(profile, NAME)


def _words(words: Sequence[str]) -> str:
    text = " ".join(words)
    return "" if holds_secret(text) else one_line(text, SHORT)


def _kept(sheet: Sheet) -> bool:
    """Write what was kept and nothing else has written; tell whether a secret is among it."""
    private = False
    automatic = sheet.profile.value("n_gpu_layers") == "auto"
    for key, text in sheet.kept.items():
        if key in (*sheet.texts, "usecuda", "usevulkan") or (key == "autofit" and not automatic):
            continue
        empty = says_nothing(key, value_of(text))
        secret = None if empty else withheld(key, text, with_secrets=False)
        if secret and not sheet.wanted.with_secrets:
            sheet.left.append(secret)
            continue
        private = private or secret is not None
        sheet.texts[key] = text
    if sheet.profile.value("context_shift") and sheet.texts.get("nofastforward") == "true":
        because = "nofastforward, which the imported file said, switches it off in KoboldCPP"
        sheet.left.append(Left("context_shift", "on", because))
    sheet.texts.setdefault("istemplate", "false")
    return private
