"""Checks of exported Python cells, one kind a module."""
