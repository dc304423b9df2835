"""Lines of logs, one by one."""

import pytest

from termai.servers.events import Event, Kind, is_error, parse, without_prefix

PREFIX = "0.00.612.405 I "


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "load_tensors: offloaded 29/29 layers to GPU",
            Event(Kind.OFFLOADED, {"layers": "29", "total": "29"}),
        ),
        (
            "load_tensors:        CUDA0 model buffer size =  4455.35 MiB",
            Event(Kind.BUFFER, {"device": "CUDA0", "what": "model", "mib": "4455.35"}),
        ),
        (
            "llama_context:  CUDA_Host  output buffer size =     0.58 MiB",
            Event(Kind.BUFFER, {"device": "CUDA_Host", "what": "output", "mib": "0.58"}),
        ),
        (
            "llama_kv_cache:      CUDA0 KV buffer size =  5184.00 MiB",
            Event(Kind.BUFFER, {"device": "CUDA0", "what": "KV", "mib": "5184.00"}),
        ),
        (
            "sched_reserve:        CPU compute buffer size =     1.51 MiB",
            Event(Kind.BUFFER, {"device": "CPU", "what": "compute", "mib": "1.51"}),
        ),
        (
            "llama_memory_recurrent:      CUDA0 RS buffer size =    19.69 MiB",
            Event(Kind.BUFFER, {"device": "CUDA0", "what": "RS", "mib": "19.69"}),
        ),
        (
            "llama_context: n_ctx                 = 36864",
            Event(Kind.CONTEXT, {"size": "36864"}),
        ),
        (
            "srv    load_model: initializing, n_slots = 2, n_ctx_slot = 256, kv_unified = 'false'",
            Event(Kind.SLOTS, {"count": "2", "size": "256"}),
        ),
        (
            (
                "llama_prepare_model_devices: using device CUDA0 (NVIDIA GeForce RTX 3060) "
                "(0000:01:00.0) - 11790 MiB free"
            ),
            Event(Kind.DEVICE, {"name": "CUDA0", "free": "11790"}),
        ),
        (
            "load_tensors: layer   2 assigned to device CPU, is_swa = 0",
            Event(Kind.ASSIGNED, {"layer": "2", "device": "CPU"}),
        ),
        (
            "common_params_fit_impl: context size reduced from 40960 to 36864 -> need 576 MiB",
            Event(Kind.REDUCED, {"asked": "40960", "granted": "36864"}),
        ),
        ("srv  llama_server: model loaded", Event(Kind.READY, {})),
        (
            "srv  llama_server: listening on http://[::1]:8080",
            Event(Kind.LISTENING, {"url": "http://[::1]:8080"}),
        ),
        (
            (
                "slot print_timing: id 1 | task 0 | prompt eval time =   231.89 ms /    25 tokens "
                "(    9.28 ms per token,   107.81 tokens per second)"
            ),
            Event(Kind.PROMPT, {"ms": "231.89", "tokens": "25", "rate": "107.81"}),
        ),
        (
            (
                "slot print_timing: id 1 | task 0 |      eval time =    3741.06 ms /    20 tokens "
                "(  196.90 ms per token,     5.08 tokens per second)"
            ),
            Event(Kind.GENERATION, {"ms": "3741.06", "tokens": "20", "rate": "5.08"}),
        ),
    ],
)
def test_a_line_is_understood_with_and_without_the_servers_prefix(
    line: str, expected: Event
) -> None:
    assert parse(line) == expected
    assert parse(PREFIX + line) == expected


def test_the_embedded_servers_runs_are_tokens() -> None:
    line = (
        "llama_perf_context_print:        eval time =       1.58 ms /    23 runs   "
        "(    0.07 ms per token, 14547.75 tokens per second)"
    )
    event = parse(line)
    assert event
    assert (event.kind, event.whole("tokens"), event.number("rate")) == (
        Kind.GENERATION,
        23,
        14547.75,
    )


def test_a_rate_that_is_no_number_counts_as_none() -> None:
    rates = "(    0.00 ms per token,      inf tokens per second)"
    event = parse(f"llama_perf_context_print: eval time = 0.00 ms /     1 runs   {rates}")
    assert event
    assert event.number("rate") == 0.0


@pytest.mark.parametrize(
    "line",
    [
        "",
        "user: Hello",
        "0.02.009.128 I slot update_slots: id  1 | task 0 | new prompt, n_ctx_slot = 256",
        "0.00.106.089 I slot   load_model: id  0 | task -1 | new slot, n_ctx = 256",
        "0.00.011.919 I llama_context: n_ctx_seq (256) < n_ctx_train (512) -- the full capacity",
        "0.00.002.9 W srv  llama_server: security: no API key is set",
        "0.00.006.144 I cmn  common_init_: (for bugs during this step try to reproduce them",
        "# composed from the format strings",
    ],
)
def test_an_ordinary_line_says_nothing(line: str) -> None:
    assert parse(line) is None


def test_llama_servers_own_level_decides_what_an_error_is() -> None:
    assert is_error("0.00.004.555 E srv    load_model: failed to load model, 'x.gguf'")
    assert not is_error("0.00.004.555 I the user typed: error: failed to load")
    assert is_error("termai: error: The model file x.gguf does not exist.")


def test_an_error_is_quoted_without_its_time() -> None:
    line = "0.00.004.555 E srv    load_model: failed to load model, 'x.gguf'"
    assert without_prefix(line) == "srv load_model: failed to load model, 'x.gguf'"
