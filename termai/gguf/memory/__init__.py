"""What llama.cpp allocates for a model, from its header alone, before anything is loaded."""

from termai.gguf.memory.estimate import DeviceMemory, Estimate, estimate
from termai.gguf.memory.options import LoadOptions

__all__ = ["DeviceMemory", "Estimate", "LoadOptions", "estimate"]
