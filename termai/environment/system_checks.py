"""The checks of the machine itself: GPUs, memory and limits, disks, the terminal, the network."""

from termai.environment import (
    clock,
    cpu,
    disks,
    encoding,
    file_systems,
    gpu_choice,
    gpu_devices,
    gpu_driver,
    gpu_drm,
    gpu_events,
    gpu_state,
    hub,
    huge_pages,
    logout,
    memory,
    multiplexer,
    numa,
    proxies,
    terminal,
    user_limits,
)
from termai.environment.running import Check

_GPU, _MEMORY, _TERMINAL = "GPU", "Memory and limits", "Terminal"
_DRIVER_S = gpu_driver.LIMIT_S + 1.0

CHECKS = (
    Check(gpu_driver.NAME, _GPU, gpu_driver.driver, _DRIVER_S),
    Check(gpu_devices.NAME, _GPU, gpu_devices.device_files),
    Check("GPU state", _GPU, gpu_state.state, _DRIVER_S),
    Check(gpu_events.NAME, _GPU, gpu_events.faults),
    Check("Other GPUs", _GPU, gpu_drm.others),
    Check(gpu_choice.NAME, _GPU, gpu_choice.choice),
    Check("Memory", _MEMORY, memory.memory),
    Check("Swap", _MEMORY, memory.swap),
    Check("Memory shortage", _MEMORY, memory.shortage),
    Check("Memory overcommit", _MEMORY, memory.overcommit),
    Check("Memory lock", _MEMORY, user_limits.memory_lock),
    Check("Open files", _MEMORY, user_limits.open_files),
    Check("Threads", _MEMORY, user_limits.tasks),
    Check("Addresses", _MEMORY, user_limits.addresses),
    Check("Processor", _MEMORY, cpu.processor),
    Check("Processor time", _MEMORY, user_limits.processors),
    Check("Processor clock", _MEMORY, cpu.frequency),
    Check(huge_pages.NAME, _MEMORY, huge_pages.huge_pages),
    Check(numa.NAME, _MEMORY, numa.nodes),
    Check("Disks", _MEMORY, disks.disks),
    Check("File systems", _MEMORY, file_systems.file_systems),
    Check(clock.NAME, _MEMORY, clock.clock),
    Check(logout.NAME, _TERMINAL, lambda: (logout.survival(),)),
    Check(multiplexer.NAME, _TERMINAL, multiplexer.multiplexer),
    Check("Terminal size", _TERMINAL, terminal.size),
    Check("Colours", _TERMINAL, terminal.colours),
    Check("TERM", _TERMINAL, terminal.described),
    Check("TERM inside", _TERMINAL, multiplexer.term_inside),
    Check("Clipboard", _TERMINAL, multiplexer.clipboard),
    Check("Unicode in tmux", _TERMINAL, multiplexer.unicode_in_tmux),
    Check("Mouse", _TERMINAL, terminal.mouse),
    Check(encoding.NAME, _TERMINAL, encoding.locale),
    Check(proxies.NAME, hub.GROUP, proxies.proxies),
)
"""Those that need to know nothing but this machine; ``hub.checks`` and ``ports.ports`` are told
by a higher room what to look for."""
