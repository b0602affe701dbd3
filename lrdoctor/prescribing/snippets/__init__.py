"""Schedules as code, one module per framework; each is run against the real library in the tests."""
