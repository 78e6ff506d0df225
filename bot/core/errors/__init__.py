"""What can go wrong, as data: a message id and facts, never prose, never a secret.

``i18n/*/errors.ftl`` holds one sentence for every ``message_id``; a test walks both.
"""
