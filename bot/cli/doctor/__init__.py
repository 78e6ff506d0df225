"""``python -m bot doctor``: what works, what does not, and how to mend it.

It changes nothing: no gateway connection to Discord, no migration, no file left behind.
"""
