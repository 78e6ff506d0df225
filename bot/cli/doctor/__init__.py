"""``python -m bot doctor``: check the installation and say how to fix what is wrong.

It changes nothing: no gateway connection to Discord, no migration, no file left behind.
"""
