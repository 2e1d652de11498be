"""Parsers of foreign formats: run in a child process only, by respike.core.foreign."""
