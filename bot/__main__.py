"""The command line: ``python -m bot`` runs the bot, ``python -m bot COMMAND`` another command."""
# ruff: noqa: E402 - the imports are what gc.disable() is for

import gc

# What is loaded stays: to search it for garbage again and again takes a tenth of a start.
gc.disable()

import argparse
import asyncio
import os
import sqlite3
import sys
from collections.abc import Mapping, Sequence

import structlog

import bot
from bot.core import logging as bot_logging
from bot.core.bot_process import hold_reloads
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.private_files import UMASK
from bot.database.errors import PostgresqlError
from bot.database.faults import fault_of
from bot.settings.gateway_settings import setup_problems
from bot.settings.settings import (
    Settings,
    database_file,
    describe_doubts,
    load_settings,
    read_settings,
)

gc.enable()

log: structlog.stdlib.BoundLogger = structlog.get_logger()

EXIT_WRONG_USE = 2
EXIT_STOPPED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 done, 1 no picture or a problem was found, 2 wrong use, 130 stopped.
    """
    given = sys.argv[1:] if argv is None else argv
    options = _parser(given).parse_args(given) if given else argparse.Namespace(command=None)
    os.umask(UMASK)
    try:
        return _run(options)
    except StartRefused as refused:
        for problem in refused.problems:
            print(f"easel: {problem}", file=sys.stderr)
        return EXIT_WRONG_USE
    except KeyboardInterrupt:
        print("easel: stopped.", file=sys.stderr)
        return EXIT_STOPPED


def _run(options: argparse.Namespace) -> int:
    if options.command == "doctor":
        return _run_doctor(options)
    if options.command == "reload":
        return _run_reload()
    runs = options.command is None or getattr(options, "action", None) == "run"
    settings = _startable_settings() if runs else load_settings()
    try:
        return _run_with(settings, options)
    except sqlite3.Error as error:
        if (fault := fault_of(error)) is None:
            raise
        raise StartRefused(fault.sentence(database_file(settings))) from error
    except PostgresqlError as error:
        from bot.database.postgresql.faults import refusal_of

        raise refusal_of(error) from error


def _run_with(settings: Settings, options: argparse.Namespace) -> int:
    if options.command is None:
        _run_bot(settings)
        return 0
    if options.command == "health":
        from bot.cli import health

        return health.run_health(settings)
    if options.command == "cluster":
        return _run_cluster(settings, options)
    _print_doubts(settings)
    from bot.cli import blocks, db, gateways, imagine, jobs, privacy

    if options.command == "imagine":
        return imagine.run_imagine(settings, options)
    if options.command == "gateways":
        return gateways.run_gateways(settings)
    if options.command == "jobs":
        return jobs.run_jobs(settings, options)
    if options.command in {"block", "unblock", "blocks"}:
        return blocks.run_blocks(settings, options)
    if options.command == "privacy":
        return privacy.print_privacy_page(settings, print)
    return db.run_db(settings, options)


def _run_reload() -> int:
    from bot.cli import reload

    found = read_settings()
    if found.settings is None:
        raise StartRefused(*found.problems)
    return reload.run_reload(found.settings)  # the bot says what is wrong with them


# These two load discord.py, which takes a third of the start of any other command.


def _run_doctor(options: argparse.Namespace) -> int:
    from bot.cli.doctor import checks

    return checks.run_doctor(as_json=options.json)


def _run_bot(settings: Settings) -> None:
    gc.disable()  # as above
    from bot.cli import serve

    gc.enable()
    fields = {} if settings.clusters == 1 else {"cluster": settings.cluster}
    redactor = _configure_log(settings, fields)
    for facts, fix in describe_doubts(settings):
        log.warning("settings.doubtful", doubt=f"{facts}. {fix}")
    asyncio.run(serve.run_bot(settings, Clock(), redactor))


def _run_cluster(settings: Settings, options: argparse.Namespace) -> int:
    from bot.cli import cluster

    if options.action == "restart":
        return cluster.restart_clusters(settings)
    if problems := setup_problems(settings):
        raise StartRefused(*problems)
    _configure_log(settings, {})
    return cluster.run_cluster(settings)


def _configure_log(settings: Settings, fields: Mapping[str, object]) -> bot_logging.Redactor:
    return bot_logging.configure(
        level=settings.log_level,
        style=settings.log_format,
        secrets=settings.secrets,
        fields=fields,
    )


def _startable_settings() -> Settings:
    """Read the settings of the bot.

    Raises:
        StartRefused: with everything that is wrong or missing, not only the first of it.
    """
    hold_reloads()
    found = read_settings()
    if found.settings is None:
        raise StartRefused(*found.problems)
    if found.problems:
        _print_doubts(found.settings)
        raise StartRefused(*found.problems, *setup_problems(found.settings, found.unreadable))
    return found.settings


def _print_doubts(settings: Settings) -> None:
    for facts, fix in describe_doubts(settings):
        print(f"easel: warning: {facts}. {fix}", file=sys.stderr)


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Run Easel, the Discord bot that paints."
    )
    parser.add_argument("--version", action="version", version=f"Easel {bot.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("health", help="ask the running bot whether it is ready")
    if given[0] != "health":  # containers ask twice a minute: that must cost little
        _add_commands(commands)
    return parser


def _add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    gc.disable()
    from bot.cli import blocks, db, imagine, jobs

    gc.enable()
    imagine.add_imagine_options(
        commands.add_parser("imagine", help="paint a picture in the terminal")
    )
    commands.add_parser("gateways", help="list gateways and models, and what they can do")
    jobs.add_jobs_options(commands.add_parser("jobs", help="list jobs; cancel or repeat one"))
    db.add_db_options(
        commands.add_parser("db", help="check the database, back it up, or restore it")
    )
    blocks.add_block_options(commands.add_parser("block", help="block a person in every server"))
    blocks.add_unblock_options(commands.add_parser("unblock", help="lift such a block"))
    commands.add_parser("blocks", help="list who is blocked in every server")
    doctor = commands.add_parser("doctor", help="check the whole setup and say what to fix")
    doctor.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    commands.add_parser(
        "reload", help="let the running bot read gateways, keys and word lists anew"
    )
    cluster = commands.add_parser("cluster", help="run the bot as several processes on PostgreSQL")
    cluster.add_argument(
        "action",
        nargs="?",
        choices=("run", "restart"),
        default="run",
        help="run the processes of CLUSTERS here, or restart them one after the other",
    )
    commands.add_parser("privacy", help="print a page for PRIVACY_URL with what you set")


if __name__ == "__main__":
    sys.exit(main())
