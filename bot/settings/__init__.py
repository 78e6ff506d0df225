"""What an operator can set: the environment and ``.env``, read into one frozen ``Settings``."""
