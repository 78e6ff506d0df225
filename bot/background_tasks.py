"""What runs beside the requests: maintenance, backups, late tasks, jobs of dead processes."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Self

from bot.core.clock import Clock
from bot.database.scheduled_copies import BACKUP_FOLDER
from bot.discord_ui.caller import with_present_roles
from bot.discord_ui.client import Client
from bot.discord_ui.couriers import Couriers
from bot.discord_ui.log_channels import LogChannels
from bot.discord_ui.uploads import read_from_cdn
from bot.gateways.reply.unread_files import UnreadFiles
from bot.jobs.expired_tokens import ExpiredTokens
from bot.jobs.job_retention import JobRetention
from bot.jobs.late_tasks import LateTasks
from bot.jobs.maintenance import (
    Maintenance,
    MaintenanceTask,
    SharedMaintenance,
    delete_old_charges,
    delete_presses,
)
from bot.jobs.recovery import Recovery, ResumableJob, UnreportedFailure
from bot.jobs.scheduled_backups import BackupSchedule, ScheduledBackups
from bot.jobs.take_overs import TakeOvers
from bot.preferences.preference_store import PreferenceStore
from bot.services import Services
from bot.settings.settings import Settings, lock_folders

LAST_ENTRIES_S = 3.0  # for what ended in the last moment


@dataclass(frozen=True, slots=True)
class BackgroundTasks:
    """What runs beside the requests, from the login on."""

    maintenance: Maintenance
    shared: SharedMaintenance
    backups: ScheduledBackups
    late_tasks: LateTasks
    expired_tokens: ExpiredTokens
    take_overs: TakeOvers
    log_channels: LogChannels

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings,
        services: Services,
        client: Client,
        preference_store: PreferenceStore,
        clock: Clock,
    ) -> AsyncIterator[Self]:
        """Own them in this context."""
        log_channels = LogChannels(client, preference_store, services.database, services.repository)
        services.job_service.on_end = log_channels.job_ended
        services.job_service.on_declined = log_channels.declined
        maintenance, shared = _maintenance(settings, services, client, clock)
        backups = _backups(settings, services, clock)
        tokens = ExpiredTokens(services.database, services.repository, clock)
        take_overs, late_tasks = TakeOvers(services.recovery, clock), services.late_tasks
        async with log_channels, maintenance, shared, backups, tokens, take_overs, late_tasks:
            yield cls(maintenance, shared, backups, late_tasks, tokens, take_overs, log_channels)

    def begin(
        self,
        recovery: Recovery,
        client: Client,
        taken: Sequence[UnreportedFailure | ResumableJob],
        couriers: Couriers,
    ) -> None:
        """Start them; nobody waits until hundreds of old cards are told."""
        read = partial(read_from_cdn, client)
        resume = partial(recovery.resume, taken, couriers.reopen, read)
        self.maintenance.begin(resume)
        self.late_tasks.begin(couriers.reopen, partial(with_present_roles, client))
        self.backups.begin()
        self.shared.begin()
        self.expired_tokens.begin()
        self.take_overs.begin(couriers.reopen, read)

    async def end(self) -> None:
        """End them, the log channels once they have posted what waits."""
        await self.log_channels.finish(within_s=LAST_ENTRIES_S)
        tasks = (
            self.take_overs,
            self.maintenance,
            self.shared,
            self.late_tasks,
            self.backups,
            self.expired_tokens,
        )
        for task in tasks:
            await task.end()


def _backups(settings: Settings, services: Services, clock: Clock) -> ScheduledBackups:
    return ScheduledBackups(
        lock_folders(settings).database,
        settings.data_dir / BACKUP_FOLDER,
        BackupSchedule(settings.copied_every, settings.backup_keep),
        clock=clock,
        alerts=services.alerts,
    )


def _maintenance(
    settings: Settings, services: Services, client: Client, clock: Clock
) -> tuple[Maintenance, SharedMaintenance]:
    """Return what this process does daily, and what any of several processes does."""
    chores = _chores(settings, services, clock)
    first: list[MaintenanceTask] = [
        services.deletion.complete,  # whichever process died: somebody asked for it
        services.deletion.forget_old_requests,
        services.offers.refresh,
    ]
    patient = [*_own_tasks(settings, services, client, clock)]
    if not settings.has_server:
        patient.extend(chores.values())
        chores.clear()
    maintenance = Maintenance(first, clock, patient=patient)
    return maintenance, SharedMaintenance(services.database, chores, clock)


def _own_tasks(
    settings: Settings, services: Services, client: Client, clock: Clock
) -> Sequence[MaintenanceTask]:
    """Return what each process does, as nobody else has its files."""
    return (
        client.sync_commands,  # Discord may have refused them for a day
        services.content_store.adopt_files,
        services.retention.delete_expired,
        partial(to_thread, UnreadFiles(settings.data_dir / "unread", clock.now).delete_old),
    )


def _chores(settings: Settings, services: Services, clock: Clock) -> dict[str, MaintenanceTask]:
    """Return what one process does for all of them."""
    database, ledger = services.database, services.ledger
    keep = timedelta(days=settings.keep_jobs_days)
    old_jobs = JobRetention(database, ledger, keep=keep, clock=clock)
    return {
        "taken down files": services.taken_down_files.delete,
        "presses": partial(delete_presses, database, clock.now),
        "stripes": partial(database.write, ledger.fold_stripes),
        "charges": partial(delete_old_charges, database, ledger, clock.now),
        "jobs": old_jobs.delete_old,  # the first time it may take hours
    }
