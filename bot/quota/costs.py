"""A server's own credits for each picture, by model and quality ('' is any quality)."""

from bot.database.transaction import Transaction

CostKey = tuple[int, str, str]
"""The server, the model and the quality."""


def read_costs(rows: Transaction, server_id: int | None) -> dict[CostKey, int]:
    """Return the costs that a server has set, or with None those of every server."""
    found = rows.query(
        f"""
        SELECT server_id, model, quality, credits
        FROM credit_costs
        {"" if server_id is None else "WHERE server_id = $1"}
        ORDER BY server_id, model, quality
        """,
        *(() if server_id is None else (server_id,)),
    )
    return {(row["server_id"], row["model"], row["quality"]): row["credits"] for row in found}


def write_cost(tx: Transaction, key: CostKey, credits: int) -> None:
    """Set a cost."""
    tx.write(
        """
        INSERT INTO credit_costs (server_id, model, quality, credits)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (server_id, model, quality) DO UPDATE SET credits = excluded.credits
        """,
        *key,
        credits,
    )


def erase_cost(tx: Transaction, key: CostKey) -> None:
    """Remove a cost."""
    tx.write("DELETE FROM credit_costs WHERE server_id = $1 AND model = $2 AND quality = $3", *key)
