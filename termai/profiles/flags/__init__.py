"""llama-server's command line and termai's options, each as the other, without any binary.

Flags, their values and the order of precedence are those of llama.cpp's common/arg.cpp, in the
version that llama-cpp-python 0.3.36 builds and in older ones.
"""

from termai.profiles.flags.meaning import Meaning, flag_of_env, meaning
from termai.profiles.flags.reading import Read, grouped, known, read, read_env, shown_flag, words_of
from termai.profiles.flags.writing import Written, write, written

__all__ = [
    "Meaning",
    "Read",
    "Written",
    "flag_of_env",
    "grouped",
    "known",
    "meaning",
    "read",
    "read_env",
    "shown_flag",
    "words_of",
    "write",
    "written",
]
