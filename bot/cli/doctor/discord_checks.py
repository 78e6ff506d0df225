"""Checks of the setup at Discord: the application, the invite link, and every server."""

from collections.abc import Iterator
from typing import Final

import discord
from yarl import URL

from bot.cli.doctor.discord_account import DiscordAnswers, NoAnswer, Server, Servers
from bot.cli.doctor.finding import Finding, fine, listing, warning, wrong
from bot.discord_ui.command_sync import SYNCED_FILE, SyncedCommands, digest
from bot.settings.settings import NOTHING_LIMITS_STRANGERS, Settings

# What the bot needs, in the words of Discord's own settings pages.
NEEDED: Final = {
    "View Channels": discord.Permissions.view_channel.flag,
    "Send Messages": discord.Permissions.send_messages.flag,
    "Send Messages in Threads": discord.Permissions.send_messages_in_threads.flag,
    "Embed Links": discord.Permissions.embed_links.flag,
    "Attach Files": discord.Permissions.attach_files.flag,
    "Add Reactions": discord.Permissions.add_reactions.flag,
    "Read Message History": discord.Permissions.read_message_history.flag,
}
_NOT_ASKED = "not checked because the bot cannot log in"


def needed_permissions() -> discord.Permissions:
    """Return what the bot needs in a server, and no more.

    Removing a person's own reaction would take Manage Messages: the bot does so only where it may.
    """
    return discord.Permissions(sum(NEEDED.values()))


def invite_link(application_id: int) -> str:
    """Return the address that adds the bot to a server with exactly the needed permissions."""
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(application_id, permissions=needed_permissions(), scopes=scopes)


def user_install_link(application_id: int) -> str:
    """Return the address with which a person installs the bot for themselves."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application_id}"
        "&integration_type=1&scope=applications.commands"
    )


def check_application(answers: DiscordAnswers) -> Iterator[Finding]:
    """Check the token, and the application settings that make a valid token useless."""
    application = answers.application
    if isinstance(application, NoAnswer):
        yield wrong("token", application.facts, application.fix)
    else:
        yield fine("token", f"logs in as {application.name} (application {application.id})")
    yield fine("intents", "none of the privileged intents is needed")
    if isinstance(application, discord.AppInfo):
        yield _interactions(application)


def _interactions(application: discord.AppInfo) -> Finding:
    endpoint = application.interactions_endpoint_url
    if not endpoint:
        return fine("interactions", "are sent to the bot")
    return wrong(
        "interactions",
        f"Discord sends every command to {URL(endpoint).host}, and none to the bot",
        "Empty Interactions Endpoint URL on your application's General Information page.",
    )


def check_servers(answers: DiscordAnswers, settings: Settings) -> Iterator[Finding]:
    """Name the servers in which permissions are missing, and those that the bot is not in."""
    if isinstance(answers.application, NoAnswer):
        yield warning("servers", _NOT_ASKED)
        return
    servers = answers.servers
    if isinstance(servers, NoAnswer):
        yield wrong("servers", servers.facts, servers.fix)
        return
    yield _joined(servers)
    for label, flag in NEEDED.items():
        lacking = [one for one in servers.known if not _may(one.permissions, flag)]
        if lacking:
            yield _lacking(label, lacking)
    if servers.complete:
        yield from _not_joined(servers, settings)


def _joined(servers: Servers) -> Finding:
    if not servers.known:
        return warning("servers", "the bot is in no server", "Open the invite link below.")
    more = "" if servers.complete else " or more; only these were checked"
    return fine("servers", f"the bot is in {len(servers.known)}{more}")


def _may(permissions: discord.Permissions, flag: int) -> bool:
    return permissions.administrator or bool(permissions.value & flag)


def _lacking(label: str, lacking: list[Server]) -> Finding:
    return wrong(
        "permissions",
        f"{label} is missing in {listing([server.name for server in lacking])}",
        f"Allow {label} for the bot's role in Server Settings → Roles, "
        "or let an admin open the invite link below again.",
    )


def _not_joined(servers: Servers, settings: Settings) -> Iterator[Finding]:
    joined = {server.id for server in servers.known}
    strangers = [str(id_) for id_ in settings.allowed_servers if id_ not in joined]
    if strangers:
        yield warning(
            "servers",
            f"ALLOWED_SERVERS names servers that the bot is not in: {listing(strangers)}",
            "Invite the bot to them with the link below, or remove them from the list.",
        )
    if settings.dev_guild_id is not None and settings.dev_guild_id not in joined:
        yield wrong(
            "servers",
            f"DEV_GUILD_ID={settings.dev_guild_id} is a server that the bot is not in",
            "Invite the bot to it with the link below, or leave DEV_GUILD_ID empty.",
        )


def check_commands(answers: DiscordAnswers, settings: Settings) -> Finding:
    """Compare the commands that Discord has with what the bot found after its last update."""
    commands = answers.commands
    if isinstance(answers.application, NoAnswer):
        return warning("commands", _NOT_ASKED)
    if isinstance(commands, NoAnswer):
        return wrong("commands", commands.facts, commands.fix)
    named = listing([str(command["name"]) for command in commands]) or "none"
    if settings.has_server:  # its processes compare it in the database
        return fine("commands", f"Discord has {named}")
    synced = SyncedCommands.read(settings.data_dir / SYNCED_FILE)
    if not commands and synced is None:
        return fine("commands", "none yet; the first start registers them")
    if synced is None or synced.registered != digest(commands):
        return warning(
            "commands",
            f"Discord has {named}: this is not what the bot registered",
            "Restart the bot: it registers them again, or logs commands.not_synced with Discord's "
            "reason. If they change once more, another program uses the same token.",
        )
    return fine("commands", f"Discord has {named}")


def check_invitation(answers: DiscordAnswers) -> Finding:
    """Report the invite link."""
    application = answers.application
    if isinstance(application, NoAnswer):
        return warning("invite link", _NOT_ASKED)
    link = invite_link(application.id)
    if application.bot_require_code_grant:
        return wrong(
            "invite link",
            f"fails while a code grant is required: {link}",
            "Turn off Requires OAuth2 Code Grant on your application's Bot page.",
        )
    if not application.bot_public:
        return fine("invite link", f"for the application's owner only: {link}")
    return fine("invite link", link)


def check_strangers(answers: DiscordAnswers, settings: Settings) -> Iterator[Finding]:
    """Warn where anybody may invite the bot and spend without an end."""
    application = answers.application
    if isinstance(application, NoAnswer) or not application.bot_public:
        return
    if not settings.limits_strangers:
        yield warning("strangers", *NOTHING_LIMITS_STRANGERS)


def check_user_install(answers: DiscordAnswers, settings: Settings) -> Iterator[Finding]:
    """Report the link with which people install the bot for themselves, where allowed."""
    application = answers.application
    if isinstance(application, NoAnswer) or not settings.allow_user_install:
        return
    if application.user_integration_config is None:
        yield wrong(
            "user install",
            "ALLOW_USER_INSTALL is on, but the application does not allow it",
            "Turn on User Install, with the scope applications.commands, on your application's "
            "Installation page.",
        )
        return
    yield fine("user install", user_install_link(application.id))
