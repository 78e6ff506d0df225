"""The words and expressions that prompts may not contain: the operator's, and a server's words."""
