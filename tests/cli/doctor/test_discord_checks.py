"""The token, the application and the servers, against a strict Discord."""

import re
import socket
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.cli.doctor.discord_account import MAX_PAGES, PAGE
from bot.cli.doctor.discord_checks import NEEDED
from bot.cli.doctor.finding import Sign
from bot.discord_ui.command_sync import SYNCED_FILE, SyncedCommands, digest
from tests.cli.doctor.installation import ALL_NEEDED, LIST, Installation, of
from tests.discord_rest.fake import APPLICATION_ID, Answer, application, guild
from tests.gateways.untrusted_tls import untrusted_tls_port

ADMINISTRATOR = 1 << 3
ATTACH_FILES = 1 << 15


async def test_a_wrong_token_is_told_apart_from_a_broken_network(
    installation: Installation,
) -> None:
    """One is fixed on Discord's page, the other at the router."""
    installation.discord.token = "another"
    findings = await installation.examined()
    token = of(findings, "token")
    assert (token.sign, token.facts) == (
        Sign.WRONG,
        "Discord refuses DISCORD_TOKEN (HTTP 401)",
    )
    assert token.fix.startswith("Copy the token from your application's Bot page")
    assert of(findings, "servers").sign is Sign.WARNING
    assert of(findings, "invite link").sign is Sign.WARNING
    assert of(findings, "clock").facts == "0.2 s ahead of Discord's"
    assert installation.discord.refused == ["GET /api/v10/users/@me: 401: Unauthorized"]


async def test_a_discord_that_cannot_be_reached_is_one_sentence(installation: Installation) -> None:
    """The token may be right: nothing is said about it."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    installation.env.setattr(discord.http.Route, "BASE", f"http://127.0.0.1:{port}")
    token = of(await installation.examined(), "token")
    assert token.facts == "Discord cannot be reached"
    assert token.fix == (
        "Check this machine's network: DNS and HTTPS to discord.com must work, "
        "through HTTPS_PROXY if you set it."
    )


async def test_a_silent_discord_ends_by_time(installation: Installation) -> None:
    """discord.py itself would wait for five minutes, five times."""
    installation.discord.silent.add("/users/@me")
    token = of(await installation.examined(timeout_s=0.05), "token")
    assert token.facts == "Discord does not answer within 0.05 s"
    assert "https://discordstatus.com" in token.fix


async def test_a_certificate_that_is_not_trusted_is_named(installation: Installation) -> None:
    """A proxy that reads along, or a clock of 1970."""
    async with untrusted_tls_port() as port:
        installation.env.setattr(discord.http.Route, "BASE", f"https://localhost:{port}")
        token = of(await installation.examined(), "token")
    assert token.facts == "Discord's certificate is not trusted on this machine"
    assert token.fix.startswith("Check this machine's clock")


@pytest.mark.parametrize(
    ("answer", "facts", "fix"),
    [
        (Answer(503, {"message": "x", "code": 0}), "Discord answers HTTP 503", "a few minutes"),
        (Answer(429, "<h1>banned</h1>"), "Discord answers HTTP 429", "in an hour"),
        (Answer(403, "<h1>banned</h1>"), "Discord answers HTTP 403", "in an hour"),
        (Answer(200, "<h1>Wifi</h1>"), "something other than Discord answers", "sign-in page"),
        (Answer(200, {"hello": 1}), "something other than Discord answers", "sign-in page"),
    ],
)
async def test_other_answers_have_their_sentence(
    installation: Installation, answer: Answer, facts: str, fix: str
) -> None:
    """An outage, a ban and a hotel's network are fixed in three ways."""
    installation.discord.instead["/users/@me"] = answer
    token = of(await installation.examined(), "token")
    assert token.sign is Sign.WRONG
    assert facts in token.facts
    assert fix in token.fix


@pytest.mark.parametrize("token", ["Bot abc.def.ghi", "абв.где.жзи", "abc\tdef"])
async def test_a_token_that_cannot_be_one_is_not_sent(
    installation: Installation, token: str
) -> None:
    """Such a token would end in a traceback of the HTTP library."""
    found = of(await installation.examined(DISCORD_TOKEN=token), "token")
    assert found.facts == "DISCORD_TOKEN holds characters that no token has"
    assert installation.discord.refused == []


async def test_the_white_space_around_a_pasted_token_does_not_matter(
    installation: Installation,
) -> None:
    """The bot would log in with it, too."""
    found = of(
        await installation.examined(DISCORD_TOKEN=f" {installation.discord.token}\n"), "token"
    )
    assert found.sign is Sign.FINE


async def test_an_interactions_endpoint_is_named_as_the_trap_it_is(
    installation: Installation,
) -> None:
    """Discord would send every command there: the bot is online and answers nothing."""
    url = "https://old.example/hook?secret=1"
    installation.discord.application = application(interactions_endpoint_url=url)
    found = of(await installation.examined(), "interactions")
    assert found.sign is Sign.WRONG
    assert found.facts == "Discord sends every command to old.example, and none to the bot"
    assert found.fix.startswith("Empty Interactions Endpoint URL")


async def test_each_missing_permission_names_its_servers(installation: Installation) -> None:
    """A picture that cannot be attached is paid for and lost."""
    everything_but = ALL_NEEDED & ~ATTACH_FILES
    installation.discord.guilds = [guild(n, f"Club {n}", everything_but) for n in range(1, 13)]
    installation.discord.guilds += [
        guild(50, "Admins", ADMINISTRATOR),
        guild(51, "Full", ALL_NEEDED),
    ]
    findings = await installation.examined()
    assert of(findings, "servers").facts == "the bot is in 14"
    found = of(findings, "permissions")
    assert found.sign is Sign.WRONG
    named = ", ".join(f"Club {n}" for n in range(1, 11))
    assert found.facts == f"Attach Files is missing in {named} and 2 more"
    assert found.fix.startswith("Allow Attach Files for the bot's role in Server Settings → Roles")


async def test_all_seven_permissions_are_looked_at(installation: Installation) -> None:
    """Each is needed by another part of an answer."""
    installation.discord.guilds = [guild(11, "Fox Club", 0)]
    findings = await installation.examined()
    facts = [one.facts for one in findings if one.check == "permissions"]
    assert facts == [f"{label} is missing in Fox Club" for label in NEEDED]
    assert len(facts) == 7


async def test_every_page_of_servers_is_read(installation: Installation) -> None:
    """The 201st server counts like the first."""
    installation.discord.guilds = [
        guild(n, f"Club {n}", ALL_NEEDED) for n in range(1, 2 * PAGE + 2)
    ]
    installation.discord.guilds[-1]["permissions"] = "0"
    findings = await installation.examined()
    assert of(findings, "servers").facts == "the bot is in 401"
    assert f"Club {2 * PAGE + 1}" in next(
        one.facts for one in findings if one.check == "permissions"
    )
    assert installation.discord.requests[2:5] == [
        "GET /users/@me/guilds?limit=200&with_counts=0",
        "GET /users/@me/guilds?limit=200&with_counts=0&after=200",
        "GET /users/@me/guilds?limit=200&with_counts=0&after=400",
    ]


async def test_a_very_large_bot_is_read_in_part_and_told_so(installation: Installation) -> None:
    """Of servers that were not read nothing is claimed."""
    installation.discord.guilds = [
        guild(n, f"Club {n}", ALL_NEEDED) for n in range(1, MAX_PAGES * PAGE + 2)
    ]
    findings = await installation.examined(DEV_GUILD_ID="99999", ALLOWED_SERVERS="99999")
    found = of(findings, "servers")
    assert found.facts == "the bot is in 3000 or more; only these were checked"
    assert len(installation.discord.requests) == 2 + MAX_PAGES


async def test_servers_that_the_bot_is_not_in_are_named(installation: Installation) -> None:
    """A list may be ahead of its invitations; commands for a strange server stop the start."""
    findings = await installation.examined(ALLOWED_SERVERS="11,12,13", DEV_GUILD_ID="14")
    found = [(one.sign, one.facts) for one in findings if one.check == "servers"]
    assert found[1:] == [
        (Sign.WARNING, "ALLOWED_SERVERS names servers that the bot is not in: 12, 13"),
        (Sign.WRONG, "DEV_GUILD_ID=14 is a server that the bot is not in"),
    ]


async def test_a_bot_in_no_server_is_shown_the_link(installation: Installation) -> None:
    """The step that follows the token."""
    installation.discord.guilds = []
    found = of(await installation.examined(), "servers")
    assert (found.sign, found.facts) == (Sign.WARNING, "the bot is in no server")
    assert found.fix == "Open the invite link below."


async def test_a_failure_after_the_login_leaves_the_token_alone(installation: Installation) -> None:
    """The token has just worked."""
    installation.discord.instead["/users/@me/guilds"] = Answer(503, {"message": "x", "code": 0})
    findings = await installation.examined()
    assert of(findings, "token").sign is Sign.FINE
    assert of(findings, "servers").facts == "Discord answers HTTP 503"
    assert of(findings, "invite link").sign is Sign.FINE


async def test_the_invite_link_asks_for_exactly_what_is_needed(installation: Installation) -> None:
    """More than needed makes admins refuse it; less makes pictures vanish."""
    link = of(await installation.examined(), "invite link").facts
    query = parse_qs(urlsplit(link).query)
    assert urlsplit(link).netloc + urlsplit(link).path == "discord.com/oauth2/authorize"
    assert query == {
        "client_id": [str(installation.discord.application["id"])],
        "scope": ["bot applications.commands"],
        "permissions": [str(ALL_NEEDED)],
    }


async def test_a_link_that_would_fail_is_told(installation: Installation) -> None:
    """Discord shows admins an error page that names no reason."""
    installation.discord.application = application(bot_require_code_grant=True)
    found = of(await installation.examined(), "invite link")
    assert found.sign is Sign.WRONG
    assert found.fix.startswith("Turn off Requires OAuth2 Code Grant")


async def test_a_private_bots_link_says_for_whom_it_is(installation: Installation) -> None:
    """Others would see an error page."""
    installation.discord.application = application(bot_public=False)
    found = of(await installation.examined(), "invite link")
    assert found.sign is Sign.FINE
    assert re.match("for the application's owner only: https://discord.com/", found.facts)


@pytest.mark.parametrize(
    ("public", "variables", "warned"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"SERVER_QUOTA": "500/month"}, False),
        (True, {"TOTAL_QUOTA": "500/month"}, False),
        (True, {"OPERATOR_BUDGET": "5/day"}, False),
        (True, {"ALLOWED_SERVERS": "11"}, False),
        (True, {"DEFAULT_QUOTA": "1/day"}, True),  # an admin of any server may lift it
    ],
)
async def test_a_public_bot_without_any_ceiling_is_a_warning(
    installation: Installation, public: bool, variables: dict[str, str], warned: bool
) -> None:
    """Strangers could spend the operator's money without an end."""
    installation.discord.application = application(bot_public=public)
    installation.set(**{"SERVER_QUOTA": "", **variables})
    findings = await installation.examined()
    found = [one for one in findings if one.check == "strangers"]
    assert [one.sign for one in found] == [Sign.WARNING] * warned
    assert all("Set SERVER_QUOTA, TOTAL_QUOTA" in one.fix for one in found)


async def test_people_get_a_link_of_their_own_where_they_may_install_the_bot(
    installation: Installation,
) -> None:
    """It asks for no server and no permission; without the setting nothing is said."""
    installation.discord.application = application(integration_types_config={"0": {}, "1": {}})
    assert not [one for one in await installation.examined() if "user install" in one.check]
    link = of(await installation.examined(ALLOW_USER_INSTALL="true"), "user install").facts
    assert parse_qs(urlsplit(link).query) == {
        "client_id": [str(installation.discord.application["id"])],
        "integration_type": ["1"],
        "scope": ["applications.commands"],
    }


async def test_an_application_that_people_cannot_install_is_told(
    installation: Installation,
) -> None:
    """The setting alone does nothing: Discord's page has a switch, too."""
    installation.discord.application = application(integration_types_config={"0": {}})
    found = of(await installation.examined(ALLOW_USER_INSTALL="true"), "user install")
    assert found.sign is Sign.WRONG
    assert found.fix.startswith("Turn on User Install")


async def test_commands_are_compared_with_those_that_the_bot_registered(
    installation: Installation,
) -> None:
    """None, or another program's, look to people as if the bot were broken."""
    installation.gateway.answers.append(LIST)  # for the third time
    usage = {"id": "1", "type": 1, "name": "usage", "version": "5"}
    launch = {"id": "2", "type": 4, "name": "launch", "version": "5"}
    installation.discord.commands = [usage, launch]
    found = of(await installation.examined(), "commands")
    assert (found.sign, "this is not what the bot registered" in found.facts) == (
        Sign.WARNING,
        True,
    )
    assert "commands.not_synced" in found.fix
    (installation.folder / "data").mkdir()
    SyncedCommands("sent", digest([launch, {**usage, "version": "6"}])).write(
        installation.folder / "data" / SYNCED_FILE
    )
    found = of(await installation.examined(), "commands")
    assert (found.sign, found.facts) == (Sign.FINE, "Discord has usage, launch")
    installation.discord.commands = []
    found = of(await installation.examined(), "commands")
    assert (found.sign, found.facts.partition(":")[0]) == (Sign.WARNING, "Discord has none")


async def test_a_list_of_commands_that_discord_refuses_is_told(installation: Installation) -> None:
    """DEV_GUILD_ID names a server that the bot is not in."""
    path = f"/applications/{APPLICATION_ID}/guilds/12/commands"
    installation.discord.instead[path] = Answer(403, {"code": 50001, "message": "Missing Access"})
    found = of(await installation.examined(DEV_GUILD_ID="12"), "commands")
    assert (found.sign, found.facts) == (Sign.WRONG, "Discord answers HTTP 403")


async def test_the_token_goes_to_discord_only_as_a_bots(installation: Installation) -> None:
    """The fake answers nothing to any other header, and saw nothing else."""
    await installation.examined()
    assert installation.discord.refused == []
    assert installation.discord.requests == [
        "GET /users/@me",
        "GET /oauth2/applications/@me",
        "GET /users/@me/guilds?limit=200&with_counts=0",
        f"GET /applications/{APPLICATION_ID}/commands?with_localizations=true",
    ]
