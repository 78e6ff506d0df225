"""Shared by every package: values, errors, clock, logging, texts, process locks, pseudonyms."""
