"""What termai's chat starts with, and how the model thinks."""

from termai.profiles.option import ALSO_REMOTE, ONLY_NATIVE, ONLY_REMOTE, Kind, Option

GROUP = "Chat"

OPTIONS = (
    Option(
        "chat",
        "system_prompt",
        Kind.PROSE,
        "",
        "What the model is told before the conversation: who it is, how it answers. It takes its "
        "length out of the context.",
        GROUP,
        engines=ALSO_REMOTE,
        basic=True,
    ),
    Option(
        "chat",
        "reasoning",
        Kind.CHOICE,
        "auto",
        "Whether a model that can think before it answers does so: auto goes by its template. "
        "Thinking makes hard questions come out better and every answer come later.",
        GROUP,
        choices=("auto", "on", "off"),
        engines=ONLY_NATIVE | ONLY_REMOTE,
        flag="--reasoning",
        aliases=("-rea",),
        basic=True,
    ),
    Option(
        "chat",
        "reasoning_format",
        Kind.CHOICE,
        "auto",
        "How the server hands thoughts over: deepseek in a field of their own (what auto does), "
        "deepseek-legacy in both places, none inside the answer. Change it for a client that "
        "expects otherwise.",
        GROUP,
        choices=("auto", "none", "deepseek", "deepseek-legacy"),
        engines=ONLY_NATIVE,
        flag="--reasoning-format",
    ),
    Option(
        "chat",
        "reasoning_budget",
        Kind.WHOLE,
        -1,
        "The most tokens spent on thinking: -1 no limit, 0 none. Set it for a model that thinks "
        "without end.",
        GROUP,
        unit="tokens",
        low=-1,
        high=100_000_000,
        engines=ONLY_NATIVE,
        flag="--reasoning-budget",
    ),
    Option(
        "chat",
        "reasoning_effort",
        Kind.CHOICE,
        "default",
        "How hard a model with levels of effort thinks, such as gpt-oss. Templates without levels "
        "ignore it.",
        GROUP,
        choices=("default", "minimal", "low", "medium", "high", "xhigh", "max"),
        engines=ONLY_NATIVE,
        flag="--reasoning-effort",
    ),
)
