"""Errors that people are told about: a message id and facts, no prose and no secrets.

``bot/core/i18n/*/errors.ftl`` has one sentence for every ``message_id``; a test compares them.
"""
