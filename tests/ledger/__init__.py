"""Tests of the credits."""
