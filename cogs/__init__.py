"""The slash commands, buttons, forms and reactions: one module for each family."""
