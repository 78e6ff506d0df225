"""Quotas: limits, holds and charges of credits, their reports and exports."""
