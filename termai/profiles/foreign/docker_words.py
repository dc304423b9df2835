"""``docker run`` and ``podman run``: what they give a container, and the words of its program."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from termai.profiles.flags import shown_flag
from termai.profiles.foreign.shell_words import Word
from termai.profiles.kept import hides

_ALONE = re.compile(
    r"-[ditPq]+|--(?:rm|detach|tty|interactive|init|privileged|publish-all|quiet|read-only|"
    r"no-healthcheck|oom-kill-disable|sig-proxy|replace|help)"
)
"""The flags of ``docker run`` that are followed by no value (docker container run, reference)."""

_WITH_VALUE = frozenset("acehlmpuvw")
"""The letters of its short flags that a value follows, in the same word or the next."""
_HARMLESS = frozenset(
    {"--gpus", "--name", "--shm-size", "--network", "--net", "--ipc", "--restart", "--device"}
    | {"--runtime", "--memory", "--cpus", "--ulimit", "--platform", "--pull", "--cpuset-cpus"}
)
"""Flags whose values are no secrets."""

_PORTS = re.compile(r"(?:.*:)?(\d{1,5}):(\d{1,5})(?:/tcp)?")


@dataclass(frozen=True, slots=True)
class Container:
    """What stands behind ``docker run``.

    words: behind the image. env: set for the container. mounts: directory in the container to
    directory of this machine. ports: of the container to that of this machine. rest: the other
    words in front of the image, to be shown: flags, with the values of those that take no secret.
    """

    words: tuple[Word, ...]
    env: Mapping[str, Word] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[int, int] = field(default_factory=dict)
    rest: tuple[str, ...] = ()

    def outside(self, path: str) -> str:
        """Return where a path of the container is on this machine, itself where it is nowhere."""
        for inside, here in sorted(self.mounts.items(), key=lambda pair: -len(pair[0])):
            if path.startswith(inside.rstrip("/") + "/"):
                return here.rstrip("/") + path.removeprefix(inside.rstrip("/"))
        return path


def container(words: Sequence[Word]) -> Container | None:
    """Return what a command runs in a container, None where it runs none."""
    texts = [word.text for word in words]
    start = next((i for i, text in enumerate(texts) if text in ("docker", "podman")), None)
    if start is None or "run" not in texts[start:]:
        return None
    position = texts.index("run", start) + 1
    given: list[tuple[str, Word | None]] = []
    while position < len(words) and texts[position].startswith("-"):
        flag, value = _parted(texts[position])
        behind = replace(words[position], text=value) if value is not None else None
        position += 1
        if behind is None and not _ALONE.fullmatch(flag) and position < len(words):
            behind = words[position]
            position += 1
        given.append((flag, behind))
    return _filled(given, tuple(words[position + 1 :]))


def _parted(word: str) -> tuple[str, str | None]:
    """Return a flag and the value in the same word, None where none is: ``-eA=b``, ``--env=A=b``.

    Letters may stand in front, as in ``-itp 80:80``.
    """
    if word.startswith("--"):
        flag, equals, value = word.partition("=")
        return flag, value if equals else None
    for index, letter in enumerate(word[1:], 1):
        if letter in _WITH_VALUE:
            rest = word[index + 1 :].removeprefix("=")
            return f"-{letter}", rest or None
        if not letter.isalpha():
            break
    return word.partition("=")[0], None


def _filled(given: list[tuple[str, Word | None]], words: tuple[Word, ...]) -> Container:
    env: dict[str, Word] = {}
    mounts: dict[str, str] = {}
    ports: dict[int, int] = {}
    rest: list[str] = []
    for flag, behind in given:
        value = behind.text if behind else ""
        name, equals, text = value.partition("=")
        if behind and flag in ("-e", "--env") and equals:
            env[name] = replace(behind, text=text)
        elif mount := _mount(flag, value):
            mounts[mount[0]] = mount[1]
        elif flag in ("-p", "--publish") and (published := _PORTS.fullmatch(value)):
            ports[int(published[2])] = int(published[1])
        else:
            harmless = value and flag in _HARMLESS and not hides("", value)
            rest += [shown_flag(flag), value] if harmless else [shown_flag(flag)]
    return Container(words, env, mounts, ports, tuple(rest))


def _mount(flag: str, text: str) -> tuple[str, str] | None:
    """Return container directory and directory here of a mount, None where it is none."""
    if flag in ("-v", "--volume"):
        here, _, there = text.partition(":")
        there = there.partition(":")[0]
        named = not here.startswith(("/", "~", ".", "$"))
        return None if named or not there.startswith("/") else (there, here)
    parts = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    here = parts.get("source", parts.get("src", ""))
    there = parts.get("target", parts.get("dst", parts.get("destination", "")))
    bound = flag == "--mount" and parts.get("type") == "bind"
    return (there, here) if bound and here and there else None
