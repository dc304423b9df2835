"""The GPU devices that llama-cpp-python's build of llama.cpp can use (ggml-backend.h)."""

import ctypes

_GPU, _INTEGRATED_GPU = 1, 2


def gpu_devices() -> list[str]:
    """Return the names of the GPU devices, such as CUDA0, in ggml's order."""
    from llama_cpp import llama_cpp as bindings
    from llama_cpp._ggml import libggml

    bindings.llama_backend_init()
    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    libggml.ggml_backend_dev_name.restype = ctypes.c_char_p
    libggml.ggml_backend_dev_name.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_type.restype = ctypes.c_int
    libggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    devices = [libggml.ggml_backend_dev_get(i) for i in range(libggml.ggml_backend_dev_count())]
    return [
        libggml.ggml_backend_dev_name(device).decode()
        for device in devices
        if libggml.ggml_backend_dev_type(device) in (_GPU, _INTEGRATED_GPU)
    ]
