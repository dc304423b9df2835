"""What hardly anybody needs, for the day when somebody does."""

from termai.profiles.option import ONLY_NATIVE, Kind, Option

GROUP = "Advanced"

OPTIONS = (
    Option(
        "load",
        "numa",
        Kind.CHOICE,
        None,
        "How threads are placed on a machine with several memory nodes: distribute spreads them, "
        "isolate stays on the node it started on, numactl follows that program. Drop the page "
        "cache before the first try.",
        GROUP,
        choices=("distribute", "isolate", "numactl"),
        engines=ONLY_NATIVE,
        flag="--numa",
    ),
    Option(
        "load",
        "repack",
        Kind.SWITCH,
        True,
        "Rearrange weights for the CPU's vector units while loading. Off loads faster and keeps "
        "the file mapped, but generates more slowly on the CPU.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--repack",
        off_flag="--no-repack",
    ),
    Option(
        "load",
        "check_tensors",
        Kind.SWITCH,
        False,
        "Look through all weights for invalid values while loading. For a file you do not trust; "
        "it makes loading slow.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--check-tensors",
    ),
    Option(
        "server",
        "cache_reuse",
        Kind.WHOLE,
        0,
        "The shortest stretch of an earlier prompt that is reused although something before it "
        "changed; 0 reuses only an unchanged beginning. Helps clients that edit the middle.",
        GROUP,
        unit="tokens",
        low=0,
        high=100_000_000,
        engines=ONLY_NATIVE,
        flag="--cache-reuse",
    ),
    Option(
        "server",
        "sleep_idle_seconds",
        Kind.WHOLE,
        -1,
        "Unload the model after so many seconds without a request, and load it again with the "
        "next one; -1 never. Frees the GPU for others; the first answer then waits for the load.",
        GROUP,
        unit="seconds",
        low=-1,
        high=31_536_000,
        engines=ONLY_NATIVE,
        flag="--sleep-idle-seconds",
    ),
)
