"""The rows of what attempts cost the operator."""

from bot.core.models import Billed
from bot.database.transaction import Transaction
from bot.jobs.repository.rows import Attempt, Cost


def write_attempt_cost(
    tx: Transaction, attempt: Attempt, billed: Billed, cost: Cost, *, at: int
) -> None:
    """Write what an attempt cost, or may have cost."""
    usage = cost.usage
    tx.write(
        "INSERT INTO costs (job_id, slot, number, gateway, model, at, billed, pictures,"
        " lost, input_tokens, output_tokens, price)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        attempt.job_id,
        attempt.slot,
        attempt.number,
        attempt.gateway,
        cost.model,
        at,
        billed,
        cost.pictures,
        cost.lost,
        None if usage is None else usage.input_tokens,
        None if usage is None else usage.output_tokens,
        cost.price,
    )


def read_price(rows: Transaction, job_id: str) -> int:
    """Return what a job's attempts cost, or may have cost, in micros, as far as is known."""
    row = rows.one(
        "SELECT CAST(COALESCE(SUM(price), 0) AS BIGINT) AS price FROM costs WHERE job_id = $1",
        job_id,
    )
    return int(row["price"]) if row else 0
