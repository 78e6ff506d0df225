"""Operations: what is done with pictures instead of painting from a prompt."""

from typing import Literal, get_args

Operation = Literal["blend", "upscale", "swap"]
"""What is done with pictures instead of painting: make one of several, enlarge, swap a face."""
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
COMMAND_OPERATIONS: tuple[Operation, ...] = ("blend", "swap")
"""Those that have a command, which is there only where an image service can do that."""
