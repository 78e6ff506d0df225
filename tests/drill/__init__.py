"""An empty machine that follows the pages for operators; ``.ci/drill`` runs it."""
